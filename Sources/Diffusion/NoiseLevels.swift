public import LinearAlgebra

/// The noise itself as time: the data with noise of standard deviation t, whatever process it came from.
///
/// ```
/// dX = √(2t) dB,   X_t = x_0 + t e,   t ≤ T
/// ```
/// A network that sees the noisy data alone (`NetworkInput.noisyData`) learns on it for every process whose noise
/// σ = snr^{−½} stays within the levels: the denoiser of Karras et al. 2022 (arXiv 2206.00364).
public struct NoiseLevels: ForwardProcess, Equatable {
  /// The largest noise T.
  public let horizon: Double

  /// The levels up to a largest one.
  public init(horizon: Double) {
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    self.horizon = horizon
  }

  /// One block: the data.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// T² + 1, the variance at T of data of unit variance.
  public var priorCovariance: BlockMatrix { BlockMatrix(horizon * horizon + 1) }
  /// τ = t².
  public func clock(_ t: Double) -> Double { t * t }
  /// (t − s)(t + s).
  public func elapsed(from s: Double, to t: Double) -> Double { (t - s) * (t + s) }
  /// 2t.
  public func rate(at t: Double) -> Double { 2 * t }
  /// A = 0 at every t.
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(0) }
  /// D = 1 at every t.
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(1) }

  /// Φ = 1 and C = t² − s².
  public func transition(from s: Double, to t: Double) -> Transition {
    Transition(map: BlockMatrix(1), covariance: BlockMatrix(elapsed(from: s, to: t)))
  }
}
