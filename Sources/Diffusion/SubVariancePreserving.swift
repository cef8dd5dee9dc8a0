public import LinearAlgebra
internal import RealFunctions

/// The sub-variance-preserving process, `sub-variance-preserving`.
///
/// ```
/// dX = −½ X dτ + √(1 − e^{−2τ}) dB_τ,   X_t = m x_0 + (1 − m²) e,   m = e^{−τ/2}
/// ```
/// Song et al. 2021, arXiv 2011.13456, eq. 15 and appendix B.
public struct SubVariancePreserving: ForwardProcess, Equatable {
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
  /// One, which is reached only as τ → ∞: no law is stationary before.
  public var priorCovariance: BlockMatrix { BlockMatrix(1) }
  /// τ(t), the schedule's β integrated from 0.
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }
  /// The schedule's β.
  public func rate(at t: Double) -> Double { schedule.rate(at: t, horizon: horizon) }
  /// A = −½ at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-0.5) }
  /// D = 1 − e^{−2τ}.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(-expm1(-2 * clock(t))) }

  /// τ(t) − τ(s) in the schedule's closed form, which does not cancel for s near t.
  public func elapsed(from s: Double, to t: Double) -> Double {
    schedule.elapsed(from: s, to: t, horizon: horizon)
  }

  /// Φ = e^{−Δ/2} and C = (1 − e^{−Δ})(1 − e^{−τ(s)−τ(t)}) for the Δ elapsed.
  ///
  /// C is (1 − e^{−τ(t)})² − Φ²(1 − e^{−τ(s)})², factored so that it does not cancel.
  public func transition(from s: Double, to t: Double) -> Transition {
    let delta = elapsed(from: s, to: t)
    let sum = 2 * clock(s) + delta
    return Transition(map: BlockMatrix(exp(-0.5 * delta)), covariance: BlockMatrix(expm1(-delta) * expm1(-sum)))
  }
}
