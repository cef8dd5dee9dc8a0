/// A mean and a standard deviation over repeats (divisor repeats − 1; 0 for a single one).
public struct Spread: Sendable, Equatable {
  /// The mean.
  public let mean: Double
  /// One standard deviation of a single repeat, not of the mean.
  public let deviation: Double

  /// A known mean and standard deviation.
  public init(mean: Double, deviation: Double = 0) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The mean and standard deviation of `values`, summed in their order.
  public init(of values: [Double]) {
    precondition(!values.isEmpty, "the spread of no values")
    // The mean of equal numbers, rounded, need not be one of them.
    let isOne = !values.contains { $0 != values[0] }
    let centre = isOne ? values[0] : values.reduce(0, +) / Double(values.count)
    mean = centre
    let squares = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
  }

  /// The mean of `values` and its standard error, s/√n, in place of their deviation.
  public init(errorOf values: [Double]) {
    let spread = Spread(of: values)
    self.init(mean: spread.mean, deviation: spread.deviation / Double(values.count).squareRoot())
  }
}
