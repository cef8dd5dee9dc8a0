public import LinearAlgebra

/// The probability flow at one time, written with the posterior mean in place of the score.
///
/// ```
/// du/dt = state · u + mean · E[x_0|u]
/// one block, m(t) and σ(t):   du/dt = (σ'/σ) u + (m' − m σ'/σ) E[x_0|u]
/// ```
/// It stays finite where the kernel's mean vanishes and the score's form, (m'/m) u − ½D s, is ∞ − ∞. In generation time
/// the flow runs backwards. Written with β: per unit of t, not of τ.
@frozen
public struct PathVelocity: Sendable, Equatable {
  /// The factor of the state, shape c×c.
  public var state: BlockMatrix
  /// The factor of the posterior mean, c elements.
  public var mean: BlockVector

  /// The velocity of given factors.
  public init(state: BlockMatrix, mean: BlockVector) {
    precondition(state.size == mean.size, "sizes \(state.size) and \(mean.size)")
    self.state = state
    self.mean = mean
  }
}
