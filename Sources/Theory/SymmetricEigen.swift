public import LinearAlgebra

extension BlockMatrix {
  /// The eigenvalues of a symmetric matrix and its orthonormal eigenvectors as columns, by cyclic Jacobi rotations;
  /// accurate to rounding times the norm.
  public func symmetricEigen() -> (values: BlockVector, vectors: BlockMatrix) {
    var (a, v) = (self, BlockMatrix.identity(size))
    // Jacobi converges quadratically: three or four sweeps reach rounding at size 3.
    for _ in 0..<12 {
      for p in 0..<size { for q in p + 1..<max(size, p + 1) { a.rotate(p, q, &v) } }
    }
    var values = BlockVector(size: size, repeating: 0)
    for i in 0..<size { values[i] = a[i, i] }
    return (values, v)
  }

  private mutating func rotate(_ p: Int, _ q: Int, _ vectors: inout BlockMatrix) {
    guard self[p, q] != 0 else { return }
    let theta = (self[q, q] - self[p, p]) / (2 * self[p, q])
    let t = (theta < 0 ? -1.0 : 1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    var rotation = BlockMatrix.identity(size)
    (rotation[p, p], rotation[q, q], rotation[p, q], rotation[q, p]) = (c, c, t * c, -t * c)
    self = rotation.transpose * self * rotation
    (self[p, q], self[q, p]) = (0, 0)
    vectors = vectors * rotation
  }

  /// f of a symmetric matrix: its eigenvectors with f of its eigenvalues.
  public func applyingSymmetric(_ f: (Double) -> Double) -> BlockMatrix {
    var (values, vectors) = symmetricEigen()
    for i in 0..<size { values[i] = f(values[i]) }
    return vectors * .diagonal(values) * vectors.transpose
  }

  /// ½(A + Aᵀ).
  public var symmetricPart: BlockMatrix { (self + transpose).scaled(by: 0.5) }

  /// The largest eigenvalue of a symmetric matrix.
  public var largestEigenvalue: Double {
    let values = symmetricEigen().values
    return (0..<size).reduce(-Double.infinity) { max($0, values[$1]) }
  }

  /// The smallest eigenvalue of a symmetric matrix.
  public var smallestEigenvalue: Double { -scaled(by: -1).largestEigenvalue }

  /// The Euclidean operator norm, the largest singular value.
  public var spectralNorm: Double { max(0, (transpose * self).largestEigenvalue).squareRoot() }
}
