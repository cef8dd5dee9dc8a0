package import Diffusion
package import Files
package import Networks
internal import RealFunctions
internal import Sampling
package import Training

// The noise σ = snr^{−½} that a network is trained on, in deviations of the data: what one network for every process has in
// place of times.

extension Experiment {
  /// The range that `training.minimum_noise` and `training.maximum_noise` give; nil where times are drawn.
  package var noiseLevels: ClosedRange<Double>? {
    guard let low = training.minimumNoise, let high = training.maximumNoise, low < high else { return nil }
    return low...high
  }

  /// The noise that the network was shown: at the process's times, or as the keys say.
  package var trainedNoise: ClosedRange<Double> {
    noiseLevels ?? process.make().noise(from: training.minimumTime)
  }

  /// The process's time at the least noise that the network was shown.
  package var firstTrainedTime: Double {
    noiseLevels.map { process.make().time(ofNoise: $0.lowerBound) } ?? training.minimumTime
  }

  /// Whether the network is a function of the noisy data and the noise alone, and tells the posterior mean: then any
  /// process within its noise may be sampled.
  package var servesEveryProcess: Bool {
    network.input == .noisyData && network.output == .posteriorMean && network.embeddingOf == .noiseLevel
  }

  /// The model as training sees it: under the noise itself where that is drawn, else under the process.
  package func trainedModel(dimension: Int, conditions: Int? = nil, words: WordColumns? = nil) -> ScoreModel {
    model(
      dimension: dimension, conditions: conditions, words: words,
      under: noiseLevels.map { NoiseLevels(horizon: $0.upperBound) } ?? process.make())
  }

  /// The options of training, whose times are those of `trainedModel`'s process.
  package var trainedOptions: TrainingOptions {
    var options = training.options
    if let noiseLevels { options.minimumTime = noiseLevels.lowerBound }
    if training.timeGrid == .chain { options.timeLaw.chainSteps = process.chainSteps }
    return options
  }

  /// The experiment whose samples are drawn from this run's network with other settings of `--set`.
  ///
  /// Settings of `process` take another process where the network serves every one; the rest of it stays as it is, or for
  /// another kind takes that kind's defaults, and generation ends at the run's noise unless a time is given.
  ///
  /// - Parameters:
  ///   - settings: `key=value`.
  ///   - file: the name used in errors.
  /// - Returns: the experiment, with this one's training.
  /// - Throws: `ToolError` for what may not change, and for noise beyond what was trained.
  package func sampled(_ settings: [String], file: String) throws -> Experiment {
    let ofProcess = settings.filter { $0.hasPrefix("process.") }
    let others = settings.filter { !$0.hasPrefix("process.") }
    var changed = try self.changed(by: others, file: file)
    changed.followSampler(from: self, settings: others)
    try changed.checkResume(of: self)
    guard let first = ofProcess.first else { return changed }
    var candidate = ExperimentReader(file: file)
    candidate.experiment = changed
    for setting in ofProcess { try candidate.apply(setting) }
    guard candidate.experiment.process != process else { return changed }
    guard training.teacher == nil else {
      throw ToolError.configuration(
        Place("--set \(first)"), "a student maps the noise of its own process to samples; draw without the setting")
    }
    guard latent.dimension == nil else {
      throw ToolError.configuration(
        Place("--set \(first)"), "a score of latents is drawn under its own process; draw without the setting")
    }
    guard network.variance == .fixed else {
      throw ToolError.configuration(
        Place("--set \(first)"),
        "the process can change only for network.variance fixed: a learned variance belongs to the chain that it was "
          + "learned on")
    }
    guard process.chain == nil, candidate.experiment.process.chain == nil else {
      throw ToolError.configuration(
        Place("--set \(first)"),
        "a network of \(process.words) cannot draw under \(candidate.experiment.process.words): discrete states and real "
          + "numbers need networks of their own, and a chain of states its own network; train one")
    }
    guard servesEveryProcess else {
      throw ToolError.configuration(
        Place("--set \(first)"),
        "the process can change only for a network of network.input noisy-data, network.output posterior-mean and "
          + "network.embedding_of noise-level; this one has \(network.input.rawValue), \(network.output.rawValue) and "
          + network.embeddingOf.rawValue)
    }
    let isOtherKind = candidate.experiment.process.kind != process.kind
    let kept = changed.yaml { key in
      if key.section == "process" { return !isOtherKind && key.condition?.holds(candidate.experiment) != false }
      return key.section != "training" && key.path != "sampling.final_time"
    }
    var result = try Experiment(yaml: kept, file: file, settings: ofProcess)
    result.sampling.finalTime = finalTime(under: result.process, others, changed)
    try checkNoise(under: result.process, from: result.sampling.finalTime)
    result.training = training
    return result
  }

