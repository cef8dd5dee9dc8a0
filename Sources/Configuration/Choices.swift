internal import Files

// The closed choices of an experiment file; a raw value is what the user types.

/// Columns of a data file, by name or number from 0.
package struct ColumnList: Sendable, Equatable {
  /// The names or numbers as written.
  package var names: [String]

  /// A list, empty unless names are given.
  package init(_ names: [String] = []) { self.names = names }
}

extension Experiment.DataSection {
  /// A built-in law.
  package enum Target: String, Sendable, CaseIterable {
    case gaussian, mg25, diamond, funnel, checkerboard
    case eightGaussians = "eight-gaussians"
    case twoMoons = "two-moons"
    case swissRoll = "swiss-roll"
    case twoMoonsSimulator = "two-moons-simulator"
    case studentTMixture = "student-t-mixture"
  }

  /// Which rows are kept from training.
  package enum HeldOut: Sendable, Equatable {
    /// A seeded share of the rows, in [0, 1).
    case fraction(Double)
    /// Another file, as written in the experiment.
    case file(String)
  }
}

extension Experiment.ProcessSection {
  /// A forward process.
  package enum Kind: String, Sendable, CaseIterable {
    case ornsteinUhlenbeck = "ornstein-uhlenbeck"
    case variancePreserving = "variance-preserving"
    case subVariancePreserving = "sub-variance-preserving"
    case varianceExploding = "variance-exploding"
    case criticallyDampedLangevin = "critically-damped-langevin"
    case phaseSpaceLangevin = "phase-space-langevin"
    case thirdOrderLangevin = "third-order-langevin"
    case flowMatching = "flow-matching"
    case annealed

    /// The horizon when the experiment gives none.
    package var usualHorizon: Double {
      switch self {
      case .ornsteinUhlenbeck: 4
      case .flowMatching: 0.999
      default: 1
      }
    }

    /// The schedule when the experiment gives none; nil for a process without.
    package var usualSchedule: Schedule? {
      switch self {
      case .variancePreserving, .subVariancePreserving: .linear
      case .criticallyDampedLangevin, .phaseSpaceLangevin, .thirdOrderLangevin: .constant
      case .ornsteinUhlenbeck, .varianceExploding, .flowMatching, .annealed: nil
      }
    }

    /// The constant β when the experiment gives none: e^{−βT} leaves as little of the data as the others.
    package var usualBeta: Double {
      switch self {
      case .phaseSpaceLangevin: 8
      case .thirdOrderLangevin: 6
      default: 4
      }
    }
  }

  /// β(t) of a process with a schedule.
  package enum Schedule: String, Sendable, CaseIterable { case linear, cosine, exponential, constant }
  /// The law that a variance-exploding process starts generation from.
  package enum Prior: String, Sendable, CaseIterable {
    case noise
    case noiseAndData = "noise-and-data"
  }
  /// λ(t) of an annealed path.
  package enum Annealing: String, Sendable, CaseIterable { case linear, cosine, exponential }
  /// The base of an annealed path.
  package enum Base: String, Sendable, CaseIterable {
    case gaussian
    case studentT = "student-t"
  }
}

extension Experiment.NetworkSection {
  /// A nonlinearity.
  package enum Activation: String, Sendable, CaseIterable { case silu, gelu, relu, tanh, softplus }
  /// What the outputs mean.
  package enum Output: String, Sendable, CaseIterable {
    case posteriorMean = "posterior-mean"
    case noise, velocity, score
  }
  /// How a number becomes features.
  package enum Embedding: String, Sendable, CaseIterable { case sinusoidal, fourier }
  /// What is embedded.
  package enum EmbeddingArgument: String, Sendable, CaseIterable {
    case noiseLevel = "noise-level"
    case time
  }
}

