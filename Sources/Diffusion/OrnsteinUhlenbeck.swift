public import LinearAlgebra
internal import RealFunctions

/// The Ornstein–Uhlenbeck process (`ornstein-uhlenbeck`), with stationary law N(0, I).
///
/// ```
/// dX = −X dt + √2 dB,   X_t = e^{−t} x_0 + √(1 − e^{−2t}) e
/// ```
public struct OrnsteinUhlenbeck: ForwardProcess, Equatable {
  /// The last diffusion time T; the data's share of the state there is e^{−T}.
  public let horizon: Double

  /// The process on [0, horizon]; at the default, e^{−T} is 0.7 %.
  public init(horizon: Double = 5) {
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.horizon = horizon
  }

  /// One block: the process runs on the data alone.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// One, the stationary variance.
  public var priorCovariance: BlockMatrix { BlockMatrix(1) }
  /// One: the prior.
  public var stationaryCovariance: BlockMatrix? { priorCovariance }
  /// τ = t.
  public func clock(_ t: Double) -> Double { t }
  /// A = −1 at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-1) }
  /// D = 2 at every t.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(2) }

  /// Φ = e^{−(t−s)} and C = 1 − e^{−2(t−s)}, where C does not cancel at small t − s.
  public func transition(from s: Double, to t: Double) -> Transition {
    Transition(map: BlockMatrix(exp(s - t)), covariance: BlockMatrix(-expm1(2 * (s - t))))
  }
}
