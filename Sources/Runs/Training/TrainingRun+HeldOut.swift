internal import Configuration
internal import LinearAlgebra
internal import Training

/// The averaged parameters that samples are drawn from, and their step.
struct ChosenNetwork {
  let average: MatrixBox
  let step: Int
}

extension TrainingRun {
  /// The held-out loss after a step, where one is due.
  func heldOutLoss(after step: Int, isScheduled: Bool) throws -> Double? {
    let every = experiment.training.heldOutEvery
    guard let heldOut, isScheduled || (every > 0 && step % every == 0) else { return nil }
    RunStage.heldOut.begin()
    var clock = Stopwatch()
    let loss = try heldOut.evaluate(trainer.gatherAverage())
    clock.lap(into: &trainer.timings.heldOut)
    return loss
  }

  /// Whether `training.stop_after` checkpoints in a row have brought no better held-out loss.
  ///
  /// It follows from what a checkpoint holds, so restarts do not move the end.
  var hasSettled: Bool {
    let patience = experiment.training.stopAfter
    guard patience > 0, let best else { return false }
    return trainer.step >= best.step + patience * experiment.checkpoints.every
  }

  /// The average of the step at hand.
  func currentNetwork() throws -> ChosenNetwork {
    ChosenNetwork(average: MatrixBox(try trainer.gatherAverage()), step: trainer.step)
  }

  /// What the run's samples are drawn from: with `training.stop_after` the checkpoint of the lowest held-out loss, else the
  /// last step; after training.
  func chosenNetwork() throws -> ChosenNetwork {
    guard experiment.training.stopAfter > 0, let best, best.step != trainer.step else { return try currentNetwork() }
    let checkpoint = try Checkpoint.newest(in: folder, step: best.step, communicator)
    return ChosenNetwork(average: MatrixBox(checkpoint.state.average.head(1)), step: best.step)
  }
}
