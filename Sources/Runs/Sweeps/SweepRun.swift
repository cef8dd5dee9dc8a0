internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

/// Runs a sweep's cells on groups of ranks.
///
/// There are as many groups as ranks, or as cells left where these are fewer; group g of G takes the cells left at
/// places g, g + G, … of their order. A cell's bytes do not depend on its group's size, so neither does the table.
struct SweepRun {
  private let plan: SweepPlan
  private let request: TrainingRequest
  private let communicator: Communicator
  private let pending: [SweepPlan.Cell]
  private let groups: Int
  /// The limit of time is the whole sweep's.
  private let clock: StopClock
  private let begin = Stopwatch.now

  init(_ plan: SweepPlan, _ request: TrainingRequest, _ communicator: Communicator) throws {
    self.plan = plan
    self.communicator = communicator
    pending = plan.cells.filter { !$0.isFinished }
    groups = max(1, min(communicator.size, pending.count))
    clock = StopClock(limit: request.timeLimit, jobEnd: request.jobEnd)
    self.request = request
    try checkProcessor(communicator)
    try communicator.agree { [self] in try check() }
  }

  private func check() throws {
    if request.debug {
      throw ToolError.usage("--debug is for one run, not for a sweep: resume one of its cells with it")
    }
    let largest = (communicator.size + groups - 1) / groups
    for cell in pending where cell.experiment.training.shards < largest {
      throw ToolError.configuration(
        Place("training.shards"),
        "\(communicator.size) ranks for \(pending.count) cells give \(largest) ranks to a cell, but \(cell.folder.path) "
          + "has \(cell.experiment.training.shards) shards: start at most "
          + "\(cell.experiment.training.shards * groups) ranks")
    }
  }

  /// Runs all cells that are not finished, then makes the table and the report.
  ///
  /// - Throws: `SweepFailure` on every rank where cells have failed, after all others have run.
  package func run() throws -> ExitStatus {
    // Two jobs must not share out the same cells.
    let lock = try communicator.agree {
      communicator.isRoot && !request.checkOnly ? try RunLock(plan.folder.root) : nil
    }
    defer { lock?.release() }
    let index = communicator.rank * groups / communicator.size
    let group = try communicator.split(color: index, key: communicator.rank)
    if request.checkOnly { return try estimate(group) }
    say(
      "sweep of \(counted(plan.cells.count, "cell")), \(pending.count) to run, in \(counted(groups, "group")) of ranks")
    var outcomes: [SweepOutcome] = []
    for place in stride(from: index, to: pending.count, by: groups) {
      // A signal reaches each rank at its own time.
      if try group.allGather([clock.stop != nil ? 1 : 0]).contains(1) { break }
      outcomes.append(try run(pending[place], group))
    }
    let text = group.isRoot ? outcomes.map { $0.json.description + "\n" }.joined() : ""
    let all = try communicator.allGather(Array(text.utf8)).flatMap { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { SweepOutcome(line: String($0)) }
    }
    try group.free()
    return try finish(all.sorted { $0.cell < $1.cell })
  }

  /// Runs one cell; its error, where all ranks of the group share it, is an outcome.
  private func run(_ cell: SweepPlan.Cell, _ group: Communicator) throws -> SweepOutcome {
    var one = request
    one.start =
      cell.hasCheckpoint
      ? .resume(run: cell.folder.path) : .cell(experiment: cell.experiment, base: plan.folder.root.base())
    if !cell.hasCheckpoint { one.settings = [] }
    // The sweep's file is not the cell's.
    if one.file != nil { one.experiment = cell.experiment }
    one.file = nil
    one.output = cell.folder.path
    one.overwrite = true
    one.timeLimit = request.timeLimit.map { max($0 - (Stopwatch.now - begin), 0.01) }
    one.label = "cell \(cell.number + 1)/\(plan.cells.count)"
    do {
      let status = try trainOne(one, group)
      return SweepOutcome(cell: cell.number, status: status.rawValue, message: "")
    } catch let error as CommunicationError {
      throw error
    } catch let error as any StatusError where group.size == 1 || error is AgreedError {
      return SweepOutcome(cell: cell.number, status: error.status, message: error.description)
    }
  }

