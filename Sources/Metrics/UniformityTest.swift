/// Whether numbers in (0, 1) are independent and uniform, and if not, in which way.
public struct UniformityTest: Sendable {
  /// The number of numbers.
  public let count: Int
  /// Kolmogorov's statistic.
  public let statistic: Double
  /// P(D_n ≥ statistic) under uniformity: `KolmogorovLaw`.
  public let pValue: Double
  /// The mean's distance from ½, in standard deviations of it.
  public let shift: Double
  /// The distance of the mean of (u − ½)² from 1/12, in standard deviations of it: positive where numbers crowd at both ends.
  public let spread: Double

  /// The test of some numbers, at least one.
  public init(_ numbers: [Double]) {
    let (n, sorted) = (Double(numbers.count), numbers.sorted())
    count = numbers.count
    var gap = 0.0
    for (i, u) in sorted.enumerated() { gap = max(gap, Double(i + 1) / n - u, u - Double(i) / n) }
    statistic = gap
    pValue = KolmogorovLaw(count: numbers.count).tail(gap)
    shift = (numbers.reduce(0, +) / n - 0.5) / (1 / (12 * n)).squareRoot()
    spread = (numbers.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / n - 1.0 / 12) / (1 / (180 * n)).squareRoot()
  }

  /// The share of numbers up to a level.
  public static func share(of numbers: [Double], upTo level: Double) -> Double {
    Double(numbers.count { $0 <= level }) / Double(numbers.count)
  }
}
