internal import RealFunctions
public import Targets

/// A mixture of Gaussians on the line, with the derivatives and the distribution function that quadrature needs.
public struct MixtureOnLine: Sendable, Equatable {
  /// w, of sum 1.
  public let weights: [Double]
  /// μ.
  public let means: [Double]
  /// v, positive.
  public let variances: [Double]

  /// The mixture of given components; weights are divided by their sum.
  public init(weights: [Double], means: [Double], variances: [Double]) {
    precondition(weights.count == means.count && weights.count == variances.count, "\(weights.count) weights")
    precondition(variances.allSatisfy { $0 > 0 }, "variances must be positive: \(variances)")
    let total = weights.reduce(0, +)
    self.weights = weights.map { $0 / total }
    self.means = means
    self.variances = variances
  }

  /// A mixture of one coordinate, in standardised units if so wished.
  public init(_ mixture: GaussianMixture, standardised: Bool = false) {
    precondition(mixture.dimension == 1, "a mixture in \(mixture.dimension) dimensions on the line")
    let map = standardised ? mixture.standardisation : .identity(1)
    let (mean, scale) = (map.mean[0], map.scale[0])
    self.init(
      weights: mixture.weights, means: mixture.means.map { ($0[0] - mean) / scale },
      variances: mixture.variances.map { $0[0] / (scale * scale) })
  }

  /// The law of m X + √q Z.
  public func blurred(mean m: Double, noise q: Double) -> MixtureOnLine {
    MixtureOnLine(weights: weights, means: means.map { m * $0 }, variances: variances.map { m * m * $0 + q })
  }

  /// ln p, (ln p)' and (ln p)'' at x, with the posterior weights of the components.
  public func derivatives(at x: Double) -> (logDensity: Double, score: Double, curvature: Double) {
    let (shares, logDensity) = shares(at: x)
    var (first, second) = (0.0, 0.0)
    for k in shares.indices {
      let pull = (means[k] - x) / variances[k]
      first += shares[k] * pull
      second += shares[k] * (pull * pull - 1 / variances[k])
    }
    return (logDensity, first, second - first * first)
  }

  /// The components' posterior weights at x, and ln p(x).
  func shares(at x: Double) -> (shares: [Double], logDensity: Double) {
    let exponents = weights.indices.map { k in
      log(weights[k]) - 0.5 * (log(2 * Double.pi * variances[k]) + (x - means[k]) * (x - means[k]) / variances[k])
    }
    let largest = exponents.max() ?? 0
    let masses = exponents.map { exp($0 - largest) }
    let total = masses.reduce(0, +)
    return (masses.map { $0 / total }, largest + log(total))
  }

  /// P(X ≤ x).
  public func cumulative(at x: Double) -> Double {
    weights.indices.reduce(0) { $0 + 0.5 * weights[$1] * erfc((means[$1] - x) / (2 * variances[$1]).squareRoot()) }
  }

  /// The smallest and largest points `deviations` standard deviations from a mean.
  public func reach(deviations: Double) -> ClosedRange<Double> {
    let low = zip(means, variances).map { $0 - deviations * $1.squareRoot() }.min() ?? 0
    let high = zip(means, variances).map { $0 + deviations * $1.squareRoot() }.max() ?? 0
    return low...high
  }

  /// E X².
  public var secondMoment: Double {
    weights.indices.reduce(0) { $0 + weights[$1] * (means[$1] * means[$1] + variances[$1]) }
  }
}
