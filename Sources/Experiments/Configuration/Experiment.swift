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

  /// The forward process and its parameters; those of other kinds are ignored.
  public struct ProcessSection: Sendable, Equatable {
    /// Which process.
    public var kind = Kind.variancePreserving
    /// β(t) of a process with a schedule.
    public var schedule = Schedule.linear
    /// β at time 0.
    public var betaMinimum = 0.1
    /// β at the horizon.
    public var betaMaximum = 20.0
    /// Drift parameter a of critically damped Langevin.
    public var a = 1.0
    /// Diffusion parameter σ of critically damped Langevin.
    public var sigma = 1.4142135623730951
    /// Noise ε on the position.
    public var epsilon = 0.25
    /// Velocity variance v² at time 0.
    public var velocityVariance = 0.01
    /// β of a constant schedule.
    public var beta = 4.0
    /// Growth rate of an exponential schedule.
    public var betaGrowth = 3.0
    /// σ of the variance-exploding process at time 0.
    public var sigmaMinimum = 0.01
    /// σ of the variance-exploding process at the horizon.
    public var sigmaMaximum = 50.0
    /// What the variance-exploding process starts generation from.
    public var prior = Prior.noise
    /// Γ of phase-space Langevin.
    public var positionDamping = 0.01
    /// ν of phase-space Langevin.
    public var velocityDamping = 4.01
    /// γ of third-order Langevin.
    public var coupling = 2.8284271247461903
    /// ξ of third-order Langevin.
    public var friction = 5.196152422706632
    /// Variance of the acceleration at time 0.
    public var accelerationVariance = 0.01
    /// λ(t) of an annealed path.
    public var annealing = Annealing.cosine
    /// The base of an annealed path.
    public var base = Base.gaussian
    /// Scale s of the base.
    public var baseScale = 1.0
    /// Degrees of freedom ν of a Student-t base.
    public var baseDegrees = 3.0
    /// Final time T.
    public var horizon = Kind.variancePreserving.usualHorizon

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

  /// Objective, optimiser and length of training.
  public struct TrainingSection: Sendable, Equatable {
    /// The score-matching objective.
    public var objective = Objective.hybrid
    /// The weight of the loss over time.
    public var weight = Weight.automatic
    /// How the rows of a shard are paired with noise.
    public var coupling = Coupling.independent
    /// Random directions in which sliced score matching takes the trace, for each row.
    public var probes = 1
    /// Transitions that carry a row forward, for objectives that need no kernel; 0 uses the kernel.
    public var simulationSteps = 0
    /// Optimiser steps.
    public var steps = 20_000
    /// Rows per step, over all shards.
    public var batch = 512
    /// Shards: the most ranks that can ever run this experiment.
    public var shards = 16
    /// Peak learning rate.
    public var learningRate = 1e-3
    /// Steps over which the learning rate rises from 0.
    public var warmupSteps = 200
    /// The learning rate after warm-up.
    public var learningRateSchedule = LearningRateSchedule.cosine
    /// The learning rate at the last step of a cosine decay.
    public var finalLearningRate = 0.0
    /// AdamW's decoupled weight decay.
    public var weightDecay = 0.0
    /// AdamW's decay of the first moment.
    public var beta1 = 0.9
    /// AdamW's decay of the second moment.
    public var beta2 = 0.999
    /// Largest global gradient norm; 0 turns clipping off.
    public var clipNorm = 1.0
    /// Decay of the parameters' moving average.
    public var emaDecay = 0.999
    /// The law of diffusion times.
    public var timeLaw = TimeLaw.logUniform
    /// Mean of the log-normal law: the logarithm of the noise's size beside the data's.
    public var noiseLevelMean = -0.5
    /// Standard deviation of the log-normal law.
    public var noiseLevelDeviation = 1.2
    /// The smallest diffusion time, in the horizon's unit.
    public var minimumTime = 1e-3
    /// Steps between held-out losses.
    public var heldOutEvery = 500
    /// Steps between lines of the log.
    public var logEvery = 50
    /// Steps between audits; 0 for none.
    public var auditEvery = 500
    /// What follows a step that is not finite, or diverges.
    public var onFault = FaultPolicy.stop
    /// How many times its highest moving average a loss may be before it diverges; 0 for any loss.
    public var divergence = 1_000.0
    /// The most steps skipped in a row, or rollbacks to one checkpoint.
    public var faultLimit = 10
    /// What a rollback multiplies the learning rate by.
    public var rollbackFactor = 0.5

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

    /// The defaults.
    public init() {}
  }
}
