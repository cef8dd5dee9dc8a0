internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

// How a run enters its folder, is watched, and leaves.

extension TrainingRun {
  /// Takes the folder's lock, says how the last attempt died, and opens the log; on the root.
  func openFolder(_ plan: RunPlan) throws {
    // A run with a simulator is in its folder already.
    if lock == nil { lock = try Self.takeFolder(plan, request, warn: warn) }
    if case .resume = request.start {
      try folder.removeJudgements()
      if let dead = PostMortem(Heartbeat.all(in: folder)) { warn(dead.description) }
      if plan.checkpoint == nil { warn("there is no checkpoint yet: the run begins again") }
    }
    log = try MetricsLog(folder, keepingUntil: trainer.step, ranks: communicator.size)
    try? FileManager.default.removeItem(atPath: folder.ranks)
    try? makeFolder(folder.ranks)
  }

  /// From now on this rank writes heartbeats, and does not wait for the others for ever.
  func watch() throws {
    guard !request.checkOnly, !isReplay else { return }
    try openStatus()
    watchdog = Watchdog(
      Watchdog.Plan(
        folder: folder, rank: communicator.rank, ranks: communicator.size, limit: request.stallLimit))
  }

  /// The run leaves its folder: no heartbeat, no lock; after an error of this rank alone the heartbeat stays.
  package func close(failed: Bool = false) {
    watchdog?.stop(failed: failed)
    watchdog = nil
    // The others' heartbeats go before the folder that holds them.
    if !failed { try? communicator.barrier() }
    guard communicator.isRoot, let lock else { return }
    unsafe _ = rmdir(folder.ranks)
    lock.release()
  }

  /// What is said of threads that have nothing to do in a step.
  static func threadRemarks(_ trainer: Trainer, _ communicator: Communicator) -> [String] {
    let (threads, shards) = (communicator.threads.count, trainer.shards.count)
    guard threads > shards else { return [] }
    return [
      "note: --threads \(threads), but rank 0 has \(counted(shards, "shard")): while it trains, "
        + "\(counted(threads - shards, "thread")) will have nothing to do"
    ]
  }

  /// Refuses more ranks than shards.
  static func checkRanks(_ experiment: Experiment, _ communicator: Communicator) throws {
    try communicator.agree {
      let shards = experiment.training.shards
      guard communicator.size <= shards else {
        throw ToolError.configuration(
          Place("training.shards"),
          "\(communicator.size) ranks need at least as many shards, but there are \(shards): "
            + "start at most \(shards) ranks, or set more shards (a run's shards cannot change on resume)")
      }
    }
  }
}
