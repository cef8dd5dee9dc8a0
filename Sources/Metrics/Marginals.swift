public import LinearAlgebra

/// How far two sets differ column by column: Kolmogorov–Smirnov statistics and errors of quantiles.
///
/// ```
/// KS_j = sup_x |F_j(x) − G_j(x)|       quantile error_j = mean_q |F_j⁻¹(q) − G_j⁻¹(q)|,   q = .01 .05 .25 .5 .75 .95 .99
/// ```
/// Quantiles are interpolated linearly between order statistics. Both are exact for the given rows. Dependence between
/// columns goes unseen. Cost: sorting d columns.
public struct Marginals: SampleDistance {
  /// The levels of the quantiles.
  public static let levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

  /// The names of the values: over the columns, the mean and the worst.
  public var names: [String] { ["KS, mean", "KS, worst", "quantile error, mean", "quantile error, worst"] }
  private var reference: [[Float]] = []

  /// Distances without a reference.
  public init() {}

  /// KS is a probability.
  public func units(coordinates: String) -> [String] { ["probability", "probability", coordinates, coordinates] }

  /// Sorts the reference's columns.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference)
    self.reference = Self.sortedColumns(reference)
  }

  /// The mean and the largest of each over the columns.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    let columns = try self.columns(of: samples)
    let d = Double(columns.count)
    let ks = columns.map(\.kolmogorovSmirnov)
    let errors = columns.map(\.quantileError)
    return [ks.reduce(0, +) / d, ks.max() ?? 0, errors.reduce(0, +) / d, errors.max() ?? 0]
  }

  /// One column's distances.
  public struct Column: Sendable, Equatable {
    /// KS_j.
    public let kolmogorovSmirnov: Double
    /// Mean error of the quantiles.
    public let quantileError: Double
  }

  /// Every column's distances from the reference's.
  public func columns(of samples: borrowing Matrix) throws -> [Column] {
    try checkSamples(samples, dimension: reference.count)
    return zip(reference, Self.sortedColumns(samples)).map { a, b in
      let errors = Self.levels.map { abs(quantile($0, of: a) - quantile($0, of: b)) }
      return Column(
        kolmogorovSmirnov: largestGap(a, b), quantileError: errors.reduce(0, +) / Double(errors.count))
    }
  }

  private static func sortedColumns(_ rows: borrowing Matrix) -> [[Float]] {
    var columns: [[Float]] = []
    for j in 0..<rows.columns { columns.append((0..<rows.rows).map { rows[$0, j] }.sorted()) }
    return columns
  }
}

/// The largest difference of two distribution functions, given sorted values.
private func largestGap(_ a: [Float], _ b: [Float]) -> Double {
  var (i, j, gap) = (0, 0, 0.0)
  while i < a.count && j < b.count {
    // Equal values are passed together: between them neither function is evaluated.
    let x = min(a[i], b[j])
    while i < a.count && a[i] == x { i += 1 }
    while j < b.count && b[j] == x { j += 1 }
    gap = max(gap, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
  }
  return gap
}

/// The quantile at level q of sorted values, linear between order statistics at (i / (n − 1)).
func quantile(_ q: Double, of sorted: [Float]) -> Double {
  let position = q * Double(sorted.count - 1)
  let i = min(Int(position), max(sorted.count - 2, 0))
  let next = sorted.count > 1 ? Double(sorted[i + 1]) : Double(sorted[i])
  return Double(sorted[i]) + (position - Double(i)) * (next - Double(sorted[i]))
}
