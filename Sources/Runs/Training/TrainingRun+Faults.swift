internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
package import Training

// What a run does when a step is not finite or diverges, and when ranks hold different bits.

extension TrainingRun {
  private var policy: FaultPolicy { experiment.training.onFault }

  /// Writes the checkpoint that a run goes back to where no later one is there: step 0 cannot be made again from the
  /// seed by a run that began with another's parameters, and a rollback needs a file.
  func markStart() throws {
    guard !isReplay, !request.checkOnly else { return }
    if trainer.step == 0, request.initialise != nil || policy == .rollback { try saveCheckpoint(isScheduled: true) }
    if policy == .rollback, trainer.guarding.origin == nil { trainer.guarding.origin = trainer.step }
  }

  /// A scheduled checkpoint becomes the one to roll back to.
  func markOrigin() {
    guard policy == .rollback else { return }
    trainer.guarding.origin = trainer.step
    trainer.guarding.inARow = 0
  }

  /// What follows a faulty step.
  ///
  /// - Returns: true where the step was left out, false where the run was rolled back.
  /// - Throws: on every rank, where the run is to stop.
  package func follow(_ fault: StepFault, loss: Double) throws -> Bool {
    let limit = experiment.training.faultLimit
    guard policy != .stop, trainer.guarding.inARow < limit, !isReplay, !request.checkOnly else {
      try fail(fault, loss: loss)
    }
    let step = trainer.step + 1
    let (place, evidence) = try recordFailure(fault, loss: loss, action: policy.rawValue)
    if policy == .skip {
      warn("step \(step) is skipped: \(place)\(evidence)")
      trainer.skipStep()
      return true
    }
    try rollBack()
    warn(
      "step \(step): \(place)\(evidence); rolled back to step \(trainer.step) with the learning rate times "
        + short(trainer.guarding.learningRateScale))
    return false
  }

  private func rollBack() throws {
    store?.finish()
    reportFailures()
    let checkpoint = try Checkpoint.newest(in: folder, step: trainer.guarding.origin ?? 0, communicator)
    trainer.rollBack(to: checkpoint.state, factor: experiment.training.rollbackFactor)
    best = checkpoint.header.best
    try communicator.agree {
      if log != nil { log = try MetricsLog(folder, keepingUntil: trainer.step, ranks: communicator.size) }
    }
  }

  /// Ends the run on every rank, before the update of a step that went wrong.
  func fail(_ fault: StepFault, loss: Double = .nan) throws -> Never {
    store?.finish()
    let (place, evidence) = try recordFailure(fault, loss: loss, action: "stop")
    let error = try communicator.agree { () throws -> ToolError in
      let saved = (try? CheckpointStore.file(in: folder)).map { "; the last checkpoint is \($0)" } ?? ""
      let row = trainer.guarding.inARow > 0 ? ", fault \(trainer.guarding.inARow + 1) in a row" : ""
      return .data(
        Place(folder.path),
        "step \(trainer.step + 1)\(row): \(place): training diverges; lower training.learning_rate, or clip gradients by "
          + "training.clip_norm, or go on by training.on_fault=skip or rollback\(evidence)\(saved)")
    }
    try communicator.agree { throw error }
    throw error
  }

  /// Does what compares ranks; where they differ, every rank ends with the same sentence, and no checkpoint is written.
  package func audited<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as AuditError {
      store?.finish()
      let hosts = try communicator.allGather(Array(hostName().utf8)).map { String(decoding: $0, as: UTF8.self) }
      let fault = ToolError.corruption(error.words(hosts: hosts, folder: folder))
      try communicator.agree { throw fault }
      throw fault
    }
  }
}