extension Experiment.TrainingSection {
  /// What the noisy state is conditioned on in score matching.
  package enum Objective: String, Sendable, CaseIterable {
    case hybrid = "hsm"
    case denoising = "dsm"
    case explicit, implicit, sliced
  }
  /// How data and noise are paired.
  package enum Coupling: String, Sendable, CaseIterable {
    case independent
    case optimalTransport = "optimal-transport"
  }
  /// The weight of the loss over time.
  package enum Weight: String, Sendable, CaseIterable {
    case automatic, likelihood
    case unitVariance = "unit-variance"
    case uniformNoise = "uniform-noise"
  }
  /// The learning rate after warm-up.
  package enum LearningRateSchedule: String, Sendable, CaseIterable { case cosine, constant }
  /// What follows a step that is not finite, or diverges.
  package enum FaultPolicy: String, Sendable, CaseIterable { case stop, skip, rollback }
  /// The law of diffusion times.
  package enum TimeLaw: String, Sendable, CaseIterable {
    case uniform
    case logUniform = "log-uniform"
    case logNormal = "log-normal"
    case importance
    case softTruncation = "soft-truncation"
  }
}

extension Experiment.SamplingSection {
  /// A sampler.
  package enum Sampler: String, Sendable, CaseIterable {
    case eulerMaruyama = "euler-maruyama"
    case exponentialIntegrator = "exponential-integrator"
    case splitting
    case splittingMidpoint = "splitting-midpoint"
    case leapfrog, baoab, obabo
    case stochasticHeun = "stochastic-heun"
    case ancestral
    case adaptiveEuler = "adaptive-euler"
    case probabilityFlowEuler = "probability-flow-euler"
    case probabilityFlowHeun = "probability-flow-heun"
    case ddim
    case dpmSolver = "dpm-solver-2m"
    case exponentialMultistep = "exponential-multistep"
    case dormandPrince = "dormand-prince"
    case predictorCorrector = "predictor-corrector"
    case annealedLangevin = "annealed-langevin"
    case diffusionAnnealedLangevin = "diffusion-annealed-langevin"
    case underdampedAnnealedLangevin = "underdamped-annealed-langevin"
    case nelson, ula, mala
    case kineticLangevin = "kinetic-langevin"

    /// The number of steps when the experiment gives none: what a measurement over all processes found enough.
    package var usualSteps: Int { self == .dpmSolver ? 50 : 250 }
    /// The grid when the experiment gives none.
    package var usualGrid: Grid { self == .dpmSolver || self == .ancestral ? .logSNR : .quadratic }
  }
  /// How step sizes vary.
  package enum Grid: String, Sendable, CaseIterable {
    case uniform, quadratic, edm
    case logSNR = "log-snr"
  }
  /// The law that generation starts from.
  package enum Start: String, Sendable, CaseIterable { case prior, moments }
  /// How samples given observations or fixed coordinates are drawn.
  package enum Observing: String, Sendable, CaseIterable { case particles, guidance }
  /// The steps that a corrector follows.
  package enum Predictor: String, Sendable, CaseIterable {
    case eulerMaruyama = "euler-maruyama"
    case exponentialIntegrator = "exponential-integrator"
    case splitting
    case splittingMidpoint = "splitting-midpoint"
    case leapfrog, baoab, obabo
    case stochasticHeun = "stochastic-heun"
    case ancestral
    case probabilityFlowEuler = "probability-flow-euler"
    case probabilityFlowHeun = "probability-flow-heun"
    case ddim
  }
  /// The blocks that a corrector moves.
  package enum Corrected: String, Sendable, CaseIterable { case all, position, velocity }
}

extension Experiment.EvaluationSection {
  /// What samples are judged by.
  package enum Metric: String, Sendable, CaseIterable {
    case slicedW2 = "sliced-w2"
    case rankedW2 = "sliced-w2-ranks"
    case exactW2 = "w2"
    case gaussian, mmd, energy
    case neighbours = "knn-kl"
    case classifier = "c2st"
    case modes, marginals, spacing
    case tails = "hill"
    case stein = "ksd"
    case nearest
    case likelihood = "nll"
  }
}
