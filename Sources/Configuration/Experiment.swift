internal import Files

/// Everything that decides a run's result, with every default filled in.
///
/// The values are plain: the modules below `Experiments` never see them, and what they mean is checked where they are
/// used.
package struct Experiment: Sendable, Equatable {
  /// The run's name and that of its folder: letters, digits, `.`, `_` and `-`.
  package var name = "run"
  /// The seed of all randomness.
  package var seed: UInt64 = 1
  /// What is learned from.
  package var data = DataSection()
  /// The forward process.
  package var process = ProcessSection()
  /// The score network.
  package var network = NetworkSection()
  /// Objective, optimiser and length.
  package var training = TrainingSection()
  /// How samples are drawn during and after training.
  package var sampling = SamplingSection()
  /// What is kept on disk.
  package var checkpoints = CheckpointSection()
  /// How samples are judged.
  package var evaluation = EvaluationSection()

  /// An experiment of defaults; it lacks only its data.
  package init() {}
}

extension Experiment {
  /// What is learned from: a built-in target or a file, never both.
  package struct DataSection: Sendable, Equatable {
    /// The built-in law, or nil for a file.
    package var target: Target?
    /// A file of rows (`.npy` or `.csv`) as written in the experiment, or nil for a built-in law.
    package var file: String?
    /// Columns of a file that condition, by name or number from 0: known wherever samples are drawn.
    package var conditions = ColumnList()
    /// Coordinates of a row without conditions; nil for a file that has not been opened.
    package var dimension: Int?
    /// Rows drawn from a built-in law.
    package var count = 50_000
    /// Rows kept from training.
    package var heldOut = HeldOut.fraction(0.1)
    /// Whether each coordinate is shifted and scaled to mean 0, variance 1.
    package var standardise = true
    /// Whether the report shows rows as square grey pictures.
    package var images = false

    /// The defaults.
    package init() {}
  }

  /// The score network.
  package struct NetworkSection: Sendable, Equatable {
    /// Units of each hidden layer.
    package var widths = [128, 128, 128]
    /// The nonlinearity.
    package var activation = Activation.silu
    /// Whether hidden layers add to their input.
    package var residual = true
    /// What the network's outputs mean.
    package var output = Output.posteriorMean
    /// How the noise level or time enters.
    package var embedding = Embedding.sinusoidal
    /// Features of the embedding.
    package var embeddingFeatures = 64
    /// What is embedded.
    package var embeddingOf = EmbeddingArgument.noiseLevel

    /// The defaults.
    package init() {}
  }

  /// How samples are drawn.
  package struct SamplingSection: Sendable, Equatable {
    /// The sampler.
    package var sampler = Sampler.dpmSolver
    /// Sampler steps.
    package var steps = Sampler.dpmSolver.usualSteps
    /// How step sizes vary.
    package var grid = Sampler.dpmSolver.usualGrid
    /// The diffusion time at which generation ends, in the horizon's unit.
    package var finalTime = 1e-3
    /// Whether the final state is replaced by E[x_0 | u].
    package var denoise = true
    /// Samples.
    package var count = 10_000
    /// Training steps between sample files; 0 draws only at the end.
    package var every = 0
    /// The sampling seed; nil uses the experiment's.
    package var seed: UInt64?
    /// The law that generation starts from.
    package var start = Start.prior
    /// How samples given observations or fixed coordinates are drawn.
    package var observing = Observing.particles
    /// How long `stochastic-heun` adds noise, in steps.
    package var churn = 0.5
    /// The steps that `predictor-corrector` corrects.
    package var predictor = Predictor.eulerMaruyama
    /// Langevin steps at each time, of `predictor-corrector` and `annealed-langevin`.
    package var corrections = 1
    /// The size of a correction's drift beside its noise.
    package var signalToNoise = 0.16
    /// The blocks that `predictor-corrector` corrects.
    package var corrected = Corrected.all
    /// The step of Langevin samplers.
    package var stepSize = 0.1
    /// κ of the annealed dynamics.
    package var slowdown = 0.05
    /// γ of the underdamped dynamics.
    package var friction = 1.0
    /// The error that a step of an adaptive sampler may make, relative to the state.
    package var relativeTolerance = 1e-3
    /// The same, in trained units.
    package var absoluteTolerance = 1e-3

    /// The defaults.
    package init() {}
  }

  /// What is kept on disk.
  package struct CheckpointSection: Sendable, Equatable {
    /// Training steps between checkpoints.
    package var every = 1_000
    /// How many of the newest are kept.
    package var keepLast = 3
    /// Every checkpoint at a multiple of this step is kept; 0 for none.
    package var keepEvery = 0

    /// The defaults.
    package init() {}
  }

  /// How samples are judged.
  package struct EvaluationSection: Sendable, Equatable {
    /// Random directions of the sliced distances.
    package var directions = 2_000
    /// Repetitions of floor and baseline.
    package var repeats = 5
    /// Rows compared on either side.
    package var count = 10_000
    /// What samples are judged by.
    package var metrics = [Metric.slicedW2]
    /// Rows compared by metrics that go over all pairs.
    package var pairCount = 2_000
    /// Steps of the probability flow behind likelihoods.
    package var likelihoodSteps = 200
    /// Draws of velocities and probes for each row's likelihood.
    package var likelihoodDraws = 4

    /// The defaults.
    package init() {}
  }
}
