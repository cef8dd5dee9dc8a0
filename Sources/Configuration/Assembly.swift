package import Diffusion
internal import Files
package import LinearAlgebra
internal import Networks
package import Sampling
package import Targets
package import Training

// From an experiment's words to the modules' values: the one place where configuration turns into objects.

extension Experiment {
  /// The score model for data of `dimension` coordinates.
  package func model(dimension: Int) -> ScoreModel {
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
  package func objective(in standardisation: Standardisation) throws -> ObjectiveKind {
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
  package var trainingOptions: TrainingOptions {
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

  /// The built-in target, or `nil` where the data is a file.
  ///
  /// - Throws: `ExperimentError.configuration` for a dimension that the target does not have.
  package func target() throws -> (any Targets.Target)? {
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
  package var options: SamplerOptions {
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
  package var adaptiveSampler: (any AdaptiveSampler)? {
    let tolerance = Tolerance(relative: relativeTolerance, absolute: absoluteTolerance)
    return switch sampler {
    case .adaptiveEuler: AdaptiveEuler(tolerance: tolerance)
    case .dormandPrince: DormandPrince(tolerance: tolerance)
    default: nil
    }
  }

  /// The kind of chain, if the sampler is one for a known density.
  package var chain: ChainKind? { ChainKind(rawValue: sampler.rawValue) }

  /// The covariance to start from: the prior's, or H + MMᵀ of unit data at the horizon.
  package func startCovariance(_ process: any ForwardProcess) -> BlockMatrix {
    guard start == .moments else { return process.priorCovariance }
    let kernel = process.kernel(at: process.start)
    return kernel.covariance + kernel.mean.outer(kernel.mean)
  }
}

extension Experiment {
  /// The number of columns that condition.
  package var conditionCount: Int {
    guard let target = data.target else { return data.conditions.names.count }
    return TargetKind(rawValue: target.rawValue)?.conditions ?? 0
  }
}
