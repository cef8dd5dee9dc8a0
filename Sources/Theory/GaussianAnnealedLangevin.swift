internal import LinearAlgebra
internal import RealFunctions

/// What a slow annealed Langevin dynamics reaches, beside the bounds on its bias.
public struct AnnealedBias: Sendable, Equatable {
  /// κ, the speed: s runs to 1/κ.
  public var speed: Double
  /// KL(μ_1‖law Y_{1/κ}), exact by its moment equations.
  public var divergence: Double
  /// κ𝒜/4 + KL(μ_0‖base).
  public var actionBound: Double
  /// (κ/2)∫|μ'_t|² exp(−κ⁻¹∫_t^1 dr/C_r)dt + KL(μ_0‖base) e^{−κ⁻¹∫dr/C_r}, C_r the log-Sobolev constant of Y_{r/κ}.
  public var sharpenedBound: Double
}

/// Diffusion annealed Langevin dynamics on Gaussian data, by exact moment equations.
///
/// ```
/// overdamped    dY = ∇log μ_{κs}(Y) ds + √2 dB
/// underdamped   dY = V ds,  dV = (∇log μ_{κs}(Y) − γV) ds + √(2γ) dB
/// Nelson        dY = (∇log μ_{κs} + κ v_{κs})(Y) ds + √2 dB, whose marginals are μ_{κs}
/// ```
/// All start from the base N(0, s²I), the underdamped with V ~ N(0, I). Per coordinate and in t = κs,
/// κ mean' = −(mean − √λ m)/v and κ var' = −2 var/v + 2 for the overdamped.
public struct GaussianAnnealedLangevin: Sendable, Equatable {
  /// How the samples move.
  public enum Dynamics: Sendable, Equatable {
    case overdamped
    case nelson
    /// With friction γ.
    case underdamped(friction: Double)
  }

  /// The path that is followed.
  public let path: GaussianAnnealedPath

  /// The dynamics along a path.
  public init(path: GaussianAnnealedPath) { self.path = path }

  /// The law at t = 1 at speed κ: one block, or position and velocity for the underdamped dynamics.
  ///
  /// The classical Runge–Kutta method in t, at least 4,000 steps and 20 to each relaxation time; relative error below
  /// 1e-8.
  public func end(speed: Double, _ dynamics: Dynamics = .overdamped) -> GaussianLaw {
    var laws = start(dynamics)
    let steps = stepCount(speed: speed, dynamics)
    let h = 1 / Double(steps)
    for k in 0..<steps {
      let t = h * Double(k)
      for i in laws.indices { laws[i] = step(laws[i], i, t, h, speed, dynamics) }
    }
    return GaussianLaw(laws)
  }

  /// KL of the target from what the overdamped dynamics reaches, with both bounds.
  public func bias(speed: Double) -> AnnealedBias {
    let (first, last) = (path.marginal(at: 0), path.marginal(at: 1))
    let base = GaussianLaw(start(.overdamped))
    let steps = stepCount(speed: speed, .overdamped)
    let h = 1 / Double(steps)
    var laws = base.coordinates
    // E' = |μ'|²κ/2 − E/(κC) for the sharpened bound E, by the trapezoidal rule with the exact decay of each step.
    var sharpened = first.divergence(from: base)
    let initial = sharpened
    var (speedHere, constantHere) = (path.squaredSpeed(at: 0.5 * h * 1e-3), largestVariance(laws))
    for k in 0..<steps {
      let t = h * Double(k)
      for i in laws.indices { laws[i] = step(laws[i], i, t, h, speed, .overdamped) }
      let (speedNext, constantNext) = (path.squaredSpeed(at: t + h), largestVariance(laws))
      let decay = exp(-h * 0.5 * (1 / constantHere + 1 / constantNext) / speed)
      sharpened = sharpened * decay + 0.5 * speed * h * 0.5 * (speedHere * decay + speedNext)
      (speedHere, constantHere) = (speedNext, constantNext)
    }
    return AnnealedBias(
      speed: speed, divergence: last.divergence(from: GaussianLaw(laws)),
      actionBound: 0.25 * speed * path.action + initial, sharpenedBound: sharpened)
  }

