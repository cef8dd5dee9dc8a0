public import LinearAlgebra

/// A linear forward process du = A u dτ + N(0, D dτ) that carries data at t = 0 to noise at t = `horizon`.
///
/// The state has `blocks` blocks of d coordinates each, (x) or (x, v), laid out block-major: x_1 … x_d, v_1 … v_d.
/// A and D act alike on every coordinate. t ∈ [0, horizon] is the diffusion time and τ(t) the time in which the
/// process runs. A new process gives `blocks`, `horizon`, `clock`, `drift`, `diffusion`, `initialVariance` and
/// `priorCovariance`; kernels then follow, as long as A and D do not depend on t. One with another time than τ = t
/// gives `elapsed` and `rate` too.
public protocol ForwardProcess: Sendable {
  /// The number c of blocks: 1 for a process on the data alone, 2 for position and velocity, 3 with an acceleration.
  var blocks: Int { get }

  /// The last diffusion time T.
  var horizon: Double { get }

  /// The process's own time at diffusion time t.
  ///
  /// ```
  /// τ(t) = ∫₀ᵗ β
  /// ```
  func clock(_ t: Double) -> Double

  /// τ(t) − τ(s) for s ≤ t, without the cancellation of the two.
  func elapsed(from s: Double, to t: Double) -> Double

  /// β(t) = dτ/dt.
  func rate(at t: Double) -> Double

  /// The drift A at diffusion time t, per unit of τ.
  ///
  /// Where the kernel's mean vanishes at the horizon, A or the clock is infinite there; steps from it are taken with
  /// the posterior mean, by `pathVelocity` or by transitions.
  func drift(at t: Double) -> BlockMatrix

  /// The diffusion D = ΣΣᵀ at diffusion time t, per unit of τ.
  func diffusion(at t: Double) -> BlockMatrix

  /// The law of u_t given u_s, s ≤ t.
  func transition(from s: Double, to t: Double) -> Transition

  /// The variance of each block at t = 0 given the data: 0 for the data's own block, v² for the velocity.
  var initialVariance: BlockVector { get }

  /// The hybrid kernel: the law of u_t given x_0 alone, the other blocks of u_0 integrated out.
  func kernel(at t: Double) -> Kernel

  /// The probability flow at time t, written with the posterior mean in place of the score.
  func pathVelocity(at t: Double) -> PathVelocity

  /// The covariance S of the law N(0, S ⊗ I) from which generation starts; for a Student-t base, its scale matrix.
  var priorCovariance: BlockMatrix { get }

  /// The covariance S of the law N(0, S ⊗ I) that the process leaves alone; nil where there is none.
  ///
  /// ```
  /// A S + S Aᵀ + D = 0   at every t
  /// ```
  var stationaryCovariance: BlockMatrix? { get }

  /// The law of the noise e in u = M x_0 + L e.
  ///
  /// For any but the Gaussian there is no linear SDE behind the marginals: `drift`, `diffusion` and `transition` must
  /// not be asked for, and `Kernel.denoise` does not hold.
  var noise: NoiseLaw { get }
}

extension ForwardProcess {
  /// The difference of the two clocks, enough where τ = t; a process with another τ gives its own form.
  public func elapsed(from s: Double, to t: Double) -> Double { clock(t) - clock(s) }

  /// One, enough where τ = t; a process with another τ gives its own form.
  public func rate(at t: Double) -> Double { 1 }

  /// None, unless a process says otherwise.
  public var stationaryCovariance: BlockMatrix? { nil }

  /// The normal law.
  public var noise: NoiseLaw { .gaussian }

  /// Whether there is a linear SDE with finite coefficients and clock up to the horizon.
  ///
  /// There is none where nothing of the data is left at the horizon, nor for noise that is not Gaussian.
  public var isRegular: Bool {
    noise == .gaussian && clock(horizon).isFinite && drift(at: horizon).norm.isFinite
  }

  /// By Tweedie's formula, s = H⁻¹(M E[x_0|u] − u), in −½D s.
  public func pathVelocity(at t: Double) -> PathVelocity {
    let kernel = kernel(at: t)
    let (half, inverse) = (diffusion(at: t).scaled(by: 0.5), kernel.cholesky.inverse)
    return PathVelocity(
      state: (drift(at: t) + half * (inverse.transpose * inverse)).scaled(by: rate(at: t)),
      mean: (half * kernel.precisionMean).scaled(by: -rate(at: t)))
  }

  /// The transition of a process whose A and D do not depend on t; accurate to rounding in every element.
  public func transition(from s: Double, to t: Double) -> Transition {
    let flow = BlockMatrix.flow(drift: drift(at: s), diffusion: diffusion(at: s), over: elapsed(from: s, to: t))
    return Transition(map: flow.map, covariance: flow.covariance)
  }

  /// The kernel that the transition from 0 gives.
  ///
  /// ```
  /// M = Φ e_x,   H = C + Φ diag(initialVariance) Φᵀ
  /// ```
  public func kernel(at t: Double) -> Kernel {
    let transition = transition(from: 0, to: t)
    // A single block is the data's own, and starts without spread.
    guard blocks > 1 else { return Kernel(mean: transition.map.column(0), covariance: transition.covariance) }
    let spread = transition.map * .diagonal(initialVariance.squareRoot)
    return Kernel(
      mean: transition.map.column(0), covariance: transition.covariance + spread * spread.transpose,
      cholesky: .factor(of: transition.covariance.cholesky(), spread))
  }
}

/// The law of u_t given u_s, alike for every coordinate.
///
/// ```
/// u_t = Φ u_s + N(0, C)
/// ```
@frozen
public struct Transition: Sendable, Equatable {
  /// Φ, shape c×c.
  public var map: BlockMatrix
  /// C, shape c×c.
  public var covariance: BlockMatrix

  /// The transition of a given map and covariance.
  @inlinable
  public init(map: BlockMatrix, covariance: BlockMatrix) {
    precondition(map.size == covariance.size, "sizes \(map.size) and \(covariance.size)")
    self.map = map
    self.covariance = covariance
  }
}
