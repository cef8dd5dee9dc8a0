internal import Communication
internal import Configuration
internal import Files
internal import Foundation

extension TrainingRun {
  /// Opens the data, which the experiment's simulator makes first where it has one, in the run's folder.
  ///
  /// - Parameters:
  ///   - plan: what the run is to do.
  ///   - request: what the user asks for.
  ///   - reason: why to stop before all pairs are made; nil for no reason.
  ///   - communicator: all ranks.
  /// - Returns: the data, and on the root the lock of the folder where it was entered for them.
  /// - Throws: on every rank, what is wrong with the data or the simulator.
  static func openData(
    _ plan: RunPlan, _ request: TrainingRequest, until reason: @escaping () -> String?, _ communicator: Communicator
  ) throws -> (DataSource, RunLock?) {
    let (experiment, base, folder) = (plan.experiment, plan.base, plan.folder)
    guard experiment.data.simulator != nil, !plan.isReplay else {
      return (try DataSource.open(experiment, base: base, in: folder, communicator), nil)
    }
    try communicator.agree { if !plan.isResumed { try experiment.checkMetrics(nil) } }
    let isMade = try communicator.fromRoot {
      plan.isResumed && FileManager.default.fileExists(atPath: folder.simulations.pairs)
    }
    if request.checkOnly, !isMade {
      let source = try communicator.agree {
        try DataSource(experiment, base: base, simulated: Simulations.trial(experiment, base: base))
      }
      return (source, nil)
    }
    guard !request.checkOnly else {
      return (try DataSource.open(experiment, base: base, in: folder, communicator), nil)
    }
    let lock = try communicator.agree { () throws -> RunLock? in
      guard communicator.isRoot else { return nil }
      return try takeFolder(plan, request) { announce("warning: " + $0, communicator) }
    }
    try SharedFiles.checkFolder(folder.path, communicator)
    try Simulations.make(experiment, base: base, in: folder, until: reason, communicator)
    return (try DataSource.open(experiment, base: base, in: folder, communicator), lock)
  }

  /// Takes the lock of the folder of a run that begins or goes on; on the root.
  static func takeFolder(_ plan: RunPlan, _ request: TrainingRequest, warn: (String) -> Void) throws -> RunLock {
    guard case .resume = request.start else {
      return try plan.folder.create(
        plan.experiment, base: plan.base, overwrite: request.overwrite,
        needed: request.files(of: plan.experiment, base: plan.base))
    }
    // Before the folder's file is written anew.
    plan.checkpoint?.value.header.warnOfEdits(in: plan.folder, warn: warn)
    let lock = try plan.folder.takeOver(plan.experiment)
    // The experiment's file may have moved since.
    if request.file != nil { try plan.folder.writeOrigin(plan.base) }
    return lock
  }
}
