internal import RealFunctions

/// The eigenvalues of a symmetric matrix, in no order.
///
/// Householder reflections bring it to tridiagonal form, implicit QL steps with Wilkinson's shift to a diagonal one.
/// Accuracy: a few d·1e-16 of the largest magnitude. Cost: 4d³/3.
///
/// Source: Golub, Van Loan, "Matrix computations", 4th edition, sections 8.3.1 and 8.3.5.
///
/// - Parameters:
///   - matrix: row-major `[size, size]`; only the lower triangle is read.
///   - size: d.
/// - Returns: d numbers.
public func symmetricEigenvalues(_ matrix: [Double], size: Int) -> [Double] {
  precondition(matrix.count == size * size, "\(matrix.count) elements for size \(size)")
  var (diagonal, below) = tridiagonal(matrix, size)
  for first in 0..<size {
    var sweeps = 0
    while let end = blockEnd(diagonal, below, first), end > first {
      sweeps += 1
      precondition(sweeps <= 60, "no eigenvalue found in 60 steps: a matrix that is not finite?")
      stepQL(&diagonal, &below, first, end)
    }
  }
  return diagonal
}

/// The diagonal and the elements below it after d − 2 reflections.
private func tridiagonal(_ matrix: [Double], _ n: Int) -> (diagonal: [Double], below: [Double]) {
  var a = matrix
  for i in 0..<n { for j in i + 1..<max(n, i + 1) { a[i * n + j] = a[j * n + i] } }
  var below = [Double](repeating: 0, count: n)
  for k in 0..<max(n - 2, 0) {
    var v = (k + 1..<n).map { a[$0 * n + k] }
    let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
    below[k] = norm
    guard norm > 0 else { continue }
    let sign: Double = v[0] < 0 ? -1 : 1
    below[k] = -sign * norm
    v[0] += sign * norm
    let beta = 2 / v.reduce(0) { $0 + $1 * $1 }
    reflect(&a, n, from: k + 1, v, beta)
  }
  if n > 1 { below[n - 2] = a[(n - 1) * n + n - 2] }
  return ((0..<n).map { a[$0 * n + $0] }, below)
}

/// A ← (1 − βvvᵀ) A (1 − βvvᵀ) on rows and columns from `start` on, as A − vwᵀ − wvᵀ.
private func reflect(_ a: inout [Double], _ n: Int, from start: Int, _ v: [Double], _ beta: Double) {
  let m = v.count
  var w = [Double](repeating: 0, count: m)
  for i in 0..<m {
    var sum = 0.0
    for j in 0..<m { sum.addProduct(a[(start + i) * n + start + j], v[j]) }
    w[i] = beta * sum
  }
  var product = 0.0
  for i in 0..<m { product += v[i] * w[i] }
  for i in 0..<m { w[i] -= 0.5 * beta * product * v[i] }
  for i in 0..<m {
    let (x, y) = (v[i], w[i])
    for j in 0..<m { a[(start + i) * n + start + j] -= x * w[j] + y * v[j] }
  }
}

/// The last row of the block that begins at `first`: the next element below the diagonal is lost in rounding.
private func blockEnd(_ diagonal: [Double], _ below: [Double], _ first: Int) -> Int? {
  for end in first..<diagonal.count {
    guard end + 1 < diagonal.count else { return end }
    let size = abs(diagonal[end]) + abs(diagonal[end + 1])
    if abs(below[end]) <= 2e-16 * size || below[end] == 0 { return end }
  }
  return nil
}

/// One implicit QL step on rows `first … end`, by plane rotations from the lower end to the upper.
private func stepQL(_ diagonal: inout [Double], _ below: inout [Double], _ first: Int, _ end: Int) {
  let half = (diagonal[first + 1] - diagonal[first]) / (2 * below[first])
  let root = hypot(half, 1)
  var bulge = diagonal[end] - diagonal[first] + below[first] / (half + (half < 0 ? -root : root))
  var (sine, cosine, shift) = (1.0, 1.0, 0.0)
  for i in stride(from: end - 1, through: first, by: -1) {
    let f = sine * below[i]
    let b = cosine * below[i]
    let r = hypot(f, bulge)
    below[i + 1] = r
    if r == 0 {
      // The rotation is undefined because the block has split: go on with what is done.
      diagonal[i + 1] -= shift
      below[end] = 0
      return
    }
    sine = f / r
    cosine = bulge / r
    let g = diagonal[i + 1] - shift
    let t = (diagonal[i] - g) * sine + 2 * cosine * b
    shift = sine * t
    diagonal[i + 1] = g + shift
    bulge = cosine * t - b
  }
  diagonal[first] -= shift
  below[first] = bulge
  below[end] = 0
}
