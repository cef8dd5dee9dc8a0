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

  /// Both kernels at time t, of which `hybrid` is the process's own where it is known already.
  init(
    _ process: borrowing some ForwardProcess, hybrid: Kernel? = nil, conditioning: Conditioning, at t: Double
  ) {
    if let hybrid { self.hybrid = hybrid } else { self.hybrid = process.kernel(at: t) }
    if process.blocks == 1 || conditioning == .data {
      initial = self.hybrid.mean.outer(BlockVector.first(process.blocks))
      factor = self.hybrid.cholesky
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
}
