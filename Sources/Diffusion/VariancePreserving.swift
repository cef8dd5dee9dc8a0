public import LinearAlgebra
internal import RealFunctions

/// The variance-preserving process, `variance-preserving` in experiment files.
///
/// ```
/// dX = −½ X dτ + dB_τ,   X_t = m x_0 + √(1 − m²) e,   m = e^{−τ/2}
/// ```
/// Song et al. 2021, arXiv 2011.13456, eq. 11.
public struct VariancePreserving: ForwardProcess, Equatable {
  /// How τ runs with t.
  public let schedule: NoiseSchedule
  /// The last diffusion time T, where the schedule ends.
  public let horizon: Double

  /// The process of a noise schedule on [0, horizon].
  public init(schedule: NoiseSchedule = ProcessOptions.standard.noiseSchedule, horizon: Double = 1) {
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.schedule = schedule
    self.horizon = horizon
  }

  /// One block: the process runs on the data alone.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// One, the variance that the process preserves.
  public var priorCovariance: BlockMatrix { BlockMatrix(1) }
  /// One: the prior.
  public var stationaryCovariance: BlockMatrix? { priorCovariance }
  /// τ(t), the schedule's β integrated from 0.
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  /// The schedule's β.
  public func rate(at t: Double) -> Double { schedule.rate(at: t, horizon: horizon) }
  /// A = −½ at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-0.5) }
  /// D = 1 at every t.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(1) }

  /// τ(t) − τ(s) in the schedule's closed form, which does not cancel for s near t.
  public func elapsed(from s: Double, to t: Double) -> Double {
    schedule.elapsed(from: s, to: t, horizon: horizon)
  }

  /// Φ = e^{−τ/2} and C = 1 − e^{−τ} for the τ elapsed; C does not cancel at small τ.
  public func transition(from s: Double, to t: Double) -> Transition {
    let tau = elapsed(from: s, to: t)
    return Transition(map: BlockMatrix(exp(-0.5 * tau)), covariance: BlockMatrix(-expm1(-tau)))
  }
}
