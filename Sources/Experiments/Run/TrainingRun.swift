internal import CMachine
internal import Communication
internal import Diffusion
public import LinearAlgebra
internal import Sampling
internal import Targets
internal import Training

/// What a user asks of `sgm-train` beside the experiment.
public struct TrainingRequest: Sendable {
  /// Where a run starts.
  public enum Start: Sendable {
    /// An experiment file.
    case experiment(file: String)
    /// A run folder's newest checkpoint.
    case resume(run: String)
    /// A cell of a sweep whose relative paths start from `base`.
    case cell(experiment: Experiment, base: String)
  }

  /// Where the run starts.
  public var start: Start
  /// A run whose averaged parameters a new run begins with.
  public var initialise: String?
  /// `key=value` settings.
  public var settings: [String] = []
  /// The run folder; by default `runs/NAME`.
  public var output: String?
  /// The step to stop after, before the experiment's last.
  public var until: Int?
  /// Whether to check and estimate alone.
  public var checkOnly = false
  /// Whether to run the debug checks.
  public var debug = false
  /// Steps whose gradient hashes are recorded, on any number of ranks.
  public var hashSteps: [Int] = []
  /// Whether an existing run may be replaced.
  public var overwrite = false
  /// The instruction set that oneDNN is pinned to.
  public var instructionSet: InstructionSet?
  /// What stands in front of each line, for one of several runs at the same time.
  public var label: String?

  /// A request with the defaults.
  public init(start: Start) { self.start = start }
}

/// One training run from start to report.
final class TrainingRun {
  let communicator: Communicator
  let request: TrainingRequest
  let experiment: Experiment
  let folder: RunFolder
  let data: DataSet.Description
  let trainer: Trainer
  let base: String
  /// Whether steps before the newest checkpoint are gone through again: nothing is written but hashes.
  let isReplay: Bool
  let heldOut: HeldOutLoss?
  /// Rows held out from training.
  let heldOutRows: Int
  private let store: CheckpointStore?
  private var log: MetricsLog?
  private var display: ProgressDisplay
  private var best: Checkpoint.Best?
  private let instructionSet: InstructionSet

  /// Steps taken by this process.
  private(set) var stepsTaken = 0
  /// Whether a signal ended the run before its last step.
  private(set) var wasStopped = false

  init(_ request: TrainingRequest, _ communicator: Communicator) throws {
    try DebugMode.check(request, communicator)
    self.request = request
    self.communicator = communicator
    instructionSet = try agreeOnInstructionSet(request.instructionSet, communicator)
    let plan = try RunPlan(request, communicator)
    experiment = plan.experiment
    folder = plan.folder
    base = plan.base
    isReplay = plan.isReplay
    try Self.checkRanks(plan.experiment, communicator)
    let dataSet = try DataSet.load(plan.experiment, base: plan.base, communicator: communicator)
    data = dataSet.description
    let model = plan.experiment.model(dimension: data.dimension)
    trainer = Trainer(
      model: model, options: plan.experiment.trainingOptions, data: dataSet.training,
      tree: CanonicalTree(shards: plan.experiment.training.shards), communicator: communicator,
      seed: plan.experiment.seed)
    heldOutRows = dataSet.heldOut.rows
    heldOut = dataSet.heldOutEvaluator(plan.experiment, model: model, communicator: communicator)
    let isRoot = communicator.isRoot
    store =
      isRoot && !request.checkOnly && !plan.isReplay
      ? CheckpointStore(
        folder: plan.folder, keepLast: plan.experiment.checkpoints.keepLast,
        keepEvery: plan.experiment.checkpoints.keepEvery) : nil
    display = ProgressDisplay(isRoot: isRoot, steps: plan.experiment.training.steps, label: request.label)
    try restore(plan)
  }

  /// Goes on from a checkpoint, or from another run's parameters, or makes the new folder.
  private func restore(_ plan: RunPlan) throws {
    if let checkpoint = plan.checkpoint {
      let header = checkpoint.value.header
      try communicator.agree { try header.check(data, instructionSet: instructionSet.rawValue, warn: warn) }
      trainer.restore(checkpoint.value.state)
      best = header.best
    } else if let source = plan.initial {
      try communicator.agree { try source.value.header.checkNetwork(experiment, dimension: data.dimension) }
      trainer.initialise(from: source.value.state.average)
    }
    if request.checkOnly { return }
    try communicator.agree {
      try DebugMode.check(hashSteps: request.hashSteps, among: trainer.step + 1...max(lastStep, trainer.step + 1))
    }
    if isReplay { return }
    try communicator.agree {
      guard communicator.isRoot else { return }
      if case .resume = request.start {
        try folder.write(experiment.yaml, to: folder.experiment)
        try folder.removeJudgements()
      } else {
        try folder.create(experiment, base: base, overwrite: request.overwrite)
      }
      log = try MetricsLog(folder, keepingUntil: trainer.step, ranks: communicator.size)
    }
    for (j, isConstant) in data.constantColumns.enumerated() where isConstant {
      warn("column \(data.columnNames?[j] ?? String(j)) never changes; samples will repeat its value exactly")
    }
  }

