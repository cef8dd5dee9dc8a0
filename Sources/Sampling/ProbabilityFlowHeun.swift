public import Diffusion
internal import LinearAlgebra

/// Heun's method on the probability flow; order 2, two evaluations a step, no noise.
///
/// ```
/// f(u, t) = −A u + ½D ∇log p_t(u)
/// u* = u + h f(u, t),   u ← u + ½h f(u, t) + ½h f(u*, s),   h = τ(t) − τ(s)
/// ```
/// As h f(u, t) = u* − u, the second stage needs no slope kept: u ← ½u + ½u* + ½h f(u*, s).
/// The flow is that of Song et al. 2021, arXiv 2011.13456, eq. 13, the method algorithm 1 of Karras et al. 2022,
/// arXiv 2206.00364.
public struct ProbabilityFlowHeun: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 2.
  public var order: Int? { 2 }

  /// Two stages: an Euler step to s, which keeps u, and the mean of both slopes.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = process.elapsed(from: s, to: t)
    let one = BlockMatrix.identity(process.blocks)
    let half = one.scaled(by: 0.5)
    return [
      SamplerStage(
        state: one - process.drift(at: t).scaled(by: h), score: process.diffusion(at: t).scaled(by: 0.5 * h), at: t,
        keeps: .before),
      SamplerStage(
        state: half - process.drift(at: s).scaled(by: 0.5 * h), kept: half,
        score: process.diffusion(at: s).scaled(by: 0.25 * h), at: s),
    ]
  }
}