  private func largestVariance(_ laws: [GaussianMoments]) -> Double {
    laws.reduce(0) { max($0, $1.covariance[0, 0]) }
  }

  private func start(_ dynamics: Dynamics) -> [GaussianMoments] {
    let s2 = path.baseVariance
    return path.data.mean.map { _ in
      if case .underdamped = dynamics {
        return GaussianMoments(mean: BlockVector(0, 0), covariance: BlockMatrix(s2, 0, 0, 1))
      }
      // Nelson's process starts from μ_0, which is the base where λ(0) = 0.
      return GaussianMoments(mean: BlockVector(0), covariance: BlockMatrix(s2))
    }
  }

  private func stepCount(speed: Double, _ dynamics: Dynamics) -> Int {
    let smallest = path.data.variance.reduce(path.baseVariance) { min($0, $1) }
    var rate = 2 / smallest
    if case .underdamped(let friction) = dynamics { rate = 2 * friction + 2 / smallest }
    return max(4000, Int(20 * rate / speed))
  }

  private func step(
    _ law: GaussianMoments, _ i: Int, _ t: Double, _ h: Double, _ speed: Double, _ dynamics: Dynamics
  ) -> GaussianMoments {
    func slope(_ law: GaussianMoments, _ t: Double) -> GaussianMoments {
      derivative(law, i, t, speed, dynamics)
    }
    let k1 = slope(law, t)
    let k2 = slope(law.moved(by: k1, 0.5 * h), t + 0.5 * h)
    let k3 = slope(law.moved(by: k2, 0.5 * h), t + 0.5 * h)
    let k4 = slope(law.moved(by: k3, h), t + h)
    return law.moved(by: k1, h / 6).moved(by: k2, h / 3).moved(by: k3, h / 3).moved(by: k4, h / 6)
  }

  /// d/dt of mean and covariance: du = (F u + f)dt + N(0, D dt) gives Fm + f and FC + CFᵀ + D.
  private func derivative(
    _ law: GaussianMoments, _ i: Int, _ t: Double, _ speed: Double, _ dynamics: Dynamics
  ) -> GaussianMoments {
    let (level, slope) = path.schedule.level(at: t)
    let (m, q) = (path.data.mean[i], path.data.variance[i])
    let v = level * q + (1 - level) * path.baseVariance
    let centre = level.squareRoot() * m
    let factor: BlockMatrix
    var offset: BlockVector
    let noise: BlockMatrix
    switch dynamics {
    case .overdamped, .nelson:
      var pull = -1 / (v * speed)
      var push = 0.0
      if dynamics == .nelson {
        pull += 0.5 * slope * (q - path.baseVariance) / v
        push = m == 0 ? 0 : path.schedule.rootSlope(at: t) * m
      }
      factor = BlockMatrix(pull)
      offset = BlockVector(push - pull * centre)
      noise = BlockMatrix(2 / speed)
    case .underdamped(let friction):
      factor = BlockMatrix(0, 1, -1 / v, -friction).scaled(by: 1 / speed)
      offset = BlockVector(0, centre / (v * speed))
      noise = BlockMatrix(0, 0, 0, 2 * friction / speed)
    }
    offset = factor * law.mean + offset
    return GaussianMoments(
      mean: offset, covariance: factor * law.covariance + law.covariance * factor.transpose + noise)
  }
}

extension GaussianMoments {
  fileprivate func moved(by slope: GaussianMoments, _ h: Double) -> GaussianMoments {
    GaussianMoments(mean: mean + slope.mean.scaled(by: h), covariance: covariance + slope.covariance.scaled(by: h))
  }
}
