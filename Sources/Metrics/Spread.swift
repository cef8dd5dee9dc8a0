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
    guard values.contains(where: { $0 != values[0] }) else {
      self.init(mean: values[0])
      return
    }
    let centre = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    self.init(mean: centre, deviation: (squares / Double(values.count - 1)).squareRoot())
  }

  /// The mean of `values` and its standard error, s/√n, in place of their deviation.
  public init(errorOf values: [Double]) {
    let spread = Spread(of: values)
    self.init(mean: spread.mean, deviation: spread.deviation / Double(values.count).squareRoot())
  }
}
