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
/// Of cells that would train the same network the first trains it; the others come after all that train, and start from
/// its training (`SharedTraining`).
struct SweepRun {
  let plan: SweepPlan
  let request: TrainingRequest
  private let communicator: Communicator
  private let pending: [SweepPlan.Cell]
  /// The limit of time is the whole sweep's.
  private let clock: StopClock
  private let begin = Stopwatch.now

  init(_ plan: SweepPlan, _ request: TrainingRequest, _ communicator: Communicator) throws {
    self.plan = plan
    self.communicator = communicator
    pending = plan.cells.filter { !$0.isFinished }
    clock = StopClock(limit: request.timeLimit, jobEnd: request.jobEnd)
    self.request = request
    try checkProcessor(communicator)
    try communicator.agree { [self] in try check() }
  }

  private func check() throws {
    if request.debug {
      throw ToolError.usage("--debug is for one run, not for a sweep: resume one of its cells with it")
    }
    let groups = max(1, min(communicator.size, pending.count))
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
    if request.checkOnly { return try estimate() }
    let groups = waves.map(groups(for:)).max() ?? 1
    say(
      "sweep of \(counted(plan.cells.count, "cell")), \(pending.count) to run\(networks), in "
        + "\(counted(groups, "group")) of ranks")
    var outcomes: [SweepOutcome] = []
    for wave in waves { outcomes += try run(wave, after: outcomes) }
    return try finish(outcomes.sorted { $0.cell < $1.cell })
  }

  /// The cells that train, then those that start from a training of these; none of them empty.
  private var waves: [[SweepPlan.Cell]] {
    [pending.filter { !$0.isFollower }, pending.filter(\.isFollower)].filter { !$0.isEmpty }
  }

  /// How many networks are trained, where these are fewer than cells.
  private var networks: String {
    let trained = pending.filter { !$0.isFollower }.count
    return trained == pending.count ? "" : ", \(trained == 0 ? "no network" : counted(trained, "network")) to train"
  }

  /// As many groups as ranks, or as cells where these are fewer, and more where a cell has fewer shards than its ranks.
  private func groups(for cells: [SweepPlan.Cell]) -> Int {
    let shards = cells.map(\.experiment.training.shards).min() ?? 1
    return max(min(communicator.size, cells.count), (communicator.size + shards - 1) / shards)
  }

  /// The group of this rank among so many, and its number.
  private func split(into groups: Int) throws -> (group: Communicator, index: Int) {
    let index = communicator.rank * groups / communicator.size
    return (try communicator.split(color: index, key: communicator.rank), index)
  }

  /// Shares cells out among groups of ranks; how they ended is the same on every rank.
  private func run(_ cells: [SweepPlan.Cell], after before: [SweepOutcome]) throws -> [SweepOutcome] {
    let groups = groups(for: cells)
    let (group, index) = try split(into: groups)
    var outcomes: [SweepOutcome] = []
    for place in stride(from: index, to: cells.count, by: groups) {
      // A signal reaches each rank at its own time.
      if try group.allGather([clock.stop != nil ? 1 : 0]).contains(1) { break }
      if let outcome = try run(cells[place], after: before, group) { outcomes.append(outcome) }
    }
    let text = group.isRoot ? outcomes.map { $0.json.description + "\n" }.joined() : ""
    let all = try communicator.allGather(Array(text.utf8)).flatMap { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { SweepOutcome(line: String($0)) }
    }
    try group.free()
    return all
  }

  /// Runs one cell; its error, where all ranks of the group share it, is an outcome.
  ///
  /// - Returns: nil for a cell that waits for another.
  private func run(
    _ cell: SweepPlan.Cell, after outcomes: [SweepOutcome], _ group: Communicator
  ) throws -> SweepOutcome? {
    do {
      if cell.isFollower {
        switch try follow(cell, after: outcomes, group) {
        case .waits: return nil
        case .isNotDue: return SweepOutcome(cell: cell.number, status: 0, message: "")
        case .failed(let status, let message):
          return SweepOutcome(cell: cell.number, status: status, message: message)
        case .ready: break
        }
      }
      let status = try trainOne(request(for: cell), group)
      return SweepOutcome(cell: cell.number, status: status.rawValue, message: "")
    } catch let error as CommunicationError {
      throw error
    } catch let error as any StatusError where group.size == 1 || error is AgreedError {
      return SweepOutcome(cell: cell.number, status: error.status, message: error.description)
    }
  }

  private func request(for cell: SweepPlan.Cell) -> TrainingRequest {
    var one = request
    let goesOn = cell.hasCheckpoint || cell.isFollower
    one.start =
      goesOn
      ? .resume(run: cell.folder.path) : .cell(experiment: cell.experiment, base: plan.folder.root.base())
    if !cell.hasCheckpoint { one.settings = [] }
    // The sweep's file is not the cell's.
    if one.file != nil || cell.isFollower { one.experiment = cell.experiment }
    if cell.isFollower {
      // It takes no steps.
      (one.settings, one.until, one.hashSteps, one.initialise) = ([], nil, [], nil)
    }
    one.file = nil
    one.output = cell.folder.path
    one.overwrite = true
    one.timeLimit = request.timeLimit.map { max($0 - (Stopwatch.now - begin), 0.01) }
    one.label = "cell \(cell.number + 1)/\(plan.cells.count)"
    return one
  }

  private func finish(_ outcomes: [SweepOutcome]) throws -> ExitStatus {
    let done = outcomes.filter(\.isDone).count
    let failures = outcomes.filter(\.isFailure)
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
  private func estimate() throws -> ExitStatus {
    guard let first = waves.first?.first else {
      say("\(plan.folder.path): every cell is finished")
      return .success
    }
    let groups = waves.map(groups(for:))
    let group = try split(into: groups[0]).group
    var one = request
    one.start = .cell(experiment: first.experiment, base: plan.base)
    one.settings = []
    one.output = plan.folder.path
    // Groups talk among themselves alone, and find the same: what is wrong is said once.
    let estimate = try communicator.agree { () throws -> Estimate in
      try checkRows(group)
      return try Estimate(TrainingRun(one, group))
    }
    var seconds = 0.0
    for (wave, groups) in zip(waves, groups) {
      let rounds = (wave.count + groups - 1) / groups
      seconds += Double(rounds) * (wave[0].isFollower ? estimate.secondsOfSamples : estimate.seconds)
    }
    let work = networks.isEmpty ? "" : networks + ","
    say(
      "\(estimate)\n  sweep       \(plan.cells.count) cells, \(pending.count) to run\(work) in \(groups.max() ?? 1) groups "
        + "of ranks: about \(duration(seconds)) if all are like this first one")
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
