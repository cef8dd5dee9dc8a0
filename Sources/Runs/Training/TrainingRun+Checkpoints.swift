internal import Communication
internal import Configuration
internal import LinearAlgebra
internal import Training

// How a run begins from a checkpoint, and writes its own.

extension TrainingRun {
  /// Goes on from a checkpoint, or from another run's parameters, or makes the new folder.
  func restore(_ plan: RunPlan) throws {
    if let checkpoint = plan.checkpoint {
      let header = checkpoint.value.header
      try communicator.agree {
        try header.check(data, allowingData: request.allowsDataChange, warn: warn)
      }
      trainer.restore(checkpoint.value.state)
      best = header.best
    } else if let source = plan.initial {
      try communicator.agree { try source.value.header.checkNetwork(experiment, data) }
      trainer.initialise(from: source.value.state.average)
    } else if let teacher {
      trainer.initialise(from: teacher.parameters.value)
    }
    if request.checkOnly { return }
    try communicator.agree {
      try DebugMode.check(hashSteps: request.hashSteps, among: trainer.step + 1...max(lastStep, trainer.step + 1))
    }
    trainer.injected = request.injected
    if isReplay { return }
    try communicator.agree { if communicator.isRoot { try openFolder(plan) } }
    try SharedFiles.checkFolder(folder.path, communicator)
  }

  /// Writes a checkpoint, in the background where that is possible.
  func saveCheckpoint(isScheduled: Bool) throws {
    var clock = Stopwatch()
    RunStage.audit.begin()
    if experiment.training.auditEvery > 0 { try audited { try trainer.auditParameters() } }
    RunStage.checkpoint.begin()
    if isScheduled { markOrigin() }
    let state = try trainer.gatherState()
    if let store {
      let header = Checkpoint.Header(experiment: experiment, data: data, best: best)
      status.step = trainer.step
      store.save(Checkpoint(header: header, state: state), status: status)
      reportFailures()
    }
    clock.lap(into: &trainer.timings.checkpoint)
    lastCheckpoint = Stopwatch.now
  }

  func reportFailures() {
    for failure in store?.takeFailures() ?? [] { warn("checkpoint not written: \(failure)") }
  }
}
