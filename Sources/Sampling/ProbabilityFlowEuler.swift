public import Diffusion
internal import LinearAlgebra

/// Euler's method on the probability flow; order 1, one evaluation a step, no noise.
///
/// ```
/// u ← u − hA u + ½hD ∇log p_t(u),   h = τ(t) − τ(s)
/// ```
/// Song et al. 2021, arXiv 2011.13456, eq. 13.
public struct ProbabilityFlowEuler: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 1.
  public var order: Int? { 1 }

  /// One stage, with the slope at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = process.elapsed(from: s, to: t)
    let state = BlockMatrix.identity(process.blocks) - process.drift(at: t).scaled(by: h)
    return [SamplerStage(state: state, score: process.diffusion(at: t).scaled(by: 0.5 * h), at: t)]
  }
}
