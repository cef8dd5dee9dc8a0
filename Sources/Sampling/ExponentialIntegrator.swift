public import Diffusion
internal import LinearAlgebra

/// The exponential integrator of the reverse SDE: linear drift and noise exactly, the score held over the step; weak
/// order 1, one evaluation a step.
///
/// ```
/// u ← Φ⁻¹u + (∫ₛᵗ Φ_r⁻¹ D dτ(r)) ∇log p_t(u) + N(0, Φ⁻¹ C Φ⁻ᵀ)
/// ```
/// Φ_r the forward map from s to r, Φ and C map and covariance from s to t. Zhang and Chen 2023 (arXiv 2204.13902),
/// section 3, for the reverse SDE; the integral by Gauss–Legendre quadrature, so that any linear process is served.
public struct ExponentialIntegrator: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 1.
  public var order: Int? { 1 }

  /// One stage, with the score at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let forward = process.transition(from: s, to: t)
    let back = forward.map.inverse
    let weight = process.integral(from: s, to: t) {
      process.transition(from: s, to: $0).map.inverse * process.diffusion(at: $0)
    }
    let covariance = back * forward.covariance * back.transpose
    return [SamplerStage(state: back, score: weight, at: t, noise: covariance.cholesky())]
  }
}
