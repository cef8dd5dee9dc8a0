public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// Points of the line with the weights of a quadrature rule, which are the widths of the cells around them.
struct LineRule: Sendable, Equatable {
  let points: [Double]
  let weights: [Double]

  /// x = scale sinh u for equidistant u: fine where the law's features are, and wide enough for its tails.
  init(scale: Double, reach: Double, step: Double) {
    let last = asinh(reach / scale)
    let count = Int((2 * last / step).rounded(.up))
    let nodes = (0...count).map { -last + 2 * last * Double($0) / Double(count) }
    points = nodes.map { scale * sinh($0) }
    weights = nodes.map { scale * cosh($0) * (2 * last / Double(count)) }
  }
}

/// The annealed path on the line: μ_t = law(√λ X + √(1−λ) Z), X a mixture of Gaussians, Z Gaussian or Student-t.
///
/// A Student-t is a mixture of Gaussians over its precision, so μ_t is a mixture of Gaussians throughout. Given the
/// component all is linear, and the velocity by which the path moves is
///
/// ```
/// v_t(x) = E[d/dt X_t | X_t = x] = Σ_j π_j(x) (d√λ/dt μ_j + ½λ'(v_j − b_j)(x − √λ μ_j)/(λv_j + (1−λ)b_j))
/// ```
/// with b_j the base's variance. On the line any velocity of a path is the optimal one, so |μ'_t|² = E v_t².
public struct AnnealedPathOnLine: Sendable, Equatable {
  /// X.
  public let data: MixtureOnLine
  /// Whether Z is Gaussian.
  public let hasGaussianBase: Bool
  /// s², the variance of a Gaussian base or the squared scale of a Student-t one.
  public let baseVariance: Double
  /// λ(t).
  public let schedule: AnnealingSchedule
  let rule: LineRule
  private let logWeights: [Double]
  private let means: [Double]
  private let variances: [Double]
  private let bases: [Double]

  /// The path from a base to given data.
  public init(
    data: MixtureOnLine, base: NoiseLaw = .gaussian, baseVariance: Double = 1, schedule: AnnealingSchedule = .cosine
  ) {
    self.data = data
    self.baseVariance = baseVariance
    self.schedule = schedule
    hasGaussianBase = base == .gaussian
    let scales = Self.scales(base).map { ($0.logWeight, $0.variance * baseVariance) }
    let pairs = data.weights.indices.flatMap { k in scales.map { (k, $0.0, $0.1) } }
    logWeights = pairs.map { log(data.weights[$0.0]) + $0.1 }
    means = pairs.map { data.means[$0.0] }
    variances = pairs.map { data.variances[$0.0] }
    bases = pairs.map(\.2)
    let smallest = data.variances.reduce(baseVariance) { min($0, $1) }.squareRoot()
    let edges = data.reach(deviations: 10)
    let reach = max(-edges.lowerBound, edges.upperBound, 10 * baseVariance.squareRoot())
    // A Student-t of five degrees leaves 1e-15 of its second moment beyond 1e5.
    rule = LineRule(
      scale: reach, reach: hasGaussianBase ? 1.2 * reach : 1e5 * reach,
      step: (hasGaussianBase ? 0.1 : 0.2) * smallest / reach)
  }

  /// The base as a mixture of Gaussians: weights and variances beside s²; the trapezoidal rule in the logarithm of the
  /// precision, as in the exact score of a law under Student-t noise.
  private static func scales(_ base: NoiseLaw) -> [(logWeight: Double, variance: Double)] {
    guard case .studentT(let degrees) = base else { return [(0, 1)] }
    let step = 0.6 * (2 / (degrees + 1)).squareRoot()
    let nodes = stride(from: -60 / degrees, through: log(2 * (40 + 0.5 * degrees) / degrees), by: step)
    let logs = nodes.map { 0.5 * degrees * ($0 - exp($0)) }
    let total = log(logs.reduce(0) { $0 + exp($1) })
    return zip(nodes, logs).filter { $0.1 - total > -50 }.map { ($0.1 - total, exp(-$0.0)) }
  }

  /// ln μ_t, its first and second derivative, and v_t.
  public func point(
    _ x: Double, at t: Double
  ) -> (logDensity: Double, score: Double, curvature: Double, velocity: Double) {
    let (level, slope) = schedule.level(at: t)
    let (root, rootSlope) = (level.squareRoot(), schedule.rootSlope(at: t))
    var (largest, mass) = (-Double.infinity, 0.0)
    var sums = SIMD4<Double>.zero
    for j in means.indices {
      let variance = level * variances[j] + (1 - level) * bases[j]
      let away = x - root * means[j]
      let pull = -away / variance
      let exponent = logWeights[j] - 0.5 * (log(variance) + away * away / variance)
      // The largest exponent so far scales all sums.
      if exponent > largest {
        let fall = exp(largest - exponent)
        (mass, sums, largest) = (mass * fall, sums * fall, exponent)
      }
      let share = exp(exponent - largest)
      let velocity = rootSlope * means[j] - 0.5 * slope * (variances[j] - bases[j]) * pull
      mass += share
      sums += share * SIMD4(pull, pull * pull - 1 / variance, velocity, 0)
    }
    let means = sums / mass
    let logDensity = largest + log(mass) - 0.5 * log(2 * Double.pi)
    return (logDensity, means[0], means[1] - means[0] * means[0], means[2])
  }

  /// |μ'_t|² in W2.
  public func squaredSpeed(at t: Double) -> Double {
    zip(rule.points, rule.weights).reduce(0) { sum, node in
      let point = point(node.0, at: t)
      return sum + node.1 * exp(point.logDensity) * point.velocity * point.velocity
    }
  }

  /// 𝒜 = ∫₀¹|μ'_t|²dt; infinite for `linear` and data that is not centred.
  public var action: Double {
    let mean = zip(data.weights, data.means).reduce(0) { $0 + $1.0 * $1.1 }
    if schedule == .linear, abs(mean) > 1e-12 { return .infinity }
    var sum = 0.0
    GaussLegendre.forEachNode(from: 0, to: 1, panels: 8) { t, weight in sum += weight * squaredSpeed(at: t) }
    return sum
  }
}
