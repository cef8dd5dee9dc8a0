public import Diffusion
internal import LinearAlgebra

/// Euler–Maruyama on the reverse SDE; weak order 1, one evaluation a step.
///
/// ```
/// u ← u − hA u + hD ∇log p_t(u) + √h Σ Z,   h = τ(t) − τ(s)
/// ```
/// A, D and the score are taken at the step's start t. At ε = 0 only the velocity's normals are drawn, d a row: Σ's
/// first column is zero. Anderson 1982; Song et al. 2021, arXiv 2011.13456, eq. 6.
public struct EulerMaruyama: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 1.
  public var order: Int? { 1 }

  /// One stage: drift, score and noise are all taken at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = process.elapsed(from: s, to: t)
    let d = process.diffusion(at: t)
    let state = BlockMatrix.identity(process.blocks) - process.drift(at: t).scaled(by: h)
    return [
      SamplerStage(state: state, score: d.scaled(by: h), at: t, noise: d.cholesky().scaled(by: h.squareRoot()))
    ]
  }
}
