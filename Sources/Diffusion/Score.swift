public import LinearAlgebra

/// A score function s(u, t) = ∇ log p_t(u) of a forward process.
///
/// Conformers may own buffers, hence `~Copyable` and `mutating`.
public protocol Score: ~Copyable {
  /// The process whose marginals p_t are meant.
  var process: any ForwardProcess { get }

  /// The number d of data coordinates.
  var dimension: Int { get }

  /// Writes ∇ log p_t for every row of `state`.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, blocks × dimension]`, block-major.
  ///   - t: the diffusion time, in (0, horizon].
  ///   - score: the result, of the same shape; every element finite.
  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix)
}

extension Kernel {
  /// The posterior mean E[x_0 | u] from the score, by Tweedie's formula.
  ///
  /// ```
  /// H s = M E[x_0|u] − u,   so   E[x_0|u] = Mᵀ(H⁻¹u + s) / (MᵀH⁻¹M)
  /// ```
  /// With two blocks this is the least-squares reading of two equations for one unknown, weighted by H⁻¹. Where a
  /// score's blocks agree it is exact; a score learned with errors in both loses less than from its last block alone,
  /// which for ε > 0 multiplies the error by ε²/(a²v²) at small times.
  ///
  /// - Parameters:
  ///   - state: u, shape `[rows, blocks × dimension]`.
  ///   - score: s at u, of the same shape.
  ///   - mean: the result, shape `[rows, dimension]`.
  public func denoise(_ state: borrowing Matrix, score: borrowing Matrix, into mean: inout Matrix) {
    let weights = tweedie
    mean.assign(weights.state, times: state, dimension: mean.columns)
    mean.add(weights.score, times: score, dimension: mean.columns)
  }

  /// The coefficients of `denoise`, in the first row of each matrix: H⁻¹M / snr for the state and
  /// M / snr for the score.
  public var tweedie: (state: BlockMatrix, score: BlockMatrix) {
    let first = BlockVector.first(mean.size).scaled(by: 1 / signalToNoise)
    return (first.outer(precisionMean), first.outer(mean))
  }
}
