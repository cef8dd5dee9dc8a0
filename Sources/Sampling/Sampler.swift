public import Diffusion
public import LinearAlgebra

/// A scheme for the reverse dynamics of a linear process, from diffusion time T down to t_f.
///
/// Everything but the score acts alike on every coordinate, so a step is a list of stages, each a few c×c matrices. A
/// generator applies them to rows of samples, a test to means and covariances.
public protocol Sampler: Sendable {
  /// The stages of the step from diffusion time t to s < t.
  func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage]
}

/// One stage of a step: a new state from the old one, from the state kept earlier in the step, a score and a noise.
///
/// ```
/// u ← state · u + kept · k + score · ∇log p_t(u) + noise · Z,   Z ~ N(0, I) per coordinate
/// ```
public struct SamplerStage: Sendable, Equatable {
  /// The factor of the incoming state u, shape c×c.
  public var state: BlockMatrix
  /// The factor of the state kept by the last stage with `keeps`; nil where it is not used.
  public var kept: BlockMatrix?
  /// The factor of the score at the incoming state, and its time; nil where no score is evaluated.
  public var score: BlockMatrix?
  /// The time of the score.
  public var time: Double
  /// The factor of the normals, lower triangular, where a column of zeros draws none; nil without noise.
  public var noise: BlockMatrix?
  /// Whether the incoming state is kept for later stages.
  public var keeps: Bool

  /// A stage of the given factors.
  public init(
    state: BlockMatrix, kept: BlockMatrix? = nil, score: BlockMatrix? = nil, at time: Double,
    noise: BlockMatrix? = nil, keeps: Bool = false
  ) {
    self.state = state
    self.kept = kept
    self.score = score
    self.time = time
    self.noise = noise
    self.keeps = keeps
  }
}

/// The samplers by name.
public enum SamplerKind: String, Sendable, CaseIterable {
  /// Euler–Maruyama on the reverse SDE: weak order 1, one evaluation a step.
  case eulerMaruyama = "euler-maruyama"
  /// Splitting with an Euler score step: order 1, one evaluation a step.
  case splitting
  /// Splitting with a midpoint score step: order 2, two evaluations a step.
  case splittingMidpoint = "splitting-midpoint"
  /// Heun's method on the probability flow: order 2, two evaluations a step, no noise.
  case probabilityFlowHeun = "probability-flow-heun"

  /// The sampler of this name.
  public func make() -> any Sampler {
    switch self {
    case .eulerMaruyama: EulerMaruyama()
    case .splitting: Splitting(scoreStep: .euler)
    case .splittingMidpoint: Splitting(scoreStep: .midpoint)
    case .probabilityFlowHeun: ProbabilityFlowHeun()
    }
  }
}
