import LinearAlgebra
import Testing

@Suite struct DenseSymmetricTests {
  /// A symmetric positive matrix of eigenvalues between 0.01 and some units.
  private func matrix(_ n: Int) -> [Double] {
    var a = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n {
        for k in 0..<n { a[i * n + j] += Double((i * 5 + k * 3) % 7 - 3) * Double((j * 5 + k * 3) % 7 - 3) / 9 }
      }
      a[i * n + i] += 0.01
    }
    return a
  }

  @Test("eigenvalues and vectors make up the matrix, and vectors are orthonormal", arguments: [1, 2, 5, 12])
  func eigen(n: Int) {
    let a = matrix(n)
    let (values, v) = symmetricEigen(a, size: n)
    for i in 0..<n {
      for j in 0..<n {
        let sum = (0..<n).reduce(0) { $0 + v[i * n + $1] * values[$1] * v[j * n + $1] }
        let product = (0..<n).reduce(0) { $0 + v[$1 * n + i] * v[$1 * n + j] }
        // Rounding times a norm of some tens.
        #expect(abs(sum - a[i * n + j]) < 1e-13 * Double(n * n))
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-14 * Double(n))
      }
    }
  }

  @Test("a Cholesky factor solves with its matrix", arguments: [1, 2, 5, 12])
  func cholesky(n: Int) {
    let a = matrix(n)
    let factor = DenseCholesky(a, size: n)
    let x = (0..<n).map { Double($0 + 1) }
    let b = (0..<n).map { i in (0..<n).reduce(0) { $0 + a[i * n + $1] * x[$1] } }
    let found = factor.solveUpper(factor.solveLower(b))
    // A condition number of some thousands.
    for i in 0..<n { #expect(abs(found[i] - x[i]) < 1e-10 * Double(n)) }
    let squares = factor.multiplyUpper(x).reduce(0) { $0 + $1 * $1 }
    let form = zip(x, b).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(squares - form) < 1e-13 * form)
  }
}
