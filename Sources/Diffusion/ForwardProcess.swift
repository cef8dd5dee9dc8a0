public import LinearAlgebra

/// A linear forward process du = A u dτ + N(0, D dτ) that carries data at t = 0 to noise at t = `horizon`.
///
/// The state has `blocks` blocks of d coordinates each, (x) or (x, v), laid out block-major: x_1 … x_d, v_1 … v_d.
/// A and D act alike on every coordinate. t ∈ [0, horizon] is the diffusion time and τ(t) the time in which the
/// process runs. A new process gives `blocks`, `horizon`, `clock`, `drift`, `diffusion`, `initialVariance` and
/// `priorCovariance`; kernels then follow, as long as A and D do not depend on t.
public protocol ForwardProcess: Sendable {
  /// The number c of blocks: 1 for a process on the data alone, 2 for position and velocity.
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

  /// The drift A at diffusion time t, per unit of τ.
  func drift(at t: Double) -> BlockMatrix

  /// The diffusion D = ΣΣᵀ at diffusion time t, per unit of τ.
  func diffusion(at t: Double) -> BlockMatrix

  /// The law of u_t given u_s, s ≤ t.
  func transition(from s: Double, to t: Double) -> Transition

  /// The variance of each block at t = 0 given the data: 0 for the data's own block, v² for the velocity.
  var initialVariance: BlockVector { get }

  /// The hybrid kernel: the law of u_t given x_0 alone, the other blocks of u_0 integrated out.
  func kernel(at t: Double) -> Kernel

  /// The covariance S of the law N(0, S ⊗ I) from which generation starts.
  var priorCovariance: BlockMatrix { get }
}

extension ForwardProcess {
  /// The difference of the two clocks, enough where τ = t; a process with another τ gives its own form.
  public func elapsed(from s: Double, to t: Double) -> Double { clock(t) - clock(s) }

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
    let spread = transition.map * .diagonal(initialVariance) * transition.map.transpose
    return Kernel(mean: transition.map.column(0), covariance: transition.covariance + spread)
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
