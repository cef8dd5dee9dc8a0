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
    var image = x
    factor.multiplyUpper(inPlace: &image)
    let squares = image.reduce(0) { $0 + $1 * $1 }
    let form = zip(x, b).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(squares - form) < 1e-13 * form)
  }

  @Test("eigenvalues alone have the matrix's trace, square's trace and known values", arguments: [1, 2, 3, 10, 60])
  func eigenvalues(size: Int) {
    // Symmetric, between −1 and 1, of either definiteness.
    let matrix = (0..<size * size).map { i in
      Double((max(i / size, i % size) * 37 + min(i / size, i % size) * 101) % 89) / 44 - 1
    }
    let values = symmetricEigenvalues(matrix, size: size)
    let trace = (0..<size).reduce(0) { $0 + matrix[$1 * size + $1] }
    let squares = matrix.reduce(0) { $0 + $1 * $1 }
    // Rounding of d sums of d products.
    #expect(abs(values.reduce(0, +) - trace) < 1e-13 * Double(size * size))
    #expect(abs(values.reduce(0) { $0 + $1 * $1 } - squares) < 1e-13 * Double(size * size))
    // Of the second difference −1, 2, −1 they are 2 − 2 cos(πk/(d + 1)).
    let second = (0..<size * size).map { i -> Double in
      [0: 2, 1: -1][abs(i / size - i % size)] ?? 0
    }
    let sorted = symmetricEigenvalues(second, size: size).sorted()
    for (k, value) in sorted.enumerated() {
      #expect(abs(value - (2 - 2 * cosine(.pi * Double(k + 1) / Double(size + 1)))) < 1e-13)
    }
  }
}

/// cos x by its Taylor series, for angles up to π; the module under test has its own library.
private func cosine(_ x: Double) -> Double {
  var (term, sum) = (1.0, 1.0)
  for k in 1..<20 {
    term *= -x * x / Double((2 * k - 1) * 2 * k)
    sum += term
  }
  return sum
}
