internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Sampling
internal import Targets
internal import Training

// From an experiment's words to the modules' values: the one place where configuration turns into objects.

extension Experiment {
  /// The score model for data of `dimension` coordinates.
  func model(dimension: Int) -> ScoreModel {
    let output: NetworkOutput =
      switch network.output {
      case .posteriorMean: .posteriorMean
      case .noise: .noise
      case .velocity: .velocity
      case .score: .score
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
      process: process.make(), dimension: dimension, conditions: conditionCount, output: output,
      conditioning: training.objective == .denoising ? .state : .data, weight: lossWeight,
      level: network.embeddingOf == .noiseLevel ? .noiseLevel : .time, widths: network.widths, activation: activation,
      residual: network.residual, embedding: TimeEmbedding(kind: kind, features: network.embeddingFeatures), seed: seed)
  }

  private var lossWeight: LossWeight? {
    switch training.weight {
    case .automatic: training.objective.comparesScores ? .unitVariance : nil
    case .unitVariance: .unitVariance
    case .uniformNoise: .uniformNoise
    case .likelihood: .likelihood
    }
  }

  /// What is learned from.
  ///
  /// - Parameter standardisation: the map to the coordinates of the exact score.
  /// - Returns: the objective, with a score of its own where it needs one.
  /// - Throws: an error of the target.
  func objective(in standardisation: Standardisation) throws -> ObjectiveKind {
    switch training.objective {
    case .hybrid, .denoising: return training.coupling == .optimalTransport ? .transported : .denoising
    case .implicit:
      let dimension = standardisation.dimension - conditionCount
      guard dimension <= ObjectiveKind.largestTrace else {
        throw ExperimentError.configuration(
          Place("training.objective"),
          "implicit takes the exact trace, of at most \(ObjectiveKind.largestTrace) coordinates, but the data has "
            + "\(dimension); take sliced, hsm or dsm")
      }
      return .implicit(simulationSteps: training.simulationSteps)
    case .sliced: return .sliced(probes: training.probes, simulationSteps: training.simulationSteps)
    case .explicit:
      guard let score = try target()?.score(under: process.make(), in: standardisation) else {
        throw ExperimentError.fault("training.objective explicit without an exact score")
      }
      return .explicit(score)
    }
  }

  /// What the trainer is told.
  var trainingOptions: TrainingOptions {
    var options = TrainingOptions()
    options.batch = training.batch
    options.timeLaw =
      switch training.timeLaw {
      case .uniform: .uniform
      case .logUniform: .logUniform
      case .logNormal: .logNormal(mean: training.noiseLevelMean, deviation: training.noiseLevelDeviation)
      case .importance: .importance
      case .softTruncation: .softTruncation
      }
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

  /// The source of samples of a score, for data of `dimension` coordinates.
  ///
  /// - Parameters:
  ///   - process: the forward process to reverse.
  ///   - dimension: the number of data coordinates.
  ///   - fixed: coordinates whose values are known.
  /// - Returns: the source.
  /// - Throws: `ExperimentError.usage` for a sampler that takes no score.
  func source(
    process: any ForwardProcess, dimension: Int, fixed: FixedCoordinates? = nil
  ) throws -> SampleSource {
    let seed = sampling.seed ?? self.seed
    let start = sampling.startCovariance(process)
    // E[x_0|u] does not follow from the score for a noise that is not Gaussian.
    let denoises = sampling.denoise && process.noise == .gaussian
    if let sampler = sampling.adaptiveSampler {
      return SampleSource(
        AdaptiveGenerator(
          process: process, dimension: dimension, sampler: sampler, finalTime: sampling.finalTime,
          denoises: denoises, seed: seed, start: start, fixed: fixed))
    }
    try checkSamplerTakesScore()
    guard let kind = SamplerKind(rawValue: sampling.sampler.rawValue),
      let grid = TimeGrid(rawValue: sampling.grid.rawValue)
    else { throw ExperimentError.fault("no sampler \(sampling.sampler.rawValue) on a grid \(sampling.grid.rawValue)") }
    return SampleSource(
      Generator(
        process: process, dimension: dimension, sampler: kind.make(sampling.options),
        times: grid.times(steps: sampling.steps, of: process, to: sampling.finalTime),
        denoises: denoises, seed: seed, start: start, fixed: fixed))
  }

  /// Refuses a sampler for known densities where a network's score is to be sampled.
  func checkSamplerTakesScore() throws {
    guard let chain = sampling.chain else { return }
    throw ExperimentError.usage(
      "sampling.sampler \(chain.rawValue) draws from a known density, not from a score: "
        + "use it by sgm-sample EXPERIMENT --score exact, or choose another")
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

extension Experiment.SamplingSection {
  /// The numbers that samplers take.
  var options: SamplerOptions {
    var options = SamplerOptions()
    options.churn = churn
    options.predictor = SamplerKind(rawValue: predictor.rawValue) ?? .eulerMaruyama
    options.corrections = corrections
    options.signalToNoise = signalToNoise
    options.corrected =
      switch corrected {
      case .all: .all
      case .position: .position
      case .velocity: .velocity
      }
    options.stepSize = stepSize
    options.slowdown = slowdown
    options.friction = friction
    return options
  }

  /// The adaptive sampler, if it is one.
  var adaptiveSampler: (any AdaptiveSampler)? {
    let tolerance = Tolerance(relative: relativeTolerance, absolute: absoluteTolerance)
    return switch sampler {
    case .adaptiveEuler: AdaptiveEuler(tolerance: tolerance)
    case .dormandPrince: DormandPrince(tolerance: tolerance)
    default: nil
    }
  }

  /// The kind of chain, if the sampler is one for a known density.
  var chain: ChainKind? { ChainKind(rawValue: sampler.rawValue) }

  /// The covariance to start from: the prior's, or H + MMᵀ of unit data at the horizon.
  func startCovariance(_ process: any ForwardProcess) -> BlockMatrix {
    guard start == .moments else { return process.priorCovariance }
    let kernel = process.kernel(at: process.start)
    return kernel.covariance + kernel.mean.outer(kernel.mean)
  }
}
