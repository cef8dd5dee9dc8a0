internal import Foundation

/// How the last attempt at a run died, from the heartbeats that it left.
struct PostMortem: Equatable {
  /// All that was left, by rank.
  let heartbeats: [Heartbeat]

  /// Nil where the last attempt ended in good order.
  init?(_ heartbeats: [Heartbeat]) {
    guard !heartbeats.isEmpty else { return nil }
    self.heartbeats = heartbeats
  }

  /// The ranks that died of themselves: those that could not say a last word, else those with an error.
  ///
  /// mpirun ends the other ranks by SIGTERM, which they still note; and the death of one is an error to the others.
  var culprits: [Heartbeat] {
    let silent = heartbeats.filter { $0.state == .running }
    return silent.isEmpty ? heartbeats.filter { $0.state == .failed } : silent
  }

  /// Whether all died at once: mpirun or the machine ended.
  var isWhole: Bool { heartbeats.count > 1 && culprits.count == heartbeats.count }

  /// The last step that some rank was taking.
  var step: Int { heartbeats.map(\.step).max() ?? 0 }

  /// One sentence for people.
  var description: String {
    if isWhole { return "the last attempt died at step \(step) on all \(heartbeats.count) ranks at once" }
    let shown = culprits.isEmpty ? heartbeats : culprits
    let words = shown.prefix(4).map { beat in
      let verb =
        switch beat.state {
        case .running: "died or stopped"
        case .failed: "failed"
        case .stalled: "waited in vain"
        case .terminated: "was ended"
        }
      return "rank \(beat.rank) on \(beat.host) \(verb) at \(beat.place)"
    }
    return "the last attempt died: " + words.joined(separator: "; ") + (shown.count > 4 ? "; …" : "")
  }

  /// One line for scripts: what happened, the step, the hosts to blame, then the sentence.
  var line: String {
    let hosts = isWhole ? [] : Set(culprits.map(\.host)).sorted()
    return "died \(step) \(hosts.isEmpty ? "-" : hosts.joined(separator: ",")) \(description)"
  }
}

/// What `sgm-train --status RUN` prints: `complete STEP`, `stopped STEP`, `running STEP - OWNER` or
/// `died STEP HOSTS SENTENCE`.
///
/// A run is complete when its final samples have been judged. A sweep's step is the sum of its cells'.
///
/// - Throws: `ExperimentError.unreadable` where there is no run.
public func runStatus(_ run: String) throws -> String {
  let sweep = SweepFolder(run)
  guard sweep.isSweep else { return try status(of: RunFolder(run)) }
  let axes = try sweep.read().axes
  let cells = try (0..<axes.reduce(1) { $0 * $1.values.count }).map { number in
    try status(of: sweep.cell(number, axes: axes)).split(separator: " ", maxSplits: 2).map(String.init)
  }
  let step = cells.compactMap { Int($0[1]) }.reduce(0, +)
  if let holder = RunLock.holder(of: sweep.root) { return "running \(step) - \(holder)" }
  if let dead = cells.first(where: { $0[0] == "died" }) { return "died \(step) \(dead[2])" }
  return "\(cells.allSatisfy { $0[0] == "complete" } ? "complete" : "stopped") \(step)"
}

private func status(of folder: RunFolder) throws -> String {
  let bytes = try readFile(folder.experiment, atMost: ExperimentReader.largestFile) { size in
    .configuration(Place(folder.experiment), "is \(size) bytes long")
  }
  let experiment = try Experiment(yaml: String(decoding: bytes, as: UTF8.self), file: folder.experiment)
  if let dead = PostMortem(Heartbeat.all(in: folder)) {
    if let holder = RunLock.holder(of: folder) { return "running \(dead.step) - \(holder)" }
    return printable(dead.line)
  }
  let step = CheckpointStore.steps(in: folder).last ?? 0
  let isJudged = FileManager.default.fileExists(atPath: folder.judgements)
  return step >= experiment.training.steps && isJudged ? "complete \(step)" : "stopped \(step)"
}