  private func finish(_ outcomes: [SweepOutcome]) throws -> ExitStatus {
    let done = outcomes.filter { $0.status == 0 }.count
    // A cell that was stopped, at a step or while it read its data or drew its samples, has not failed.
    let failures = outcomes.filter { ![0, ExitStatus.tempFail.rawValue].contains($0.status) }
    let isStopped = done + failures.count < pending.count
    try communicator.agree {
      guard communicator.isRoot, request.until == nil, !isStopped else { return }
      let table = try SweepTable(plan.folder)
      try table.write(to: plan.folder)
      say(table.text.trimmingCharacters(in: .newlines))
      try SweepReport(plan.folder, table).write()
      say("report: \(plan.folder.root.report)")
    }
    if isStopped {
      let failed = failures.isEmpty ? "" : " and \(failures.count) failed"
      say(
        "stopped with \(done) of \(pending.count) cells done\(failed); "
          + "go on with: sgm-train --resume \(plan.folder.path)")
      return .tempFail
    }
    if !failures.isEmpty {
      let failure = SweepFailure(
        failures: failures.map { (plan.cells[$0.cell].folder.path, $0.message, $0.status) }, cells: plan.cells.count)
      try communicator.agree { throw failure }
    }
    if request.until != nil { say("go on with: sgm-train --resume \(plan.folder.path)") }
    return .success
  }

  /// Reads every cell's rows, and estimates the first cell on each group at the same time, as they would run.
  private func estimate(_ group: Communicator) throws -> ExitStatus {
    guard let first = pending.first else {
      say("\(plan.folder.path): every cell is finished")
      return .success
    }
    var one = request
    one.start = .cell(experiment: first.experiment, base: plan.base)
    one.settings = []
    one.output = plan.folder.path
    // Groups talk among themselves alone, and find the same: what is wrong is said once.
    let (words, seconds) = try communicator.agree { () throws -> (String, Double) in
      try checkRows(group)
      let estimate = try Estimate(TrainingRun(one, group))
      return ("\(estimate)", estimate.seconds)
    }
    let rounds = (pending.count + groups - 1) / groups
    say(
      "\(words)\n  sweep       \(plan.cells.count) cells, \(pending.count) to run in \(groups) groups of ranks: about "
        + "\(duration(Double(rounds) * seconds)) if all are like this first one")
    return .success
  }

  /// Reads the rows of every cell, those of cells that differ in nothing but network, training or sampling once.
  private func checkRows(_ group: Communicator) throws {
    var (seen, said): (Set<String>, Set<String>) = ([], [])
    for cell in pending {
      for text in cell.experiment.warnings where said.insert(text).inserted { say("warning: " + text) }
      var plain = Experiment()
      plain.data = cell.experiment.data
      plain.training.shards = cell.experiment.training.shards
      guard seen.insert(plain.yaml).inserted else { continue }
      let data = try DataSource.open(cell.experiment, base: plan.base, group).load(group)
      for line in data.remarks { say(line) }
    }
  }

  private func say(_ text: String) {
    guard communicator.isRoot else { return }
    writeText(printableLines(text) + "\n", to: STDOUT_FILENO)
  }
}

/// How a cell ended.
struct SweepOutcome {
  package let cell: Int
  package let status: Int32
  /// The error's words, or empty.
  package let message: String

  package var json: JSONValue {
    .object([
      .init("cell", .integer(cell)), .init("status", .integer(Int(status))), .init("message", .string(message)),
    ])
  }

  init(cell: Int, status: Int32, message: String) {
    self.cell = cell
    self.status = status
    self.message = message
  }

  init?(line: String) {
    guard let value = JSONValue(line: line), case .integer(let cell)? = value["cell"],
      case .integer(let status)? = value["status"], case .string(let message)? = value["message"]
    else { return nil }
    self.init(cell: cell, status: Int32(status), message: message)
  }
}

/// Cells that failed while the others went on; its status is that of the first.
struct SweepFailure: StatusError, Equatable {
  package let description: String
  package let status: Int32

  init(failures: [(folder: String, message: String, status: Int32)], cells: Int) {
    let lines = failures.map { "\n  \($0.folder): \($0.message)" }
    description = "\(failures.count) of \(cells) cells failed; the others are done:" + lines.joined()
    status = failures.first?.status ?? ExitStatus.software.rawValue
  }
}
