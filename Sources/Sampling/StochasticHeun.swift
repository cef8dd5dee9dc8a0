public import Diffusion
internal import LinearAlgebra

/// Heun's method on the probability flow with churn: noise is added first, then removed by a longer step; order 2 in
/// law, two evaluations a step.
///
/// ```
/// τ(t̂) = τ(t) + churn · h,   u ← Φ u + N(0, C) from t to t̂,   Heun's step from t̂ to s
/// ```
/// Karras et al. 2022, arXiv 2206.00364, algorithm 2. Theirs raises the noise level by a factor fixed for all steps of
/// a grid; here the noise lasts `churn` steps, so that it vanishes with the step for any process and grid. The noise
/// is added by the process itself, hence exactly. Nothing is added beyond the start.
public struct StochasticHeun: Sampler, Equatable {
  /// How long noise is added, in steps; 0 is the probability flow.
  public let churn: Double

  /// The scheme of a given churn, not negative.
  public init(churn: Double = SamplerOptions.standard.churn) {
    precondition(churn >= 0 && churn.isFinite, "churn \(churn)")
    self.churn = churn
  }

  /// Order 2.
  public var order: Int? { 2 }

  /// A stage of noise where there is any, and Heun's two.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let room = process.elapsed(from: t, to: process.start)
    let share = room > 0 ? min(1, churn * process.elapsed(from: s, to: t) / room) : 0
    guard share > 0 else { return ProbabilityFlowHeun().step(process, from: t, to: s) }
    let later = process.time(from: t, to: process.start, share: share)
    let forward = process.transition(from: t, to: later)
    let stage = SamplerStage(state: forward.map, at: t, noise: forward.covariance.cholesky())
    return [stage] + ProbabilityFlowHeun().step(process, from: later, to: s)
  }
}
