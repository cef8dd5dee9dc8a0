public import LinearAlgebra

/// The affine map between a data law's own units and the coordinates in which a score is trained, column by column.
///
/// ```
/// trained = (x − mean) / scale
/// ```
public struct Standardisation: Sendable, Equatable {
  /// The mean of each column.
  public let mean: [Double]
  /// The standard deviation of each column; 1 for a constant column, which is then reproduced exactly.
  public let scale: [Double]

  /// The map of given means and positive scales, one of each per column.
  public init(mean: [Double], scale: [Double]) {
    precondition(mean.count == scale.count, "\(mean.count) means with \(scale.count) scales")
    precondition(scale.allSatisfy { $0 > 0 && $0.isFinite }, "scales must be positive: \(scale)")
    self.mean = mean
    self.scale = scale
  }

  /// The map that a law of given means and variances asks for.
  public init(mean: [Double], variance: [Double]) {
    self.init(mean: mean, scale: variance.map { $0 > 0 ? $0.squareRoot() : 1 })
  }

  /// The map that changes nothing.
  public static func identity(_ dimension: Int) -> Standardisation {
    Standardisation(mean: Array(repeating: 0, count: dimension), scale: Array(repeating: 1, count: dimension))
  }

  /// The number of columns.
  public var dimension: Int { mean.count }

  /// Maps rows from their own units to trained coordinates, in place; computed in Double, rounded once.
  ///
  /// - Parameter rows: shape `[rows, dimension]`.
  public func apply(to rows: inout Matrix) {
    map(&rows) { value, mean, scale in (value - mean) / scale }
  }

  /// Maps rows from trained coordinates back to their own units, in place; computed in Double, rounded once.
  ///
  /// - Parameter rows: shape `[rows, dimension]`.
  public func invert(_ rows: inout Matrix) {
    map(&rows) { value, mean, scale in mean.addingProduct(value, scale) }
  }

  @inline(__always)
  private func map(_ rows: inout Matrix, _ image: (Double, Double, Double) -> Double) {
    precondition(rows.columns == dimension, "\(rows.columns) columns for a map of \(dimension)")
    for row in 0..<rows.rows {
      var values = rows.mutableRow(row)
      for k in mean.indices { values[k] = Float(image(Double(values[k]), mean[k], scale[k])) }
    }
  }
}
