internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Sampling
internal import Targets
internal import Training

// From an experiment's words to the modules' values: the one place where configuration turns into objects.

extension Experiment.ProcessSection {
  /// The forward process.
  func make() -> any ForwardProcess {
    switch kind {
    case .ornsteinUhlenbeck: OrnsteinUhlenbeck(horizon: horizon)
    case .variancePreserving:
      switch schedule {
      case .linear:
        VariancePreserving(schedule: .linear(min: betaMinimum, max: betaMaximum), horizon: horizon)
      case .cosine: VariancePreserving(schedule: .cosine, horizon: horizon)
      }
    case .criticallyDampedLangevin:
      CriticallyDampedLangevin(
        a: a, sigma: sigma, epsilon: epsilon, velocityVariance: velocityVariance, beta: beta, horizon: horizon)
    }
  }
}

extension Experiment {
  /// The score model for data of `dimension` coordinates.
  func model(dimension: Int) -> ScoreModel {
    let output: NetworkOutput =
      switch network.output {
      case .posteriorMean: .posteriorMean
      case .noise: .noise
      }
    let activation: Activation =
      switch network.activation {
      case .silu: .silu
      case .gelu: .gelu
      case .relu: .relu
      case .tanh: .tanh
      case .softplus: .softplus
      }
    let kind: TimeEmbedding.Kind =
      switch network.embedding {
      case .sinusoidal: .sinusoidal
      case .fourier: .fourier
      }
    return ScoreModel(
      process: process.make(), dimension: dimension, output: output,
      conditioning: training.objective == .hybrid ? .data : .state, weight: lossWeight,
      level: network.embeddingOf == .noiseLevel ? .noiseLevel : .time, widths: network.widths, activation: activation,
      residual: network.residual, embedding: TimeEmbedding(kind: kind, features: network.embeddingFeatures), seed: seed)
  }

  private var lossWeight: LossWeight? {
    switch training.weight {
    case .automatic: nil
    case .unitVariance: .unitVariance
    case .uniformNoise: .uniformNoise
    case .likelihood: .likelihood
    }
  }

  /// What the trainer is told.
  var trainingOptions: TrainingOptions {
    var options = TrainingOptions()
    options.batch = training.batch
    options.timeLaw = training.timeLaw == .uniform ? .uniform : .logUniform
    options.minimumTime = training.minimumTime
    options.divergence = training.divergence
    options.optimiser.learningRate = training.learningRate
    options.optimiser.finalLearningRate = training.finalLearningRate
    options.optimiser.warmupSteps = training.warmupSteps
    options.optimiser.schedule = training.learningRateSchedule == .cosine ? .cosine : .constant
    options.optimiser.beta1 = training.beta1
    options.optimiser.beta2 = training.beta2
    options.optimiser.weightDecay = training.weightDecay
    options.optimiser.clipNorm = training.clipNorm
    options.optimiser.emaDecay = training.emaDecay
    options.optimiser.steps = training.steps
    return options
  }

  /// The generator of samples for data of `dimension` coordinates.
  func generator(process: any ForwardProcess, dimension: Int) -> Generator {
    let kind: SamplerKind =
      switch sampling.sampler {
      case .eulerMaruyama: .eulerMaruyama
      case .splitting: .splitting
      case .splittingMidpoint: .splittingMidpoint
      case .probabilityFlowHeun: .probabilityFlowHeun
      }
    let grid: TimeGrid = sampling.grid == .uniform ? .uniform : .quadratic
    return Generator(
      process: process, dimension: dimension, sampler: kind.make(),
      times: grid.times(steps: sampling.steps, from: process.horizon, to: sampling.finalTime),
      denoises: sampling.denoise, seed: sampling.seed ?? seed)
  }

  /// The built-in target, or `nil` where the data is a file.
  ///
  /// - Throws: `ExperimentError.configuration` for a dimension that the target does not have.
  func target() throws -> (any Targets.Target)? {
    guard let name = data.target else { return nil }
    guard let kind = TargetKind(rawValue: name.rawValue) else {
      throw ExperimentError.fault("no target is called \(name.rawValue)")
    }
    do { return try kind.make(dimension: data.dimension ?? 2) } catch {
      throw ExperimentError.configuration(Place("data.dimension"), "\(error)")
    }
  }
}
