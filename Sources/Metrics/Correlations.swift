public import LinearAlgebra

/// How far the correlations of pairs of columns are from those of the reference.
///
/// ```
/// mean and maximum over i < j of |r_ij − r'_ij|,   r the Pearson correlation
/// ```
/// For columns of 0 and 1 r is the φ coefficient of their 2 × 2 table, so for a mixed table's encoding the figure also speaks of
/// contingency. A column that never changes in one of the sets correlates with nothing. Cost: n d².
public struct Correlations: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["correlation error", "worst correlation error"] }
  private var reference: [Double] = []
  private var dimension = 0

  /// A distance without a reference.
  public init() {}

  /// Correlations have no unit.
  public func units(coordinates: String) -> [String] { ["correlation", "correlation"] }

  /// Takes the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    dimension = reference.columns
    self.reference = try Self.correlations(reference)
  }

  /// The mean and the largest difference.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: 2, dimension: dimension)
    let errors = zip(reference, try Self.correlations(samples)).map { abs($0 - $1) }
    // One column has no pair, and no error.
    return [errors.reduce(0, +) / Double(max(errors.count, 1)), errors.max() ?? 0]
  }

  /// Two columns and how they correlate.
  public struct Pair: Sendable, Equatable {
    /// The columns.
    public let first, second: Int
    /// r among the samples.
    public let found: Double
    /// r among the reference's rows.
    public let expected: Double
  }

  /// The pair with the largest difference; nil for a single column.
  public func worstPair(of samples: borrowing Matrix) throws -> Pair? {
    try checkSamples(samples, atLeast: 2, dimension: dimension)
    let found = try Self.correlations(samples)
    let pairs = (0..<dimension).flatMap { i in (i + 1..<max(dimension, i + 1)).map { (i, $0) } }
    let worst = pairs.indices.max { abs(found[$0] - reference[$0]) < abs(found[$1] - reference[$1]) }
    return worst.map { Pair(first: pairs[$0].0, second: pairs[$0].1, found: found[$0], expected: reference[$0]) }
  }

  /// r of each pair i < j, row after row.
  private static func correlations(_ rows: borrowing Matrix) throws -> [Double] {
    let fit = try GaussianFit(rows)
    let (d, deviations) = (fit.dimension, fit.deviations)
    return (0..<d).flatMap { i in
      (i + 1..<max(d, i + 1)).map { j in
        let product = deviations[i] * deviations[j]
        return product > 0 ? fit.covariance[i * d + j] / product : 0
      }
    }
  }
}
