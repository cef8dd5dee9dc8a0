public import Diffusion
public import LinearAlgebra
internal import RealFunctions

/// A scheme for the reverse dynamics of a linear process, from diffusion time T down to t_f, by steps that all samples
/// share.
///
/// Everything but the score acts alike on every coordinate, so a step is a list of stages, each a few c×c matrices. A
/// generator applies them to rows of samples, a test to means and covariances.
public protocol Sampler: Sendable {
  /// The stages of the step from diffusion time t to s < t.
  func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage]

  /// As `step(_:from:to:)` after a step from r to t, of which a multistep scheme uses the score and the kept state.
  func step(
    _ process: any ForwardProcess, from t: Double, to s: Double, after r: Double
  ) -> [SamplerStage]

  /// The number of the state's blocks: the process's, and a momentum where the scheme adds one after them.
  func blocks(for process: any ForwardProcess) -> Int

  /// What the scheme asks of a process.
  var requirement: ProcessRequirement { get }

  /// The order in the size of the steps with which the final law approaches that of the exact reverse dynamics, for an
  /// exact score and an exact start; nil where something else than the steps keeps it away.
  var order: Int? { get }
}

extension Sampler {
  /// A scheme of single steps does the same in each.
  public func step(
    _ process: any ForwardProcess, from t: Double, to s: Double, after r: Double
  ) -> [SamplerStage] { step(process, from: t, to: s) }

  /// The process's own blocks.
  public func blocks(for process: any ForwardProcess) -> Int { process.blocks }

  /// Any linear process with Gaussian noise will do.
  public var requirement: ProcessRequirement { .linear }
}

/// What a scheme may ask of a process.
public enum ProcessRequirement: String, Sendable, CaseIterable {
  /// A linear SDE behind the marginals, hence Gaussian noise.
  case linear = "a linear SDE with Gaussian noise, finite up to the horizon"
  /// Kernels with Gaussian noise, wherever the drift and the clock end.
  case kernel = "Gaussian noise"
  /// A linear SDE with a stationary law.
  case stationary = "a process that leaves a law alone"
  /// A linear SDE on the data's own block alone.
  case singleBlock = "a linear SDE on the data alone, without velocities, finite up to the horizon"
  /// Marginals on the data's own block, whatever their noise.
  case path = "a process on the data alone, without velocities"

  /// Whether a process meets it.
  public func isMet(by process: any ForwardProcess) -> Bool {
    switch self {
    case .linear: process.isRegular
    case .kernel: process.noise == .gaussian
    case .stationary: process.isRegular && process.stationaryCovariance != nil
    case .singleBlock: process.isRegular && process.blocks == 1
    case .path: process.blocks == 1
    }
  }

  /// The requirement in words, to follow "needs".
  public var words: String { rawValue }
}

/// One stage of a step: a new state from the old one, from a state kept earlier, from scores and a noise.
///
/// ```
/// u ← state · u + kept · k + score · ∇log p_t(u) + previous · s + noise · Z,   Z ~ N(0, I) per coordinate
/// ```
/// where s is the last score evaluated before this stage's own, at its own time and state.
public struct SamplerStage: Sendable, Equatable {
  /// The factor of the incoming state u, shape c×c.
  public var state: BlockMatrix
  /// The factor of the state kept last; nil where it is not used.
  public var kept: BlockMatrix?
  /// The factor of the score at the incoming state, and its time; nil where no score is evaluated.
  public var score: BlockMatrix?
  /// The time of the score.
  public var time: Double
  /// The factor of the last score evaluated before; nil where it is not used.
  public var previous: BlockMatrix?
  /// The factor of the normals, lower triangular, where a column of zeros draws none; nil without noise.
  public var noise: BlockMatrix?
  /// Whether and when the incoming state is kept for later stages.
  public var keeps: Keeping
  /// r where each sample has its own step δ, by which `score` is multiplied, and `noise` by √δ: see `CorrectorStep`.
  public var signalToNoise: Double?
  /// Where the noise's variance comes with the score, each coordinate's own: normals are multiplied by its root first.
  public var variances: VarianceRange?

  /// When a stage keeps its incoming state.
  public enum Keeping: Sendable, Equatable {
    /// Never.
    case never
    /// Before the stage, which may use it itself.
    case before
    /// After the stage, which uses the state kept before.
    case after
  }

  /// A stage of the given factors.
  public init(
    state: BlockMatrix, kept: BlockMatrix? = nil, score: BlockMatrix? = nil, at time: Double,
    previous: BlockMatrix? = nil, noise: BlockMatrix? = nil, keeps: Keeping = .never, signalToNoise: Double? = nil,
    variances: VarianceRange? = nil
  ) {
    self.state = state
    self.kept = kept
    self.score = score
    self.time = time
    self.previous = previous
    self.noise = noise
    self.keeps = keeps
    self.signalToNoise = signalToNoise
    self.variances = variances
  }
}

/// The ends of a learned variance: exp(v ln β + (1 − v) ln β̃).
public struct VarianceRange: Sendable, Equatable {
  /// ln β̃.
  public let logPosterior: Double
  /// ln β.
  public let logForward: Double

  /// The ends of a step that does not end at t = 0.
  public init(_ step: ReverseStep) {
    precondition(step.posterior > 0, "a step without noise")
    (logPosterior, logForward) = (log(step.posterior), log(step.forward))
  }

  /// The standard deviation at v.
  public func deviation(_ v: Float) -> Float {
    Float(exp(0.5 * (logPosterior + Double(v) * (logForward - logPosterior))))
  }
}
