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
  var hasSettled: Bool { experiment.hasSettled(at: trainer.step, best: best) }

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

extension Experiment {
  /// Whether `training.stop_after` ends the training at a step.
  fileprivate func hasSettled(at step: Int, best: Checkpoint.Best?) -> Bool {
    let patience = training.stopAfter
    guard patience > 0, let best else { return false }
    return step >= best.step + patience * checkpoints.every
  }

  /// Whether a run whose newest checkpoint is of this step has trained to its end.
  func isTrained(at step: Int, best: Checkpoint.Best?) -> Bool {
    step >= training.steps || hasSettled(at: step, best: best)
  }
}
