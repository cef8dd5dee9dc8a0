internal import RealFunctions

/// How fast the process's own time τ runs with diffusion time t: τ(t) = ∫₀ᵗ β, t ∈ [0, T].
public enum NoiseSchedule: Sendable, Equatable {
  /// The schedules by name.
  public enum Kind: String, Sendable, CaseIterable {
    case linear, cosine, exponential, constant
    case discreteLinear = "discrete-linear"
  }

  /// β(t) = β.
  case constant(Double)

  /// β(t) = min + (max − min) t/T (Song et al. 2021, arXiv 2011.13456, eq. 32, at T = 1 and 0.1 → 20).
  case linear(min: Double, max: Double)

  /// e^{−τ} = cos²θ(t) / cos²θ(0), θ(t) = ½π (f t/T + 0.008) / 1.008 (Nichol and Dhariwal 2021, arXiv 2102.09672,
  /// eq. 17).
  ///
  /// There f = 1 and τ(T) is infinite; here f = 0.9946, where e^{−τ} is 7e-5, near that of `linear` from 0.1 to 20.
  case cosine

  /// β(t) = min + (max − min)(e^{at} − 1)/(e^{aT} − 1), a ≠ 0 (Strasman et al. 2024, arXiv 2402.04650).
  case exponential(min: Double, max: Double, rate: Double)

  /// The chain of `DiscreteNoise`, run through in continuous time.
  case discreteLinear(DiscreteNoise)

  /// τ(t) − τ(s), written so that it does not cancel for s near t; at s = t it is 0.
  public func elapsed(from s: Double, to t: Double, horizon: Double) -> Double {
    switch self {
    case .constant(let beta): return beta * (t - s)
    case .linear(let min, let max):
      return (t - s) * (min + (max - min) * (s + t) / (2 * horizon))
    case .cosine:
      let (offset, rate) = Self.cosineAngle(horizon)
      // cos θ_t = cos θ_s − 2 sin(mean angle) sin(half the difference).
      let fall = 2 * sin(offset + 0.5 * rate * (s + t)) * sin(0.5 * rate * (t - s))
      return -2 * log1p(-fall / cos(offset + rate * s))
    case .exponential(let min, let max, let a):
      // ∫(e^{ar} − 1)dr over (s, t), divided by its length and by a: every term has one sign.
      let x = a * (t - s)
      let mean = expm1(a * s) * (1 + expm1Remainder(x)) + expm1Remainder(x)
      return (t - s) * (min + (max - min) * mean / expm1(a * horizon))
    case .discreteLinear(let noise): return noise.elapsed(from: s / horizon, to: t / horizon)
    }
  }

  /// β(t).
  public func rate(at t: Double, horizon: Double) -> Double {
    switch self {
    case .constant(let beta): return beta
    case .linear(let min, let max): return min + (max - min) * t / horizon
    case .cosine:
      let (offset, rate) = Self.cosineAngle(horizon)
      return 2 * rate * tan(offset + rate * t)
    case .exponential(let min, let max, let a): return min + (max - min) * expm1(a * t) / expm1(a * horizon)
    case .discreteLinear(let noise): return noise.rate(at: t / horizon) / horizon
    }
  }

  /// θ(t) = offset + rate · t.
  private static func cosineAngle(_ horizon: Double) -> (offset: Double, rate: Double) {
    let scale = 0.5 * Double.pi / 1.008
    return (scale * 0.008, scale * 0.9946 / horizon)
  }
}

/// (e^x − 1)/x − 1, without cancellation; by its series for |x| < 1, where 18 terms leave 1e-18.
private func expm1Remainder(_ x: Double) -> Double {
  guard abs(x) < 1 else { return expm1(x) / x - 1 }
  var term = 0.5 * x
  var sum = term
  for k in 3...20 {
    term *= x / Double(k)
    sum += term
  }
  return sum
}
