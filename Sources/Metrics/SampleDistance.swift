public import LinearAlgebra

/// A distance, or several that share their work, between a reference set and other sets of samples.
///
/// Work on the reference (sorting, for instance) is done once and used for every set that is compared with it.
/// Sets are matrices `[rows, dimension]`, the same on every rank; so are the values.
public protocol SampleDistance: ~Copyable {
  /// The names of the values, in the order of ``values(to:)``.
  var names: [String] { get }

  /// Prepares to compare sets with `reference`.
  mutating func setReference(_ reference: borrowing Matrix) throws

  /// The distances from the reference to `samples`, one for each name.
  mutating func values(to samples: borrowing Matrix) throws -> [Double]
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
