public import Diffusion
internal import LinearAlgebra

/// How the error of starting from the prior falls with the horizon, in continuous time and exactly.
public struct MixingStudy: Sendable {
  /// One horizon.
  public struct Point: Sendable, Equatable {
    /// T.
    public var horizon: Double
    /// b, the data's share of the position at T: e^{−aT}(1 + aT) at critical damping, e^{−T} for OU.
    public var decay: Double
    /// W2(p_T, prior).
    public var marginal: Double
    /// W2 of the data and what the reverse SDE makes of the prior.
    public var sde: Double
    /// The same by the probability flow.
    public var flow: Double
  }

  /// The data.
  public let data: GaussianData
  private let process: @Sendable (Double) -> any ForwardProcess

  /// A study of the processes that `process` gives for each horizon.
  public init(data: GaussianData, process: @escaping @Sendable (Double) -> any ForwardProcess) {
    self.data = data
    self.process = process
  }

  /// The errors at one horizon, in phase space.
  public func point(horizon: Double) -> Point {
    let process = process(horizon)
    let prior = process.prior(dimension: data.dimension)
    let reverse = ReverseInContinuousTime(process: process, data: data)
    let start = data.marginal(process, at: 0)
    return Point(
      horizon: horizon, decay: abs(process.transition(from: 0, to: horizon).map[0, 0]),
      marginal: data.marginal(process, at: horizon).wasserstein(to: prior),
      sde: reverse.end(of: prior, by: .sde).wasserstein(to: start),
      flow: reverse.end(of: prior, by: .flow).wasserstein(to: start))
  }

  /// The errors at several horizons.
  public func points(horizons: [Double]) -> [Point] { horizons.map(point(horizon:)) }
}
