internal import CMachine
internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Networks
internal import Reports
internal import Sampling
internal import Training

/// What `--check` finds out without touching a file: sizes, and the time that a few trial steps and one chunk of samples
/// take, extrapolated to the run.
package struct Estimate {
  private static let warmSteps = 3
  private static let timedSteps = 5

  private let run: TrainingRun
  private let steps: Int
  private let secondsPerStep: Double
  private let secondsPerHeldOut: Double?
  private let secondsPerSamples: Double
  private let secondsOfPairs: Double?

  /// Takes the trial steps: afterwards the trainer is of no other use.
  package init(_ run: TrainingRun) throws {
    self.run = run
    steps = run.experiment.training.steps - run.trainer.step
    secondsPerStep = try Self.secondsPerStep(run)
    secondsPerHeldOut = try run.heldOut.map { heldOut in
      try Self.seconds { _ = try heldOut.evaluate(run.trainer.gatherAverage()) }
    }
    secondsPerSamples = try Self.secondsOfSampling(run)
    secondsOfPairs = try run.teacher.map { try TeacherPairs(run.experiment, $0).estimatedSeconds(run.communicator) }
  }

  /// The mean over the run's steps, of which an autoencoder's are unlike those after them.
  private static func secondsPerStep(_ run: TrainingRun) throws -> Double {
    let (all, latent) = (run.experiment.training.steps - run.trainer.step, run.experiment.latent)
    let apart = latent.dimension == nil ? 0 : max(latent.pretrainSteps - run.trainer.step, 0)
    let first = try secondsOfStep(run)
    guard apart > 0 else { return first }
    while run.trainer.step < latent.pretrainSteps { run.trainer.skipStep() }
    let share = Double(apart) / Double(all)
    return try share * first + (1 - share) * secondsOfStep(run)
  }

  private static func secondsOfStep(_ run: TrainingRun) throws -> Double {
    for _ in 0..<warmSteps { try takeStep(run) }
    return try seconds { for _ in 0..<timedSteps { try takeStep(run) } } / Double(timedSteps)
  }

  private static func takeStep(_ run: TrainingRun) throws {
    try run.communicator.agree {
      guard sgm_stop_signal() == 0 else {
        throw ToolError.stopped("stopped by a signal before the times were known; nothing was written")
      }
    }
    if let fault = try run.trainer.takeStep().fault { try run.fail(fault) }
  }

  private static func secondsOfSampling(_ run: TrainingRun) throws -> Double {
    let source = try run.experiment.chunks(of: run.trainer.gatherAverage(), run.data)
    var samples = Matrix(rows: NetworkScore.rows, columns: run.data.dimension)
    let chunk = seconds { source.generate(chunk: 0, into: &samples, count: Generator.rows, trajectory: nil) }
    // The slowest rank decides.
    let slowest = try run.communicator.allGather([chunk]).max() ?? chunk
    let chunks = (run.experiment.sampling.count + NetworkScore.rows - 1) / NetworkScore.rows
    let drawn = run.communicator.size * run.communicator.threads.count
    return slowest * Double((chunks + drawn - 1) / drawn)
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = Stopwatch.now
    try body()
    return Stopwatch.now - start
  }

  /// Draws of samples in the rest of the run, the last one included.
  private var draws: Int {
    let every = run.experiment.sampling.every
    guard every > 0 else { return 1 }
    return run.experiment.training.steps / every - run.trainer.step / every + 1
  }

  private var heldOutLosses: Int { Self.heldOutLosses(after: run.trainer.step, run.experiment) }

  /// Steps after `step` at which the held-out loss is due: every `held_out_every`, each scheduled checkpoint, and the end.
  static func heldOutLosses(after step: Int, _ experiment: Experiment) -> Int {
    let (last, checkpoints) = (experiment.training.steps, experiment.checkpoints.every)
    guard last > step else { return 0 }
    func multiples(of every: Int) -> Int { last / every - step / every }
    let scheduled = multiples(of: checkpoints) + (last % checkpoints == 0 ? 0 : 1)
    let every = experiment.training.heldOutEvery
    guard every > 0 else { return scheduled }
    let own = stride(from: (step / every + 1) * every, through: last, by: every)
    return scheduled + own.count(where: { $0 % checkpoints != 0 && $0 != last })
  }

  /// Seconds of a run that begins where training has ended, without judging and reporting.
  package var secondsOfSamples: Double { secondsPerSamples }

  /// Seconds of the whole run, without judging and reporting.
  package var seconds: Double {
    Double(steps) * secondsPerStep + Double(heldOutLosses) * (secondsPerHeldOut ?? 0)
      + Double(draws) * secondsPerSamples + (secondsOfPairs ?? 0)
  }
}

extension Estimate: CustomStringConvertible {
  /// A table for people.
  package var description: String {
    let (experiment, trainer) = (run.experiment, run.trainer)
    let flops = trainer.network.trainingFlopsPerRow * Double(trainer.options.batch) / 1e9
    let ranks = run.communicator.size
    let judgingBytes = Int(MemoryNeed(run.source, ranks: ranks, ranksHere: ranks).judgingBytes)
    let samples = experiment.sampling.count * run.data.dimension * 4
    var lines = [
      "\(experiment.name): experiment and data are in order; nothing was written",
      "  data        \(run.data.size) to train on, \(run.heldOutRows) held out",
      "  network     \(trainer.parameterCount) parameters, \(short(flops)) GFLOP a step",
      "  memory      about \(megabytes(trainer.memoryBytes)) a rank to train, \(megabytes(judgingBytes)) to judge",
      "  disk        \(megabytes(16 * trainer.parameterCount)) a checkpoint, \(megabytes(samples)) a file of samples",
      "  step        \(milliseconds(secondsPerStep)), \(short(flops / secondsPerStep / Double(ranks))) GFLOP/s a rank; "
        + "\(steps) steps in \(duration(Double(steps) * secondsPerStep))",
    ]
    if let secondsOfPairs {
      lines.append(
        "  pairs       \(experiment.training.pairs) from the teacher in \(duration(secondsOfPairs)), at every start")
    }
    if let secondsPerHeldOut {
      lines.append("  held-out    \(milliseconds(secondsPerHeldOut)) a loss, \(heldOutLosses) of them")
    }
    lines.append(
      "  sampling    \(experiment.sampling.count) samples in \(duration(secondsPerSamples))"
        + (draws == 1 ? "" : ", \(draws) times"))
    lines.append(
      "  in all      about \(duration(seconds)) on \(run.communicator.words), judging and pictures not counted")
    if run.wouldOverwrite {
      lines.append("  output      \(run.folder.path) exists already: choose another by --output, or add --overwrite")
    }
    return lines.joined(separator: "\n")
  }

  private func megabytes(_ bytes: Int) -> String { short(Double(bytes) / 1e6) + " MB" }
  private func milliseconds(_ seconds: Double) -> String { short(1e3 * seconds) + " ms" }
}

extension TrainingRun {
  /// Whether the run would be refused for its output.
  var wouldOverwrite: Bool {
    if case .resume = request.start { return false }
    return folder.exists && !request.overwrite
  }
}
