internal import LinearAlgebra
internal import RealFunctions

/// How λ runs from the base (0) to the data (1) in annealing time t ∈ [0, 1].
public enum AnnealingSchedule: Sendable, Equatable {
  /// λ = t.
  case linear
  /// λ = sin²(πt/2).
  case cosine
  /// λ = e^{−2T(1−t)}: starts at e^{−2T}, not at 0.
  case exponential(horizon: Double)

  /// λ and λ' at t.
  public func level(at t: Double) -> (value: Double, slope: Double) {
    switch self {
    case .linear: return (t, 1)
    case .cosine:
      let s = sin(0.5 * Double.pi * t)
      return (s * s, 0.5 * Double.pi * sin(Double.pi * t))
    case .exponential(let horizon):
      let value = exp(-2 * horizon * (1 - t))
      return (value, 2 * horizon * value)
    }
  }

  /// d√λ/dt, finite at λ = 0 where λ' = O(√λ).
  func rootSlope(at t: Double) -> Double {
    switch self {
    case .cosine: 0.5 * Double.pi * cos(0.5 * Double.pi * t)
    case .linear, .exponential:
      0.5 * level(at: t).slope / level(at: t).value.squareRoot()
    }
  }
}

/// The path of laws μ_t = law(√λ X + √(1−λ) Z) for Gaussian data X and a base Z ~ N(0, s²I).
///
/// Cordero-Encinar et al. 2025, arXiv 2502.09306; Cattiaux, Cordero-Encinar, Guillin.
public struct GaussianAnnealedPath: Sendable, Equatable {
  /// The data.
  public let data: GaussianData
  /// s².
  public let baseVariance: Double
  /// λ(t).
  public let schedule: AnnealingSchedule

  /// The path from a Gaussian base to given data.
  public init(data: GaussianData, baseVariance: Double = 1, schedule: AnnealingSchedule = .cosine) {
    precondition(baseVariance > 0, "base variance \(baseVariance)")
    self.data = data
    self.baseVariance = baseVariance
    self.schedule = schedule
  }

  /// μ_t: mean √λ m, variance λq² + (1−λ)s².
  public func marginal(at t: Double) -> GaussianLaw {
    let level = schedule.level(at: t).value
    return GaussianLaw(
      zip(data.mean, data.variance).map {
        GaussianMoments(
          mean: BlockVector(level.squareRoot() * $0), covariance: BlockMatrix(level * $1 + (1 - level) * baseVariance))
      })
  }

  /// |μ'_t|², the squared metric derivative in W2.
  ///
  /// ```
  /// Σ_i (d√λ/dt m_i)² + (λ'(q_i² − s²))² / (4 v_i)
  /// ```
  /// A Gaussian moves by the gradient field m' + (v'/2v)(x − m), so this is |m'|² + Σ(d√v/dt)².
  public func squaredSpeed(at t: Double) -> Double {
    let (level, slope) = schedule.level(at: t)
    let root = schedule.rootSlope(at: t)
    return zip(data.mean, data.variance).reduce(0) { sum, coordinate in
      let v = level * coordinate.1 + (1 - level) * baseVariance
      let change = slope * (coordinate.1 - baseVariance)
      return sum + root * root * coordinate.0 * coordinate.0 + change * change / (4 * v)
    }
  }

  /// The action 𝒜 = ∫₀¹|μ'_t|² dt by 64 panels of Gauss–Legendre; infinite where the mean's speed is not square
  /// integrable, as for `linear` with data that is not centred.
  public var action: Double {
    if schedule == .linear, data.mean.contains(where: { $0 != 0 }) { return .infinity }
    var sum = 0.0
    GaussLegendre.forEachNode(from: 0, to: 1, panels: 64) { t, weight in sum += weight * squaredSpeed(at: t) }
    return sum
  }

  /// The bound ¼∫λ'²(M₂/λ + V/(1−λ))dt on the action for the cosine schedule: π²(M₂ + V)/8.
  ///
  /// M₂ = E|X|², V = E|Z|²: s²d for a Gaussian base, s²dν/(ν − 2) for a Student-t base of ν > 2 degrees of freedom. For
  /// the other schedules the integral diverges.
  public static func actionBound(secondMoment: Double, baseMoment: Double) -> Double {
    Double.pi * Double.pi * (secondMoment + baseMoment) / 8
  }

  /// E|X|² of the data.
  public var secondMoment: Double {
    zip(data.mean, data.variance).reduce(0) { $0 + $1.0 * $1.0 + $1.1 }
  }
}
