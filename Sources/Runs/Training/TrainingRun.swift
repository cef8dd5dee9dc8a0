internal import CMachine
package import Communication
package import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets
package import Training

/// One training run from start to report.
package final class TrainingRun {
  package let communicator: Communicator
  package let request: TrainingRequest
  package let experiment: Experiment
  package let folder: RunFolder
  package let data: DataSet.Description
  package let trainer: Trainer
  package let base: String
  /// The data, opened once.
  package let source: DataSource
  /// Whether steps before the newest checkpoint are gone through again: nothing is written but hashes.
  let isReplay: Bool
  package var heldOut: HeldOutLoss?
  /// The rows that the trainer takes: those of the data, or a student's pairs.
  let trainingRows: ShardedRows
  /// Whose sampler a student learns; nil for other runs.
  let teacher: Teacher?
  /// The conditions of the run's samples: those of held-out rows.
  package let conditions: SampleConditions?
  /// What users should know of the data.
  let remarks: [String]
  /// Rows held out from training.
  let heldOutRows: Int
  let store: CheckpointStore?
  package var log: MetricsLog?
  var display: ProgressDisplay
  package var best: Checkpoint.Best?
  private let clock: StopClock
  var lock: RunLock?
  package var watchdog: Watchdog?

  /// Steps taken by this process.
  private(set) var stepsTaken = 0
  /// Why the run ended before its last step, if it did.
  private(set) var stop: Stop?
  /// What the run says of itself.
  var status = StatusRecord()
  /// Whether the run is trained, sampled and judged.
  var isComplete = false
  /// When the last checkpoint was taken, or training began.
  var lastCheckpoint = Stopwatch.now

  init(_ request: TrainingRequest, _ communicator: Communicator) throws {
    try DebugMode.check(request, communicator)
    // The root alone keeps time: two clocks would not agree on why the run stops.
    clock = communicator.isRoot ? StopClock(limit: request.timeLimit, jobEnd: request.jobEnd) : StopClock(limit: nil)
    self.request = request
    self.communicator = communicator
    try checkProcessor(communicator)
    let plan = try RunPlan(request, communicator)
    experiment = plan.experiment
    folder = plan.folder
    base = plan.base
    isReplay = plan.isReplay
    try Self.checkRanks(plan.experiment, communicator)
    // The network's units are those of the data that the run began with, whatever has become of the data since.
    try SharedFiles.checkSame(DataSource.files(of: plan.experiment, base: plan.base), communicator)
    (source, lock) = try Self.openData(plan, request, until: { [clock] in clock.stop?.reason }, communicator)
    try communicator.agree { [source] in
      // A run that goes on trains all the same: it can be judged by other metrics.
      if !plan.isResumed { try plan.experiment.checkMetrics(source.target, source) }
    }
    let begun = plan.checkpoint?.value.header.data
    teacher = try Teacher(plan.experiment, base: plan.base, known: begun?.teacher, communicator)
    let dataSet = try source.load(keeping: begun ?? teacher?.header.data, communicator)
    var description = dataSet.description
    description.teacher = teacher?.record
    data = description
    try communicator.agree { [teacher, data] () throws -> Void in
      try teacher?.check(plan.experiment, data: begun == nil ? data : nil)
    }
    let task = try communicator.agree { [data] in
      try plan.experiment.task(in: data.standardisation, conditions: data.conditions, words: data.words)
    }
    trainingRows =
      if case .student(let model) = task {
        TeacherPairs.room(plan.experiment, model, communicator)
      } else {
        dataSet.training
      }
    trainer = Trainer(
      task, options: plan.experiment.trainedOptions, data: trainingRows,
      tree: CanonicalTree(shards: plan.experiment.training.shards), communicator: communicator,
      seed: plan.experiment.seed)
    remarks = dataSet.remarks + Self.threadRemarks(trainer, communicator)
    heldOutRows = dataSet.heldOut.rows
    conditions = data.conditions > 0 ? SampleConditions(of: dataSet.heldOut, after: data.dimension) : nil
    let options = plan.experiment.trainedOptions
    heldOut =
      heldOutRows == 0 || teacher != nil
      ? nil
      : HeldOutLoss(
        task, minimumTime: options.minimumTime, law: options.timeLaw, rows: dataSet.heldOut,
        dequantisation: plan.experiment.process.chain == nil ? data.dequantisation : nil, seed: plan.experiment.seed,
        communicator: communicator)
    let isRoot = communicator.isRoot
    store =
      isRoot && !request.checkOnly && !plan.isReplay
      ? CheckpointStore(
        folder: plan.folder, every: plan.experiment.checkpoints.every,
        keepLast: plan.experiment.checkpoints.keepLast, keepEvery: plan.experiment.checkpoints.keepEvery) : nil
    display = ProgressDisplay(isRoot: isRoot, steps: plan.experiment.training.steps, label: request.label)
    try restore(plan)
  }

  /// Trains to the last step, or to where the user or a signal stops it.
  package func train() throws {
    let last = lastStep
    if trainer.step < last { try drawPairs() }
    display.begin(announcement, step: trainer.step)
    lastCheckpoint = Stopwatch.now
    let debug = DebugMode(request, self) { [self] in display.line($0) }
    try markStart()
    while trainer.step < last, !hasSettled {
      try debug?.prepare()
      let report = try takeStep(debug)
      guard report.step > 0 else { continue }
      stepsTaken += 1
      if report.fault == nil { try debug?.record(step: report.step) }
      let isScheduled = report.step % experiment.checkpoints.every == 0 || report.step == experiment.training.steps
      let loss = try heldOutLoss(after: report.step, isScheduled: isScheduled)
      record(report, heldOut: loss)
      if isScheduled, let loss, loss < best?.loss ?? .infinity { best = Checkpoint.Best(step: report.step, loss: loss) }
      if !isReplay, isScheduled || report.step == last || !report.wishes.isEmpty {
        try saveCheckpoint(isScheduled: isScheduled)
      }
      // The last step's samples are drawn after training.
      let isDue = experiment.sampling.every > 0 && report.step % experiment.sampling.every == 0
      if !isReplay, isDue, report.step < experiment.training.steps {
        try drawSamplesOrWarn()
      }
      if report.wishes.contains(.stop), report.step < last {
        stop = clock.stop ?? Stop(cause: .signal, reason: "another rank's signal")
        break
      }
    }
    RunStage.checkpoint.begin()
    let failure = store?.finish()
    reportFailures()
    do { try log?.flush() } catch { warn("the log is behind: \(error)") }
    display.end()
    // Warnings went before; a run that ends without its last checkpoint has lost work, and says so by its status.
    try communicator.agree { if let failure { throw failure } }
  }

  /// What this rank wants after the coming step; the root alone looks at the time.
  private var wishes: Trainer.Wishes {
    var wishes: Trainer.Wishes = clock.stop == nil ? [] : .stop
    let minutes = experiment.checkpoints.minutes
    if communicator.isRoot, minutes > 0, Stopwatch.now - lastCheckpoint > 60 * minutes { wishes.insert(.checkpoint) }
    return wishes
  }

  /// Takes a step, or does what follows a faulty one; the report's step is 0 where the run was rolled back.
  private func takeStep(_ debug: DebugMode?) throws -> Trainer.StepReport {
    let next = trainer.step + 1
    sgm_pulse_step(Int64(next))
    let every = experiment.training.auditEvery
    let audit = every > 0 && next % every == 0 ? next / every : nil
    let wishes = wishes
    var report = try audited {
      if audit != nil { try trainer.auditParameters() }
      RunStage.step.begin()
      return try trainer.takeStep(wishes: wishes, audit: audit)
    }
    if let fault = report.fault {
      debug?.showFault(step: next)
      report.step = try follow(fault, loss: report.loss) ? next : 0
    } else if experiment.training.onFault == .skip {
      trainer.guarding.inARow = 0
    }
    return report
  }

  private func record(_ report: Trainer.StepReport, heldOut: Double?) {
    display.update(report, heldOut: heldOut, trainer: trainer)
    let isDue = report.step % experiment.training.logEvery == 0 || report.step == experiment.training.steps
    guard isDue || heldOut != nil || report.fault != nil else { return }
    do { try log?.append(report, heldOut: heldOut, timings: trainer.timings) } catch {
      warn("the log is behind: \(error)")
    }
  }

  /// One line to whoever watches, from rank 0 alone.
  func warn(_ text: String) { remark("warning: " + text) }

  /// A warning or note from rank 0 alone.
  func remark(_ line: String) { if communicator.isRoot { display.line(line) } }

  private var announcement: String {
    "\(experiment.name): \(data.size), \(trainer.parameterCount) parameters, "
      + "batch \(experiment.training.batch) in \(experiment.training.shards) shards, "
      + "\(communicator.words), from step \(trainer.step)"
  }

  /// The last step that is to be taken.
  var lastStep: Int { min(request.until ?? Int.max, experiment.training.steps) }
}
