public import Diffusion
public import LinearAlgebra

/// A process whose generation starts from p_T's own two moments in place of the stationary law.
///
/// For data of zero mean and unit variance the position and velocity at T have the covariance MMᵀ + H. What remains of
/// the mixing error is only what two moments do not see.
public struct MomentMatchedStart: ForwardProcess {
  private let base: any ForwardProcess

  /// The same process, started from N(0, MMᵀ + H).
  public init(_ base: any ForwardProcess) { self.base = base }

  /// Those of the process.
  public var blocks: Int { base.blocks }
  /// That of the process.
  public var horizon: Double { base.horizon }
  /// That of the process.
  public func clock(_ t: Double) -> Double { base.clock(t) }
  /// That of the process.
  public func elapsed(from s: Double, to t: Double) -> Double { base.elapsed(from: s, to: t) }
  /// That of the process.
  public func rate(at t: Double) -> Double { base.rate(at: t) }
  /// That of the process.
  public func drift(at t: Double) -> BlockMatrix { base.drift(at: t) }
  /// That of the process.
  public func diffusion(at t: Double) -> BlockMatrix { base.diffusion(at: t) }
  /// That of the process.
  public func transition(from s: Double, to t: Double) -> Transition { base.transition(from: s, to: t) }
  /// That of the process.
  public var initialVariance: BlockVector { base.initialVariance }
  /// That of the process.
  public func kernel(at t: Double) -> Kernel { base.kernel(at: t) }
  /// That of the process.
  public func pathVelocity(at t: Double) -> PathVelocity { base.pathVelocity(at: t) }
  /// That of the process.
  public var stationaryCovariance: BlockMatrix? { base.stationaryCovariance }
  /// That of the process.
  public var noise: NoiseLaw { base.noise }

  /// MMᵀ + H at the horizon.
  public var priorCovariance: BlockMatrix {
    let kernel = base.kernel(at: base.horizon)
    return kernel.covariance + kernel.mean.outer(kernel.mean)
  }
}
