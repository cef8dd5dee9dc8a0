public import LinearAlgebra

/// Flow matching's straight path from data to noise, `flow-matching`.
///
/// ```
/// X_t = (1 − t) x_0 + t Z,   Z ~ N(0, 1),   dX/dt = E[Z − x_0 | X_t] = (X_t − E[x_0 | X_t])/t
/// ```
/// Lipman et al. 2023, arXiv 2210.02747; Liu, Gong and Liu 2023, arXiv 2209.03003; their time runs from noise to data.
/// The SDE with these marginals, ours, is dX = −X/(1−t) dt + √(2t/(1−t)) dB: at t = 1 both coefficients are infinite
/// and nothing of the data is left. `pathVelocity`, kernel and transitions hold there too.
public struct FlowMatching: ForwardProcess, Equatable {
  /// The last diffusion time T ≤ 1; at 1 the prior is exact.
  public let horizon: Double

  /// The path up to t = horizon.
  public init(horizon: Double = 1) {
    precondition(horizon > 0 && horizon <= 1, "horizon \(horizon)")
    self.horizon = horizon
  }

  /// One block: the process runs on the data alone.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// The variance at T of data of unit variance: one at T = 1.
  public var priorCovariance: BlockMatrix { BlockMatrix((1 - horizon) * (1 - horizon) + horizon * horizon) }
  /// τ = t.
  public func clock(_ t: Double) -> Double { t }
  /// A = −1/(1−t).
  public func drift(at t: Double) -> BlockMatrix { BlockMatrix(-1 / (1 - t)) }
  /// D = 2t/(1−t).
  public func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(2 * t / (1 - t)) }

  /// Φ = (1−t)/(1−s) and C = (t−s)(t+s−2st)/(1−s)² = t² − Φ²s², factored so that it does not cancel.
  public func transition(from s: Double, to t: Double) -> Transition {
    let left = 1 - s
    return Transition(
      map: BlockMatrix((1 - t) / left), covariance: BlockMatrix((t - s) * (t * left + s * (1 - t)) / (left * left)))
  }

  /// (u − E[x_0|u])/t, at t = 1 as before it.
  public func pathVelocity(at t: Double) -> PathVelocity {
    PathVelocity(state: BlockMatrix(1 / t), mean: BlockVector(-1 / t))
  }
}