  /// Trains to the last step, or to where the user or a signal stops it.
  func train() throws {
    let last = lastStep
    display.begin(self)
    let debug = DebugMode(request, self) { [self] in display.line($0) }
    while trainer.step < last {
      try debug?.prepare()
      let report = try trainer.takeStep(stop: sgm_stop_signal() != 0)
      guard report.isFinite else { try failNonFinite() }
      stepsTaken += 1
      try debug?.record(step: report.step)
      let isScheduled = report.step % experiment.checkpoints.every == 0 || report.step == experiment.training.steps
      let loss = try heldOutLoss(after: report.step, isScheduled: isScheduled)
      try record(report, heldOut: loss)
      if isScheduled, let loss, loss < best?.loss ?? .infinity { best = Checkpoint.Best(step: report.step, loss: loss) }
      if !isReplay, isScheduled || report.step == last || report.stopRequested { try saveCheckpoint() }
      if !isReplay, experiment.sampling.every > 0, report.step % experiment.sampling.every == 0 {
        _ = try drawSamples()
      }
      if report.stopRequested, report.step < last {
        wasStopped = true
        break
      }
    }
    let failure = store?.finish()
    reportFailures()
    display.end()
    // Warnings went before; a run that ends without its last checkpoint has lost work, and says so by its status.
    try communicator.agree { if let failure { throw failure } }
  }

  private func heldOutLoss(after step: Int, isScheduled: Bool) throws -> Double? {
    let every = experiment.training.heldOutEvery
    guard let heldOut, isScheduled || (every > 0 && step % every == 0) else { return nil }
    var clock = Stopwatch()
    let loss = try heldOut.evaluate(trainer.gatherAverage())
    clock.lap(into: &trainer.timings.heldOut)
    return loss
  }

  private func record(_ report: Trainer.StepReport, heldOut: Double?) throws {
    display.update(report, heldOut: heldOut, trainer: trainer)
    let isDue = report.step % experiment.training.logEvery == 0 || report.step == experiment.training.steps
    guard isDue || heldOut != nil else { return }
    try log?.append(report, heldOut: heldOut, timings: trainer.timings)
  }

  private func saveCheckpoint() throws {
    var clock = Stopwatch()
    let state = try trainer.gatherState()
    if let store {
      let header = Checkpoint.Header(
        experiment: experiment, data: data, instructionSet: instructionSet.rawValue, best: best)
      store.save(Checkpoint(header: header, state: state))
      reportFailures()
    }
    clock.lap(into: &trainer.timings.checkpoint)
  }

  private func reportFailures() {
    for failure in store?.takeFailures() ?? [] { warn("checkpoint not written: \(failure)") }
  }

  /// Draws the experiment's samples from the averaged network.
  func drawSamples() throws -> (file: String, summary: SampleWriter.Summary) {
    let model = trainer.model
    var score = NetworkScore(model: model, parameters: try trainer.gatherAverage())
    var generator = experiment.generator(process: model.process, dimension: data.dimension)
    let file = folder.samples(step: trainer.step)
    let writer = SampleWriter(communicator: communicator, description: data)
    let summary = try writer.write(
      count: experiment.sampling.count, score: &score, generator: &generator, to: file,
      progress: { display.sampling($0) })
    return (file, summary)
  }

  /// One line to whoever watches, from rank 0 alone.
  func warn(_ text: String) { if communicator.isRoot { display.line("warning: " + text) } }

  /// The last step that is to be taken.
  private var lastStep: Int { min(request.until ?? Int.max, experiment.training.steps) }

  /// Ends the run on every rank, after a step whose loss or gradient is not finite.
  func failNonFinite() throws -> Never {
    store?.finish()
    let error = try nonFinite()
    try communicator.agree { throw error }
    throw error
  }

  private static func checkRanks(_ experiment: Experiment, _ communicator: Communicator) throws {
    try communicator.agree {
      let shards = experiment.training.shards
      guard communicator.size <= shards else {
        throw ExperimentError.configuration(
          Place("training.shards"),
          "\(communicator.size) ranks need at least as many shards, but there are \(shards): "
            + "start at most \(shards) ranks, or set more shards (a run's shards cannot change on resume)")
      }
    }
  }
}

extension DataSet {
  /// The held-out loss, where rows are held out.
  func heldOutEvaluator(_ experiment: Experiment, model: ScoreModel, communicator: Communicator) -> HeldOutLoss? {
    guard heldOut.rows > 0 else { return nil }
    var rows = Matrix(rows: heldOut.rows, columns: heldOut.columns)
    rows.copy(from: heldOut)
    let options = experiment.trainingOptions
    return HeldOutLoss(
      model: model, minimumTime: options.minimumTime, law: options.timeLaw, rows: rows, seed: experiment.seed,
      communicator: communicator)
  }
}
