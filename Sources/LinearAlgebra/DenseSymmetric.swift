internal import RealFunctions

/// The lower Cholesky factor of a dense symmetric positive matrix, in Double: A = L Lᵀ.
///
/// A pivot below 1e-12 of its diagonal element is held there: a direction that rounding cannot tell from none.
public struct DenseCholesky: Sendable {
  /// The number of rows.
  public let size: Int
  /// L, row-major; the upper triangle is 0.
  public private(set) var factor: [Double]

  /// The factor of a row-major matrix, of which only the lower triangle is read.
  public init(_ matrix: [Double], size: Int) {
    self.size = size
    factor = [Double](repeating: 0, count: size * size)
    replace(by: matrix)
  }

  /// Makes it the factor of another matrix of the same size, in the memory that it has.
  public mutating func replace(by matrix: [Double]) {
    precondition(matrix.count == size * size, "\(matrix.count) elements for size \(size)")
    for i in 0..<size {
      for j in 0...i {
        var sum = matrix[i * size + j]
        for k in 0..<j { sum -= factor[i * size + k] * factor[j * size + k] }
        let least = max(1e-12 * abs(matrix[i * size + i]), Double.leastNormalMagnitude)
        factor[i * size + j] = i == j ? max(sum, least).squareRoot() : sum / factor[j * size + j]
      }
    }
  }

  /// L⁻¹x.
  public func solveLower(_ x: [Double]) -> [Double] {
    var x = x
    solveLower(inPlace: &x)
    return x
  }

  /// x ← L⁻¹x.
  public func solveLower(inPlace x: inout [Double]) {
    for i in 0..<size {
      for k in 0..<i { x[i] -= factor[i * size + k] * x[k] }
      x[i] /= factor[i * size + i]
    }
  }

  /// L⁻ᵀx.
  public func solveUpper(_ x: [Double]) -> [Double] {
    var x = x
    solveUpper(inPlace: &x)
    return x
  }

  /// x ← L⁻ᵀx.
  public func solveUpper(inPlace x: inout [Double]) {
    for i in (0..<size).reversed() {
      for k in i + 1..<max(size, i + 1) { x[i] -= factor[k * size + i] * x[k] }
      x[i] /= factor[i * size + i]
    }
  }

  /// x ← Lᵀx.
  public func multiplyUpper(inPlace x: inout [Double]) {
    for i in 0..<size {
      var sum = 0.0
      for k in i..<size { sum += factor[k * size + i] * x[k] }
      x[i] = sum
    }
  }

  /// ½ ln det A, by the diagonal of L.
  public var halfLogDeterminant: Double { (0..<size).reduce(0) { $0 + log(factor[$1 * size + $1]) } }
}

/// The eigenvalues of a dense symmetric matrix and its orthonormal eigenvectors, by cyclic Jacobi rotations: accurate to
/// rounding times the norm.
///
/// - Parameters:
///   - matrix: row-major `[size, size]`, symmetric.
///   - size: the number of rows.
/// - Returns: the eigenvalues in no order, and a row-major matrix whose columns are their vectors.
public func symmetricEigen(_ matrix: [Double], size: Int) -> (values: [Double], vectors: [Double]) {
  var (a, vectors) = (matrix, [Double](repeating: 0, count: size * size))
  diagonalise(&a, &vectors, size: size)
  return ((0..<size).map { a[$0 * size + $0] }, vectors)
}

/// The same in memory that is there: the eigenvalues take the diagonal's place.
///
/// - Parameters:
///   - a: row-major `[size, size]`, symmetric; its diagonal is D of A = VDVᵀ afterwards.
///   - v: becomes V, row-major; its columns are the eigenvectors.
///   - size: the number of rows.
public func diagonalise(_ a: inout [Double], _ v: inout [Double], size: Int) {
  let n = size
  precondition(a.count == n * n && v.count == n * n, "\(a.count) and \(v.count) elements for size \(n)")
  for i in 0..<n { for j in 0..<n { v[i * n + j] = i == j ? 1 : 0 } }
  // Quadratic convergence: six to eight sweeps at the sizes met here.
  for _ in 0..<30 {
    var (off, all) = (0.0, 0.0)
    for i in 0..<n { for j in 0..<n { all += a[i * n + j] * a[i * n + j] } }
    for i in 0..<n { for j in 0..<i { off += a[i * n + j] * a[i * n + j] } }
    if !(off > 1e-30 * all) { return }
    for p in 0..<n {
      for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 {
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (theta < 0 ? -1.0 : 1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
          let (x, y) = (a[k * n + p], a[k * n + q])
          (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
        }
        for k in 0..<n {
          let (x, y) = (a[p * n + k], a[q * n + k])
          (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
        }
        for k in 0..<n {
          let (x, y) = (v[k * n + p], v[k * n + q])
          (v[k * n + p], v[k * n + q]) = (c * x - s * y, s * x + c * y)
        }
      }
    }
  }
}
