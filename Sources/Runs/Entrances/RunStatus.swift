internal import Configuration
internal import Files
internal import Foundation
internal import Metrics
internal import Reports

/// How a run stands, as `sgm-train --status RUN` prints it.
///
/// The first line is for scripts: `complete STEP`, `stopped STEP`, `running STEP - OWNER`, `failed STEP - SENTENCE` or
/// `died STEP HOSTS SENTENCE`; of a single run, lines for people follow.
/// It is the same on every host that sees the folder: a lock of another host is alive while its time moves. A run is
/// complete when its final samples have been judged. A sweep's step is the sum of its cells'.
///
/// - Parameters:
///   - run: the folder of a run or sweep.
///   - json: whether to print one JSON object instead.
/// - Returns: the text.
/// - Throws: `ToolError.unreadable` where there is no run.
package func runStatus(_ run: String, json: Bool = false) throws -> String {
  let sweep = SweepFolder(run)
  guard sweep.isSweep else {
    let standing = try Standing(RunFolder(run))
    return json ? standing.json.description : ([standing.line] + standing.details).joined(separator: "\n")
  }
  let axes = try sweep.read().axes
  let cells = try (0..<axes.reduce(1) { $0 * $1.values.count }).map { number in
    try Standing(sweep.cell(number, axes: axes), isCell: true)
  }
  let step = cells.map(\.step).reduce(0, +)
  var line = "\(cells.allSatisfy { $0.word == "complete" } ? "complete" : "stopped") \(step)"
  if let holder = RunLock.holder(of: sweep.root) {
    line = "running \(step) - \(holder)"
  } else if let dead = cells.first(where: { $0.word == "died" || $0.word == "failed" }) {
    line = "\(dead.word) \(step) \(dead.rest)"
  }
  guard json else { return line }
  return JSONValue.object([
    .init("state", .string(String(line.prefix { $0 != " " }))), .init("step", .integer(step)),
    .init("line", .string(line)), .init("cells", .array(cells.map(\.json))),
  ]).description
}

/// How one run stands, from its lock, its heartbeats and its own word.
private struct Standing {
  /// complete, stopped, running, failed or died.
  let word: String
  let step: Int
  /// What follows the step on the line: hosts, or a dash, and a sentence; or nothing.
  let rest: String
  private let record: StatusRecord?
  private let folder: RunFolder
  private let heartbeats: [Heartbeat]
  private let experiment: Experiment

  private var steps: Int { experiment.training.steps }

  var line: String { printable("\(word) \(step)" + (rest.isEmpty ? "" : " " + rest)) }

  /// - Parameters:
  ///   - folder: the run's.
  ///   - isCell: whether the sweep's own lock tells whether it runs, so that nobody waits for each cell's.
  /// - Throws: `ToolError.unreadable` where there is no run.
  init(_ folder: RunFolder, isCell: Bool = false) throws {
    experiment = try Experiment(contentsOf: folder.experiment)
    self.folder = folder
    let steps = experiment.training.steps
    let holder = RunLock.holder(of: folder, patience: isCell ? 2 : RunLock.patience)
    // After the wait for a lock: a run may have ended meanwhile.
    record = StatusRecord(in: folder)
    heartbeats = Heartbeat.all(in: folder)
    let saved = CheckpointStore.steps(in: folder).last ?? 0
    let dead = PostMortem(heartbeats)
    // A rank that is killed in its last moments, all done, leaves a heartbeat as well.
    let isJudged = FileManager.default.fileExists(atPath: folder.judgements)
    let isComplete = isJudged && (saved >= steps || record?.state == .complete)
    if let holder {
      (word, step, rest) = ("running", max(dead?.step ?? 0, saved), "- \(holder)")
    } else if let dead, !isComplete {
      let parts = dead.line.split(separator: " ", maxSplits: 2).map(String.init)
      (word, step, rest) = ("died", dead.step, parts[2])
    } else if record?.state == .failed {
      (word, step, rest) = ("failed", record?.step ?? saved, "- \(record?.reason ?? "")")
    } else {
      (word, step, rest) = (isComplete ? "complete" : "stopped", saved, "")
    }
  }

