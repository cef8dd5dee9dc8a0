internal import Glibc

/// How fast the process's own time τ runs with diffusion time t: τ(t) = ∫₀ᵗ β, t ∈ [0, T].
public enum NoiseSchedule: Sendable, Equatable {
  /// β(t) = min + (max − min) t/T (Song et al. 2021, arXiv 2011.13456, eq. 32, at T = 1 and 0.1 → 20).
  case linear(min: Double, max: Double)

  /// e^{−τ} = cos²θ(t) / cos²θ(0), θ(t) = ½π (f t/T + 0.008) / 1.008 (Nichol and Dhariwal 2021, arXiv 2102.09672,
  /// eq. 17).
  ///
  /// There f = 1 and τ(T) is infinite; here f = 0.9946, where e^{−τ} is 7e-5, near that of `linear` from 0.1 to 20.
  case cosine

  /// β(t) = min + (max − min)(e^{at} − 1)/(e^{aT} − 1), a ≠ 0 (Strasman et al. 2024, arXiv 2402.04650).
  case exponential(min: Double, max: Double, rate: Double)

  /// τ(t) − τ(s), written so that it does not cancel for s near t.
  public func elapsed(from s: Double, to t: Double, horizon: Double) -> Double {
    switch self {
    case .linear(let min, let max):
      return (t - s) * (min + (max - min) * (s + t) / (2 * horizon))
    case .cosine:
      let rate = 0.5 * Double.pi * 0.9946 / 1.008 / horizon
      let offset = 0.5 * Double.pi * 0.008 / 1.008
      // cos θ_t = cos θ_s − 2 sin(mean angle) sin(half the difference).
      let fall = 2 * sin(offset + 0.5 * rate * (s + t)) * sin(0.5 * rate * (t - s))
      return -2 * log1p(-fall / cos(offset + rate * s))
    case .exponential(let min, let max, let a):
      let integral = exp(a * s) * expm1(a * (t - s)) / a - (t - s)
      return min * (t - s) + (max - min) * integral / expm1(a * horizon)
    }
  }
}
