public import LinearAlgebra

/// A distance, or several that share their work, between a reference set and other sets of samples.
///
/// Work on the reference (sorting, for instance) is done once and used for every set that is compared with it.
/// Sets are matrices `[rows, dimension]`. Values are a function of the two sets alone, whichever rank computes them.
public protocol SampleDistance: ~Copyable {
  /// The names of the values, in the order of ``values(to:)``.
  var names: [String] { get }

  /// The values' units, in the same order, where coordinates have the unit `coordinates`.
  func units(coordinates: String) -> [String]

  /// The fewest rows that a set may have.
  var fewestRows: Int { get }

  /// The most rows that a set may have; nil where there is no limit.
  var largestCount: Int? { get }

  /// Whether all ranks share the work of every comparison, and so must take part in it.
  ///
  /// Where they do not, a judge gives each rank whole comparisons.
  var sharesComparisons: Bool { get }

  /// The places of values that are p-values of a test: means of several, which depend on one another, would be none.
  var singleTests: Set<Int> { get }

  /// Prepares to compare sets with `reference`.
  mutating func setReference(_ reference: borrowing Matrix) throws

  /// The distances from the reference to `samples`, one for each name.
  mutating func values(to samples: borrowing Matrix) throws -> [Double]
}

extension SampleDistance where Self: ~Copyable {
  /// By default each value has the unit of the coordinates.
  public func units(coordinates: String) -> [String] { names.map { _ in coordinates } }
  /// By default two, as one row has no spread.
  public var fewestRows: Int { 2 }
  /// By default a set may have any number of rows.
  public var largestCount: Int? { nil }
  /// By default no value is a p-value of a single test.
  public var singleTests: Set<Int> { [] }
  /// By default a rank computes whole comparisons by itself.
  public var sharesComparisons: Bool { false }
}

/// Throws if `samples` is empty or has an element that is not finite.
func checkSamples(_ samples: borrowing Matrix, atLeast needed: Int = 1) throws(MetricsError) {
  guard samples.rows >= needed else { throw .tooFewRows(rows: samples.rows, needed: needed) }
  let elements = samples.span
  // x − x is 0 for finite x and NaN for all others: one sum finds a bad element without branches.
  var residue: Float = 0
  for i in 0..<elements.count { residue += elements[i] - elements[i] }
  guard residue.isNaN else { return }
  for i in 0..<elements.count where !elements[i].isFinite {
    throw .notFinite(row: i / samples.columns, column: i % samples.columns)
  }
}

/// As `checkSamples(_:atLeast:)`, and throws if the set does not fit a reference of this dimension and, where the two
/// are paired, number of rows.
func checkSamples(
  _ samples: borrowing Matrix, atLeast needed: Int = 1, dimension: Int, count: Int? = nil
) throws(MetricsError) {
  guard samples.columns == dimension else { throw .dimensionsDiffer(reference: dimension, samples: samples.columns) }
  if let count, count != samples.rows { throw .countsDiffer(reference: count, samples: samples.rows) }
  try checkSamples(samples, atLeast: needed)
}
