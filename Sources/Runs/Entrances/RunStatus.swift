internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// What `sgm-train --status RUN` prints: `complete STEP`, `stopped STEP`, `running STEP - OWNER` or
/// `died STEP HOSTS SENTENCE`.
///
/// A run is complete when its final samples have been judged. A sweep's step is the sum of its cells'.
///
/// - Throws: `ExperimentError.unreadable` where there is no run.
package func runStatus(_ run: String) throws -> String {
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
  let experiment = try Experiment(contentsOf: folder.experiment)
  if let dead = PostMortem(Heartbeat.all(in: folder)) {
    if let holder = RunLock.holder(of: folder) { return "running \(dead.step) - \(holder)" }
    return printable(dead.line)
  }
  let step = CheckpointStore.steps(in: folder).last ?? 0
  let isJudged = FileManager.default.fileExists(atPath: folder.judgements)
  return step >= experiment.training.steps && isJudged ? "complete \(step)" : "stopped \(step)"
}
