public import Communication
public import LinearAlgebra
public import Randomness
internal import RealFunctions

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

  /// The standard deviation of each column.
  public var deviations: [Double] { (0..<dimension).map { covariance[$0 * dimension + $0].squareRoot() } }

  /// The number of coordinates.
  public var dimension: Int { mean.count }

  /// Fits rows `[rows, dimension]`; constant and linearly dependent columns are allowed.
  /// - Throws: ``MetricsError`` for fewer than 2 rows or an element that is not finite.
  public init(_ rows: borrowing Matrix) throws(MetricsError) {
    try checkSamples(rows, atLeast: 2)
    var sums = ColumnSums(columns: rows.columns)
    sums.add(rows)
    var products = CentredProducts(mean: sums.means, own: 0..<rows.columns)
    products.add(rows)
    self.init(mean: sums.means, products: products.finished(), rows: rows.rows)
  }

  /// The same fit, bit for bit, its covariance's rows shared among ranks that all hold the rows.
  public init(_ rows: borrowing Matrix, over communicator: Communicator) throws {
    try checkSamples(rows, atLeast: 2)
    var sums = ColumnSums(columns: rows.columns)
    sums.add(rows)
    var products = CentredProducts(mean: sums.means, own: Self.ownRows(of: rows.columns, over: communicator))
    products.add(rows)
    self.init(mean: sums.means, products: try communicator.allGather(products.finished()), rows: rows.rows)
  }

  /// The same fit, bit for bit, of rows that come in blocks and are gone through twice.
  ///
  /// - Parameters:
  ///   - columns: the number of columns.
  ///   - communicator: the ranks that share the covariance's rows; each goes through all blocks.
  ///   - forEachBlock: calls its argument with the blocks `[rows, columns]` in order, the same each time.
  /// - Throws: ``MetricsError`` for fewer than 2 rows; what `forEachBlock` throws, the same on every rank.
  public init(
    columns: Int, over communicator: Communicator, forEachBlock: ((borrowing Matrix) throws -> Void) throws -> Void
  ) throws {
    var sums = ColumnSums(columns: columns)
    try communicator.agree { () throws -> Void in
      try forEachBlock { sums.add($0) }
      guard sums.count >= 2 else { throw MetricsError.tooFewRows(rows: sums.count, needed: 2) }
    }
    var products = CentredProducts(mean: sums.means, own: Self.ownRows(of: columns, over: communicator))
    try communicator.agree { () throws -> Void in try forEachBlock { products.add($0) } }
    self.init(mean: sums.means, products: try communicator.allGather(products.finished()), rows: sums.count)
  }

  /// The fit of the same rows with each column divided by a positive number.
  public func divided(by scales: [Double]) -> GaussianFit {
    let d = dimension
    precondition(scales.count == d, "\(scales.count) numbers for \(d) columns")
    var (covariance, factor) = (covariance, factor)
    for i in 0..<d {
      for j in 0..<d {
        covariance[i * d + j] /= scales[i] * scales[j]
        // Row j of the transposed factor holds column j: element i belongs to coordinate i.
        factor[j * d + i] /= scales[i]
      }
    }
    return GaussianFit(mean: zip(mean, scales).map { $0 / $1 }, covariance: covariance, factor: factor)
  }

  /// The Gaussian of the same mean with these variances added to those of its columns.
  public func widened(by variances: [Double]) -> GaussianFit {
    guard variances.contains(where: { $0 != 0 }) else { return self }
    var covariance = covariance
    for j in 0..<dimension { covariance[j * dimension + j] += variances[j] }
    return GaussianFit(
      mean: mean, covariance: covariance, factor: Self.transposedCholesky(covariance, dimension: dimension))
  }

  private init(mean: [Double], covariance: [Double], factor: [Double]) {
    (self.mean, self.covariance, self.factor) = (mean, covariance, factor)
  }

  private static func ownRows(of dimension: Int, over communicator: Communicator) -> Range<Int> {
    ownRows(of: dimension, rank: communicator.rank, ranks: communicator.size)
  }

  /// The rows of the covariance that a rank computes: equal areas of the triangle are equal work.
  static func ownRows(of dimension: Int, rank: Int, ranks: Int) -> Range<Int> {
    func bound(_ rank: Int) -> Int {
      let rest = 1 - Double(rank) / Double(ranks)
      return dimension - Int((Double(dimension) * rest.squareRoot()).rounded())
    }
    return bound(rank)..<bound(rank + 1)
  }

  /// The fit of a mean and the upper triangle of Σ (x − m)(x − m)ᵀ, row after row from the diagonal on.
  private init(mean: [Double], products: [Double], rows: Int) {
    let d = mean.count
    self.mean = mean
    var covariance = [Double](repeating: 0, count: d * d)
    var next = 0
    for i in 0..<d {
      for j in i..<d {
        covariance[i * d + j] = products[next] / Double(rows - 1)
        covariance[j * d + i] = covariance[i * d + j]
        next += 1
      }
    }
    self.covariance = covariance
    factor = Self.transposedCholesky(covariance, dimension: d)
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

extension GaussianFit {
  /// log N(x; m, Σ) of every row, by forward substitution with L; −∞ where Σ is singular.
  public func logDensities(of rows: borrowing Matrix) -> [Double] {
    precondition(rows.columns == dimension, "\(rows.columns) columns for a Gaussian in \(dimension) dimensions")
    let d = dimension
    let logScales = (0..<d).reduce(0) { $0 + log(factor[$1 * d + $1]) + 0.5 * log(2 * Double.pi) }
    guard logScales > -.infinity else { return [Double](repeating: -.infinity, count: rows.rows) }
    return (0..<rows.rows).map { r in
      var rest = zip(doubles(rows, r), mean).map { $0 - $1 }
      var value = -logScales
      for j in 0..<d {
        let y = rest[j] / factor[j * d + j]
        value -= 0.5 * y * y
        for i in j..<d { rest[i].addProduct(-y, factor[j * d + i]) }
      }
      return value
    }
  }
}
