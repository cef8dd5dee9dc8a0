internal import Glibc
public import LinearAlgebra

/// The variance-preserving process (`variance-preserving`; Song et al. 2021, arXiv 2011.13456, eq. 11).
///
/// ```
/// dX = −½ X dτ + dB_τ,   X_t = m x_0 + √(1 − m²) e,   m = e^{−τ/2}
/// ```
public struct VariancePreserving: ForwardProcess, Equatable {
  /// How τ runs with t.
  public let schedule: NoiseSchedule
  public let horizon: Double

  /// The process of a noise schedule on [0, horizon].
  public init(schedule: NoiseSchedule = .linear(min: 0.1, max: 20), horizon: Double = 1) {
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.schedule = schedule
    self.horizon = horizon
  }

  public var blocks: Int { 1 }
  public var initialVariance: BlockVector { BlockVector(0) }
  public var priorCovariance: BlockMatrix { BlockMatrix(1) }
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-0.5) }
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(1) }

  public func elapsed(from s: Double, to t: Double) -> Double {
    schedule.elapsed(from: s, to: t, horizon: horizon)
  }

  public func transition(from s: Double, to t: Double) -> Transition {
    let tau = elapsed(from: s, to: t)
    return Transition(map: BlockMatrix(exp(-0.5 * tau)), covariance: BlockMatrix(-expm1(-tau)))
  }
}
