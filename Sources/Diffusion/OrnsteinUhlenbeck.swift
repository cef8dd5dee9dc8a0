internal import Glibc
public import LinearAlgebra

/// The Ornstein–Uhlenbeck process (`ornstein-uhlenbeck`), with stationary law N(0, I).
///
/// ```
/// dX = −X dt + √2 dB,   X_t = e^{−t} x_0 + √(1 − e^{−2t}) e
/// ```
public struct OrnsteinUhlenbeck: ForwardProcess, Equatable {
  public let horizon: Double

  /// The process on [0, horizon]; at the default, e^{−T} is 0.7 %.
  public init(horizon: Double = 5) {
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.horizon = horizon
  }

  public var blocks: Int { 1 }
  public var initialVariance: BlockVector { BlockVector(0) }
  public var priorCovariance: BlockMatrix { BlockMatrix(1) }
  public func clock(_ t: Double) -> Double { t }
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-1) }
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(2) }

  public func transition(from s: Double, to t: Double) -> Transition {
    Transition(map: BlockMatrix(exp(s - t)), covariance: BlockMatrix(-expm1(2 * (s - t))))
  }
}
