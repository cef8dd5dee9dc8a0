/// Everything that decides a run's result, with every default filled in.
///
/// The values are plain: the modules below `Experiments` never see them, and what they mean is checked where they are
/// used.
public struct Experiment: Sendable, Equatable {
  /// The run's name and that of its folder: letters, digits, `.`, `_` and `-`.
  public var name = "run"
  /// The seed of all randomness.
  public var seed: UInt64 = 1
  /// What is learned from.
  public var data = DataSection()
  /// The forward process.
  public var process = ProcessSection()
  /// The score network.
  public var network = NetworkSection()
  /// Objective, optimiser and length.
  public var training = TrainingSection()
  /// How samples are drawn during and after training.
  public var sampling = SamplingSection()
  /// What is kept on disk.
  public var checkpoints = CheckpointSection()
  /// How samples are judged.
  public var evaluation = EvaluationSection()

  /// An experiment of defaults; it lacks only its data.
  public init() {}
}

extension Experiment {
  /// What is learned from: a built-in target or a file, never both.
  public struct DataSection: Sendable, Equatable {
    /// The built-in law, or nil for a file.
    public var target: Target?
    /// A file of rows (`.npy` or `.csv`) as written in the experiment, or nil for a built-in law.
    public var file: String?
    /// Whether the first line of a table holds names.
    public var header = TableHeader.automatic
    /// Columns of a file that condition, by name or number from 0: known wherever samples are drawn.
    public var conditions = ColumnList()
    /// Coordinates of a row without conditions; nil for a file that has not been opened.
    public var dimension: Int?
    /// Rows drawn from a built-in law.
    public var count = 50_000
    /// Rows kept from training.
    public var heldOut = HeldOut.fraction(0.1)
    /// Whether each coordinate is shifted and scaled to mean 0, variance 1.
    public var standardise = true
    /// Whether the report shows rows as square grey pictures.
    public var images = false

    /// The defaults.
    public init() {}
  }

  /// The score network.
  public struct NetworkSection: Sendable, Equatable {
    /// Units of each hidden layer.
    public var widths = [128, 128, 128]
    /// The nonlinearity.
    public var activation = Activation.silu
    /// Whether hidden layers add to their input.
    public var residual = true
    /// What the network's outputs mean.
    public var output = Output.posteriorMean
    /// How the noise level or time enters.
    public var embedding = Embedding.sinusoidal
    /// Features of the embedding.
    public var embeddingFeatures = 64
    /// What is embedded.
    public var embeddingOf = EmbeddingArgument.noiseLevel

    /// The defaults.
    public init() {}
  }

  /// How samples are drawn.
  public struct SamplingSection: Sendable, Equatable {
    /// The sampler.
    public var sampler = Sampler.eulerMaruyama
    /// Sampler steps.
    public var steps = 250
    /// How step sizes vary.
    public var grid = Grid.quadratic
    /// The diffusion time at which generation ends, in the horizon's unit.
    public var finalTime = 1e-3
    /// Whether the final state is replaced by E[x_0 | u].
    public var denoise = true
    /// Samples.
    public var count = 10_000
    /// Training steps between sample files; 0 draws only at the end.
    public var every = 0
    /// The sampling seed; nil uses the experiment's.
    public var seed: UInt64?
    /// The law that generation starts from.
    public var start = Start.prior
    /// How long `stochastic-heun` adds noise, in steps.
    public var churn = 0.5
    /// The steps that `predictor-corrector` corrects.
    public var predictor = Predictor.eulerMaruyama
    /// Langevin steps at each time, of `predictor-corrector` and `annealed-langevin`.
    public var corrections = 1
    /// The size of a correction's drift beside its noise.
    public var signalToNoise = 0.16
    /// The blocks that `predictor-corrector` corrects.
    public var corrected = Corrected.all
    /// The step of Langevin samplers.
    public var stepSize = 0.1
    /// κ of the annealed dynamics.
    public var slowdown = 0.05
    /// γ of the underdamped dynamics.
    public var friction = 1.0
    /// The error that a step of an adaptive sampler may make, relative to the state.
    public var relativeTolerance = 1e-3
    /// The same, in trained units.
    public var absoluteTolerance = 1e-3

    /// The defaults.
    public init() {}
  }

  /// What is kept on disk.
  public struct CheckpointSection: Sendable, Equatable {
    /// Training steps between checkpoints.
    public var every = 1_000
    /// How many of the newest are kept.
    public var keepLast = 3
    /// Every checkpoint at a multiple of this step is kept; 0 for none.
    public var keepEvery = 0

    /// The defaults.
    public init() {}
  }

  /// How samples are judged.
  public struct EvaluationSection: Sendable, Equatable {
    /// Random directions of the sliced distances.
    public var directions = 2_000
    /// Repetitions of floor and baseline.
    public var repeats = 5
    /// Rows compared on either side.
    public var count = 10_000
    /// What samples are judged by.
    public var metrics = [Metric.slicedW2]
    /// Rows compared by metrics that go over all pairs.
    public var pairCount = 2_000
    /// Steps of the probability flow behind likelihoods.
    public var likelihoodSteps = 200
    /// Draws of velocities and probes for each row's likelihood.
    public var likelihoodDraws = 4

    /// The defaults.
    public init() {}
  }
}
