public import Diffusion
internal import LinearAlgebra

/// The exponential multistep method on the probability flow: linear drift exactly, the noise extrapolated from two
/// steps; order 2, one evaluation a step.
///
/// ```
/// u_s = Φ⁻¹u_t + ½ ∫ₛᵗ Φ_r⁻¹ D L_r⁻ᵀ ((1 − w) L_tᵀ ∇log p_t(u_t) + w L_qᵀ ∇log p_q(u_q)) dτ(r)
/// ```
/// w(r) = (λ_r − λ_t)/(λ_q − λ_t), q the time before t and λ the noise level: the score is −L⁻ᵀe, and e, which varies
/// slowly, is a line in λ. Zhang and Chen 2023, arXiv 2204.13902 (DEIS), and with matrices Zhang, Tao and Chen 2023,
/// arXiv 2206.05564 (gDDIM), whose factor of H is another; any factor gives order 2. The first step holds e.
public struct ExponentialMultistep: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 2.
  public var order: Int? { 2 }

  /// The first step, of order 1.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let weight = weight(process, from: t, to: s) { _ in 1 }
    return [
      SamplerStage(state: process.transition(from: s, to: t).map.inverse, score: weight, at: t)
    ]
  }

  /// One stage, from the scores at t and at the time before.
  public func step(
    _ process: any ForwardProcess, from t: Double, to s: Double, after r: Double
  ) -> [SamplerStage] {
    let (now, before) = (process.noiseLevel(at: t), process.noiseLevel(at: r))
    func share(_ time: Double) -> Double { (process.noiseLevel(at: time) - now) / (before - now) }
    let weight = weight(process, from: t, to: s) { 1 - share($0) }
    let old = self.weight(process, from: t, to: s, factor: process.kernel(at: r).cholesky) { share($0) }
    return [
      SamplerStage(state: process.transition(from: s, to: t).map.inverse, score: weight, at: t, previous: old)
    ]
  }

  private func weight(
    _ process: any ForwardProcess, from t: Double, to s: Double, factor: BlockMatrix? = nil,
    _ share: (Double) -> Double
  ) -> BlockMatrix {
    let integral = process.integral(from: s, to: t) { time in
      let back = process.transition(from: s, to: time).map.inverse
      let unwhitening = process.kernel(at: time).cholesky.inverse.transpose
      return (back * process.diffusion(at: time) * unwhitening).scaled(by: 0.5 * share(time))
    }
    return integral * (factor ?? process.kernel(at: t).cholesky).transpose
  }
}