  /// The run's own word, with what the lock and the heartbeats say in place of it where it is older.
  var json: JSONValue {
    var record = record ?? StatusRecord()
    if self.record == nil { record.steps = steps }
    var members: [JSONValue.Member] = []
    if case .object(let all) = record.json { members = all }
    let isRunning = word == "running"
    func set(_ name: String, _ value: JSONValue) {
      members = members.map { $0.name == name ? .init(name, value) : $0 }
    }
    set("state", .string(word))
    set("step", .integer(step))
    if isRunning || word == "died" {
      for name in ["exit_status", "cause"] { set(name, .null) }
      set("reason", word == "died" ? .string(rest) : .null)
    }
    members.append(.init("left_seconds", secondsLeft.map { .real($0.rounded()) } ?? .null))
    members.append(
      .init(
        "heartbeats",
        .array(
          heartbeats.map {
            .object([
              .init("rank", .integer($0.rank)), .init("host", .string($0.host)), .init("step", .integer($0.step)),
              .init("state", .string($0.state.rawValue)), .init("time", .real($0.time)),
            ])
          })))
    return .object(members)
  }

  /// The seconds of training left, at the pace of this attempt so far: by the root's clock alone.
  private var secondsLeft: Double? {
    guard word == "running", let record, let root = heartbeats.first(where: { $0.rank == 0 }) else { return nil }
    let done = root.step - record.firstStep
    guard done > 0, root.time > record.started, steps >= root.step else { return nil }
    return Double(steps - root.step) * (root.time - record.started) / Double(done)
  }

  /// Lines for people.
  var details: [String] {
    var lines: [String] = []
    let left = secondsLeft.map { ", about \(duration($0)) left" } ?? ""
    lines.append("  step        \(step) of \(steps)\(left)")
    let data = experiment.data
    // How many rows a file of parameters has is not told by the experiment.
    let all = data.file == nil ? data.count : nil
    if let made = folder.simulations.rowsMade(of: all ?? .max, perStart: data.simulatorRows) {
      lines.append("  simulated   \(made)\(all.map { " of \($0)" } ?? "") rows")
    }
    if let record {
      let hosts = record.hosts.prefix(8).joined(separator: ", ") + (record.hosts.count > 8 ? ", …" : "")
      let threads = record.threads > 1 ? " of \(record.threads) threads" : ""
      lines.append("  ranks       \(record.ranks)\(threads) on \(hosts)")
      if let reason = record.reason, word == "stopped" { lines.append("  stopped by  \(reason)") }
      if let status = record.exitStatus, !["running", "died"].contains(word) {
        lines.append("  status      \(status)")
      }
    }
    if let last = (try? MetricsLog.read(folder.metrics))?.last, let step = last["step"]?.number {
      let loss = last["loss"]?.number.map { "loss \(short($0))" } ?? ""
      lines.append("  log         step \(Int(step)): \(loss)\(heldOut)")
    }
    if let file = try? CheckpointStore.file(in: folder) { lines.append("  checkpoint  \(file)") }
    if let samples = folder.newestSamples { lines.append("  samples     \(folder.samples)/\(samples)") }
    for figure in folder.figures().prefix(4) {
      let floor = figure.floor.map { ", floor \(short($0.mean))" } ?? ""
      lines.append("  distance    \(figure.name) \(short(figure.value.mean))\(floor)")
    }
    if FileManager.default.fileExists(atPath: folder.report) { lines.append("  report      \(folder.report)") }
    if ["stopped", "failed", "died"].contains(word) {
      lines.append("  resume by   sgm-train --resume \(shellWord(folder.path))")
    }
    return lines.map { printable($0) }
  }

  private var heldOut: String {
    let all = (try? MetricsLog.read(folder.metrics)) ?? []
    return all.last { $0["held_out_loss"] != nil }?["held_out_loss"]?.number.map { ", held-out \(short($0))" } ?? ""
  }
}
