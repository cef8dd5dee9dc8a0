public import LinearAlgebra
public import Randomness

/// The mean of each column, summed in Double in the order of the rows.
func columnMeans(_ rows: borrowing Matrix) -> [Double] {
  var sums = [Double](repeating: 0, count: rows.columns)
  let elements = rows.span
  for r in 0..<rows.rows {
    for j in 0..<rows.columns { sums[j] += Double(elements[r * rows.columns + j]) }
  }
  return sums.map { $0 / Double(max(rows.rows, 1)) }
}

/// The Gaussian with the mean and covariance of a sample set.
///
/// A sampler must beat it to have learned more than two moments.
public struct GaussianFit: Sendable, Equatable {
  /// The sample mean, one number a column.
  public let mean: [Double]
  /// The sample covariance with divisor n − 1, row-major `[dimension, dimension]`.
  public let covariance: [Double]
  /// The transpose of the covariance's lower Cholesky factor L, row-major: row j is column j of L.
  let factor: [Double]

  /// The number of coordinates.
  public var dimension: Int { mean.count }

  /// Fits rows `[rows, dimension]`; constant and linearly dependent columns are allowed.
  /// - Throws: ``MetricsError`` for fewer than 2 rows or an element that is not finite.
  public init(_ rows: borrowing Matrix) throws(MetricsError) {
    try checkSamples(rows, atLeast: 2)
    mean = columnMeans(rows)
    covariance = Self.covariance(of: rows, mean: mean)
    factor = Self.transposedCholesky(covariance, dimension: mean.count)
  }

  /// Σ (x − m)(x − m)ᵀ / (n − 1), four rows at a time, each element summed in the order of the rows.
  private static func covariance(of rows: borrowing Matrix, mean: [Double]) -> [Double] {
    let d = mean.count
    var sums = [Double](repeating: 0, count: d * d)
    var centred = [SIMD4<Double>](repeating: .zero, count: d)
    let elements = rows.span
    for first in stride(from: 0, to: rows.rows, by: 4) {
      let taken = min(4, rows.rows - first)
      for j in 0..<d {
        var four = SIMD4<Double>.zero
        for r in 0..<taken { four[r] = Double(elements[(first + r) * d + j]) - mean[j] }
        centred[j] = four
      }
      for i in 0..<d {
        let x = centred[i]
        for j in i..<d { sums[i * d + j] += (x * centred[j]).sum() }
      }
    }
    for i in 0..<d {
      for j in i..<d {
        sums[i * d + j] /= Double(rows.rows - 1)
        sums[j * d + i] = sums[i * d + j]
      }
    }
    return sums
  }

  /// The Cholesky factor of a positive semi-definite matrix; a pivot of zero gives a column of zeros.
  ///
  /// A pivot below d·1e-12 times its diagonal element is zero: for a column that the earlier ones determine, only
  /// rounding of that size is left.
  private static func transposedCholesky(_ matrix: [Double], dimension d: Int) -> [Double] {
    var rest = matrix
    var factor = [Double](repeating: 0, count: d * d)
    for j in 0..<d {
      let pivot = rest[j * d + j]
      guard pivot > Double(d) * 1e-12 * matrix[j * d + j] else { continue }
      let root = pivot.squareRoot()
      for i in j..<d { factor[j * d + i] = rest[j * d + i] / root }
      for i in j + 1..<d {
        let l = factor[j * d + i]
        for k in i..<d { rest[i * d + k] -= l * factor[j * d + k] }
      }
    }
    return factor
  }

  /// Draws rows m + L z of this Gaussian, shape `[rows, dimension]`; row r depends on the stream and r alone.
  public func draw(_ stream: RandomStream, into rows: inout Matrix) {
    precondition(rows.columns == dimension, "\(rows.columns) columns for a Gaussian in \(dimension) dimensions")
    let d = dimension
    stream.fillNormals(&rows, firstIndex: 0)
    var sum = [Double](repeating: 0, count: d)
    for r in 0..<rows.rows {
      var row = rows.mutableRow(r)
      for i in 0..<d { sum[i] = mean[i] }
      for j in 0..<d {
        let z = Double(row[j])
        for i in j..<d { sum[i] += factor[j * d + i] * z }
      }
      for i in 0..<d { row[i] = Float(sum[i]) }
    }
  }
}
