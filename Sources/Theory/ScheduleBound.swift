public import Diffusion
internal import LinearAlgebra
internal import RealFunctions
public import Sampling

/// One member of a family of noise schedules: bounds beside what Gaussian data measures.
public struct SchedulePoint: Sendable, Equatable {
  /// a.
  public var rate: Double
  /// The bound KL(data‖N(0,I)) e^{−∫β}.
  public var mixingBound: Double
  /// The bound 2hβ(T) max(hβ(T)/4, 1) I(data‖N(0,I)).
  public var discretisationBound: Double
  /// KL(data‖generated), exact.
  public var divergence: Double
  /// The telescoped bound on W2: see ``ErrorBound``.
  public var wassersteinBound: Double
  /// W2(data, generated), exact.
  public var wasserstein: Double

  /// The bound on KL, the sum of its two parts.
  public var divergenceBound: Double { mixingBound + discretisationBound }
}

/// The exponential schedules β_a for Gaussian data and the variance-preserving process.
///
/// β_a(t) = β_min + (β_max − β_min)(e^{at} − 1)/(e^{aT} − 1): Strasman et al. 2024, arXiv 2402.04650.
///
/// ```
/// KL(data‖X) ≤ KL(data‖N(0,I)) e^{−∫β} + learning + 2hβ(T) max(hβ(T)/4, 1) I(data‖N(0,I))
/// ```
/// The first part follows from the log-Sobolev constant 1 of N(0, I): dKL/dτ = −½I ≤ −KL. The last is their theorem
/// for an increasing β, unit stationary variance and steps of equal h. Here the score is exact: no learning term.
public struct ScheduleFamily: Sendable {
  /// The least β, at t = 0.
  public var minimum: Double
  /// The largest β, at t = T.
  public var maximum: Double
  /// T.
  public var horizon: Double
  /// The number of equal steps.
  public var steps: Int

  /// The family with the usual ends of β.
  public init(minimum: Double = 0.1, maximum: Double = 20, horizon: Double = 1, steps: Int = 200) {
    self.minimum = minimum
    self.maximum = maximum
    self.horizon = horizon
    self.steps = steps
  }

  /// The process with a given a; a = 0 is the linear schedule.
  public func process(rate: Double) -> VariancePreserving {
    let schedule =
      rate == 0
      ? NoiseSchedule.linear(min: minimum, max: maximum)
      : NoiseSchedule.exponential(min: minimum, max: maximum, rate: rate)
    return VariancePreserving(schedule: schedule, horizon: horizon)
  }

  /// Bounds and measured errors of Euler–Maruyama at one a.
  public func point(rate: Double, _ data: GaussianData, sampler: any Sampler = EulerMaruyama()) -> SchedulePoint {
    let process = process(rate: rate)
    let prior = process.prior(dimension: data.dimension)
    let times = MomentRecursion.uniformTimes(from: horizon, steps: steps)
    let recursion = MomentRecursion(process: process, data: data, sampler: sampler)
    let end = recursion.end(of: prior, over: times)
    let bound = recursion.errorBound(over: times, perturbation: ScorePerturbation())
    let h = horizon / Double(steps)
    let information = data.law.relativeFisherInformation(from: prior)
    return SchedulePoint(
      rate: rate, mixingBound: data.law.divergence(from: prior) * exp(-process.clock(horizon)),
      discretisationBound: 2 * h * maximum * max(0.25 * h * maximum, 1) * information,
      divergence: data.law.divergence(from: end), wassersteinBound: bound.mixing + bound.discretisation,
      wasserstein: data.law.wasserstein(to: end))
  }
}
