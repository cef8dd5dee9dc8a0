/// Linear observations y = Hx + noise of the data, in trained coordinates.
public struct Observations: Sendable {
  /// H, one row of d numbers for each observation.
  public let rows: [[Double]]
  /// y.
  public let values: [Double]
  /// The standard deviation of each observation's noise; 0 for none.
  public let deviations: [Double]

  /// Observations of given rows, values and noises, one of each.
  public init(rows: [[Double]], values: [Double], deviations: [Double]) {
    precondition(!rows.isEmpty && rows.count == values.count && rows.count == deviations.count, "\(rows.count) rows")
    precondition(rows.allSatisfy { $0.count == rows[0].count }, "rows of different lengths")
    self.rows = rows
    self.values = values
    self.deviations = deviations
  }

  /// Known values of some coordinates among d, without noise.
  public init(_ fixed: FixedCoordinates, dimension: Int) {
    self.init(
      rows: fixed.columns.map { column in (0..<dimension).map { $0 == column ? 1 : 0 } }, values: fixed.values,
      deviations: fixed.columns.map { _ in 0 })
  }
}