  /// Where generation ends under another process: as told, else at the noise at which it ends under this one.
  private func finalTime(under other: ProcessOptions, _ settings: [String], _ changed: Experiment) -> Double {
    if settings.contains(where: { $0.hasPrefix("sampling.final_time=") }) { return changed.sampling.finalTime }
    let (own, process) = (process.make(), other.make())
    if sampling.finalTime == own.usualFinalTime { return process.usualFinalTime }
    return process.time(ofNoise: own.noise(from: sampling.finalTime).lowerBound)
  }

  /// Refuses to sample where the network has seen nothing.
  ///
  /// - Parameters:
  ///   - process: the process to sample under.
  ///   - time: where generation ends.
  /// - Throws: `ToolError` with both ranges.
  package func checkNoise(under process: ProcessOptions, from time: Double) throws(ToolError) {
    let horizon = process.horizon
    guard time < horizon else {
      throw .configuration(
        Place("sampling.final_time"),
        "must be less than process.horizon = \(decimal(horizon)), found \(decimal(time))")
    }
    let (known, wanted) = (trainedNoise, process.make().noise(from: time))
    // Times are rounded to three digits.
    guard wanted.lowerBound < 0.99 * known.lowerBound || wanted.upperBound > 1.01 * known.upperBound else { return }
    throw .configuration(
      Place("process"),
      "goes through noise from \(roundedDecimal(wanted.lowerBound)) at sampling.final_time to \(roundedDecimal(wanted.upperBound)) at "
        + "process.horizon, in deviations of the data, but the network was trained on \(roundedDecimal(known.lowerBound)) to "
        + "\(roundedDecimal(known.upperBound)): choose times within, or train on training.minimum_noise and "
        + "training.maximum_noise that hold both")
  }
}

extension ForwardProcess {
  /// The noise σ = snr^{−½} from a time to the horizon.
  func noise(from first: Double) -> ClosedRange<Double> {
    let (low, high) = (exp(kernel(at: first).logNoiseRatio), exp(kernel(at: horizon).logNoiseRatio))
    return low...max(low, high)
  }
}

extension ExperimentReader {
  /// Refuses noise levels that cannot stand for the process's times, or that do not hold them.
  func checkNoiseRange() throws(ToolError) {
    let training = experiment.training
    guard training.minimumNoise != nil || training.maximumNoise != nil else { return }
    guard let low = training.minimumNoise, let high = training.maximumNoise else {
      let given = training.minimumNoise == nil ? "maximum" : "minimum"
      let other = training.minimumNoise == nil ? "minimum" : "maximum"
      throw fault("training.\(given)_noise", "needs training.\(other)_noise beside it")
    }
    guard low < high else {
      throw fault(
        "training.minimum_noise",
        "must be less than training.maximum_noise = \(decimal(high)), found \(decimal(low))")
    }
    guard experiment.servesEveryProcess else {
      throw fault(
        "training.minimum_noise",
        "needs network.input noisy-data, network.output posterior-mean and network.embedding_of noise-level: only such a "
          + "network knows nothing but the noise")
    }
    guard training.objective == .hybrid, training.coupling == .independent, training.weight != .likelihood else {
      throw fault(
        "training.minimum_noise",
        "needs training.objective hsm, training.coupling independent and a training.weight other than likelihood, which "
          + "are those that no process enters")
    }
    let needed = experiment.process.make().noise(from: experiment.sampling.finalTime)
    guard needed.lowerBound < 0.99 * low || needed.upperBound > 1.01 * high else { return }
    throw fault(
      needed.lowerBound < 0.99 * low ? "training.minimum_noise" : "training.maximum_noise",
      "must hold the noise of the process, \(roundedDecimal(needed.lowerBound)) at sampling.final_time to "
        + "\(roundedDecimal(needed.upperBound)) at process.horizon, found \(decimal(low)) to \(decimal(high))")
  }
}
