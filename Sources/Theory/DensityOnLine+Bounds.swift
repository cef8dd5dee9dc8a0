internal import RealFunctions

extension DensityOnLine {
  /// Bounds on both constants of a law on the line.
  ///
  /// ```
  /// ½B ≤ C_P ≤ 4B,     B = max over both sides of sup_x μ(beyond x) ∫_m^x 1/p,    m the median (Muckenhoupt 1972)
  /// ½b ≤ C_LS ≤ 2B',   with factors ln(1 + 1/(2μ(beyond x))) and ln(1 + e²/μ(beyond x))  (Barthe, Roberto 2003)
  /// ```
  /// Theirs is for Ent(f²) ≤ C∫f'², twice our constant. By sums on `cells` cells, whose error is O(h²).
  public func hardyBounds(cells: Int = 20_000) -> (poincare: ClosedRange<Double>, logSobolev: ClosedRange<Double>) {
    let h = (support.upperBound - support.lowerBound) / Double(cells)
    let logs = (0..<cells).map { logDensity(support.lowerBound + h * (Double($0) + 0.5)) }
    let top = logs.max() ?? 0
    let masses = logs.map { h * exp($0 - top) }
    let total = masses.reduce(0, +)
    var (sum, median) = (0.0, 0)
    while median < cells - 1, sum + masses[median] < 0.5 * total {
      sum += masses[median]
      median += 1
    }
    var (plain, low, high) = (0.0, 0.0, 0.0)
    for side in [Array(median..<cells), Array((0..<median).reversed())] {
      // What lies beyond each cell, itself included: summed from the far end, where the terms are smallest.
      var beyond = [Double](repeating: 0, count: side.count)
      var rest = 0.0
      for (j, cell) in side.enumerated().reversed() {
        beyond[j] = rest + 0.5 * masses[cell] / total
        rest += masses[cell] / total
      }
      var resistance = 0.0
      for (j, cell) in side.enumerated() where beyond[j] > 1e-14 {
        let own = h * h / (masses[cell] / total)
        let product = beyond[j] * (resistance + 0.5 * own)
        resistance += own
        plain = max(plain, product)
        low = max(low, product * log1p(0.5 / beyond[j]))
        high = max(high, product * log1p(exp(2) / beyond[j]))
      }
    }
    return (0.5 * plain...4 * plain, 0.5 * low...2 * high)
  }

  /// The law of X given X + √q Z = y for X of this law.
  public func posterior(given y: Double, noise q: Double) -> DensityOnLine {
    let prior = logDensity
    let tilted = { @Sendable (x: Double) in prior(x) - 0.5 * (x - y) * (x - y) / q }
    // Where the density is above e^{−60} of its largest value: beyond, it would not be a number on a grid.
    let width = (support.upperBound - support.lowerBound) / 4000
    let points = (0...4000).map { support.lowerBound + width * Double($0) }
    let top = points.reduce(-Double.infinity) { max($0, tilted($1)) }
    let kept = points.filter { tilted($0) > top - 60 }
    let (low, high) = (kept.first ?? support.lowerBound, kept.last ?? support.upperBound)
    return DensityOnLine(support: low - width...high + width, logDensity: tilted)
  }
}
