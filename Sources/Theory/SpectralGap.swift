internal import RealFunctions

/// A probability density on the line, given by its logarithm up to a constant.
public struct DensityOnLine: Sendable {
  /// ln p(x), up to a constant.
  public let logDensity: @Sendable (Double) -> Double
  /// Where p is not negligible: the mass outside is below 1e-12.
  public let support: ClosedRange<Double>

  /// A density from its logarithm and where to look.
  public init(support: ClosedRange<Double>, logDensity: @escaping @Sendable (Double) -> Double) {
    self.support = support
    self.logDensity = logDensity
  }

  /// The law ∝ exp(−h (x² − 1)²): two wells at ±1 with a barrier of h between them.
  public static func doubleWell(barrier h: Double) -> DensityOnLine {
    let edge = (1 + (40 / h).squareRoot()).squareRoot()
    return DensityOnLine(support: -edge...edge) { x in -h * (x * x - 1) * (x * x - 1) }
  }

  /// A mixture of Gaussians on the line.
  public static func mixture(weights: [Double], means: [Double], variances: [Double]) -> DensityOnLine {
    let low = zip(means, variances).map { $0 - 9 * $1.squareRoot() }.min() ?? -1
    let high = zip(means, variances).map { $0 + 9 * $1.squareRoot() }.max() ?? 1
    return DensityOnLine(support: low...high) { x in
      let exponents = weights.indices.map {
        log(weights[$0]) - 0.5 * log(variances[$0]) - 0.5 * (x - means[$0]) * (x - means[$0]) / variances[$0]
      }
      let largest = exponents.max() ?? 0
      return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
    }
  }

  /// The spectral gap of the Langevin generator L f = f'' + (ln p)' f', the inverse of the Poincaré constant.
  ///
  /// Linear finite elements with lumped masses on equal cells and natural boundary conditions: stiffness p at the
  /// cells' middles, mass p at the nodes. The error is O(h²); Richardson's extrapolation of two grids removes it, and
  /// the step from the finer grid's value to the extrapolated one is returned as the error's estimate.
  ///
  /// - Parameter cells: the number of cells of the coarser grid.
  /// - Returns: the gap, and the size of the last correction.
  public func spectralGap(cells: Int = 2000) -> (gap: Double, error: Double) {
    let (coarse, fine) = (secondEigenvalue(cells: cells), secondEigenvalue(cells: 2 * cells))
    let extrapolated = fine + (fine - coarse) / 3
    return (extrapolated, abs(extrapolated - fine))
  }

  /// The second eigenvalue of the symmetric tridiagonal matrix M^{−½}KM^{−½}, by bisection on Sturm's count.
  private func secondEigenvalue(cells: Int) -> Double {
    let h = (support.upperBound - support.lowerBound) / Double(cells)
    let nodes = (0...cells).map { logDensity(support.lowerBound + h * Double($0)) }
    let top = nodes.max() ?? 0
    let masses = nodes.enumerated().map { i, value in exp(value - top) * (i == 0 || i == cells ? 0.5 : 1) }
    let stiffness = (0..<cells).map {
      exp(logDensity(support.lowerBound + h * (Double($0) + 0.5)) - top) / (h * h)
    }
    let diagonal = (0...cells).map { i in
      ((i > 0 ? stiffness[i - 1] : 0) + (i < cells ? stiffness[i] : 0)) / masses[i]
    }
    let squares = (0..<cells).map { stiffness[$0] * stiffness[$0] / (masses[$0] * masses[$0 + 1]) }
    func below(_ x: Double) -> Int {
      var (count, pivot) = (0, 1.0)
      for i in 0...cells {
        pivot = diagonal[i] - x - (i > 0 ? squares[i - 1] / pivot : 0)
        if pivot == 0 { pivot = 1e-300 }
        if pivot < 0 { count += 1 }
      }
      return count
    }
    var (low, high) = (0.0, 1.0)
    while below(high) < 2 { high *= 2 }
    // 100 halvings exhaust a Double; gaps of wells far apart may be far below 1.
    for _ in 0..<100 {
      let middle = low > 1e-12 * high ? (low * high).squareRoot() : 0.5 * (low + high)
      if below(middle) < 2 { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// Mean and variance of the law, by the trapezoidal rule, which converges exponentially for decaying densities.
  public var moments: (mean: Double, variance: Double) {
    let count = 4000
    let h = (support.upperBound - support.lowerBound) / Double(count)
    let points = (0...count).map { support.lowerBound + h * Double($0) }
    let logs = points.map(logDensity)
    let top = logs.max() ?? 0
    let shares = logs.map { exp($0 - top) }
    let mass = shares.reduce(0, +)
    let mean = zip(points, shares).reduce(0) { $0 + $1.0 * $1.1 } / mass
    let variance = zip(points, shares).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / mass
    return (mean, variance)
  }
}
