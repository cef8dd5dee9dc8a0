internal import LinearAlgebra

/// The hybrid kernel at one time together with the kernel that training conditions on.
///
/// ```
/// u = B z + K e,   z ~ N(0, I) for unit Gaussian data
/// data:   z = x_0,                      B = M,        K = L
/// state:  z = (x_0, n), v_0 = v n,      B = Φ Σ_0^½,  K Kᵀ = C
/// ```
struct ConditioningKernel {
  let hybrid: Kernel
  /// B; with `sources` of 1 only the first column is not zero.
  let initial: BlockMatrix
  /// K, lower triangular.
  let factor: BlockMatrix
  /// The length of z.
  let sources: Int

  init(_ process: borrowing some ForwardProcess, conditioning: Conditioning, at t: Double) {
    hybrid = process.kernel(at: t)
    if process.blocks == 1 || conditioning == .data {
      initial = hybrid.mean.outer(BlockVector.first(process.blocks))
      factor = hybrid.cholesky
      sources = 1
    } else {
      let transition = process.transition(from: 0, to: t)
      var spread = process.initialVariance
      spread[0] = 1
      for i in 1..<spread.size { spread[i] = spread[i].squareRoot() }
      initial = transition.map * .diagonal(spread)
      factor = transition.covariance.cholesky()
      sources = process.blocks
    }
  }

  /// The input's whitening G, lower triangular: G (H + MMᵀ) Gᵀ = I.
  var whitening: BlockMatrix {
    BlockMatrix.factor(of: hybrid.cholesky, hybrid.mean.outer(.first(hybrid.mean.size))).inverse
  }

  /// Q for `posterior-mean`: r H⁻¹M.
  ///
  /// For u = 0 the score is Q F.
  var posteriorMeanOutput: BlockVector { hybrid.precisionMean.scaled(by: hybrid.residualScale) }

  /// Q for one `noise` block, F = ê_c − (KᵀPu)_c.
  ///
  /// The last block says s_v = −(Pu)_v − F/k_cc; the rest of the score follows through the posterior mean, which moves
  /// s along H⁻¹M. So Q = −H⁻¹M / (k_cc (H⁻¹M)_v), and its last element is −1/k_cc.
  var lastNoiseOutput: BlockVector {
    let direction = hybrid.precisionMean
    let last = direction.size - 1
    return direction.scaled(by: -1 / (factor[last, last] * direction[last]))
  }
}
