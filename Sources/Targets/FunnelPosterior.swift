internal import RealFunctions

/// Expectations over the posterior of y = x_1 of a funnel blurred by noise of variance q₁ on x_1 and q on the rest.
///
/// ```
/// log p(y | z) = −(y − m)²/(2s²) + φ(y) + const,   s² = q₁/(1 + q₁),   m = z_1/(1 + q₁)
/// φ(y) = −½ n ln(e^y + q) − ½ S/(e^y + q),         n = d − 1,          S = Σ_{j ≥ 2} z_j²
/// ```
/// The trapezoidal rule converges exponentially on such integrands: its step is 0.7 of the sharpest posterior's
/// standard deviation that the curvature allows, at most 0.4 (the cliff of φ at y = ln q is about 1 wide), over all y
/// whose density is above e⁻³⁴ of the largest. Relative errors stay below 1e-8, in practice 1e-10, for d = 2 … 100, any
/// noise, and points far from typical ones, where the posterior may have two scales; Gauss–Hermite nodes on the mode's
/// curvature do not see the second scale and were off by up to 1e-2 at d = 100, q near 10.
struct FunnelPosterior {
  /// E[φ'(y)].
  private(set) var slope = 0.0
  /// E[1/(e^y + q)].
  private(set) var precision = 0.0
  /// The logarithm of ∫ N(y; m, s²) e^φ(y) dy.
  private(set) var logIntegral = 0.0

  private static let coarse = 32

  private var law: FunnelLogPosterior
  private(set) var nodes = FunnelNodes()
  /// The number of nodes last summed, the first of them and their distance.
  private(set) var filled = 0
  private(set) var low = 0.0
  private(set) var step = 0.0

  /// The posterior of a funnel with `tails` coordinates besides the first.
  init(tails: Int) { law = FunnelLogPosterior(n: Double(tails)) }

  /// Sets q₁ (as s²) and q.
  mutating func prepare(firstNoise: Double, tailNoise: Double) {
    law.width = firstNoise / (1 + firstNoise)
    law.q = tailNoise
  }

  /// Computes the expectations given m and S.
  mutating func integrate(center: Double, squares: Double) {
    guard center.isFinite && squares.isFinite else {
      (slope, precision, logIntegral) = (.nan, .nan, .nan)
      return
    }
    (law.center, law.squares) = (center, squares)
    var (low, high) = law.support
    var curvature = 1 / law.width
    // A coarse grid cuts the support down to where the mass is; a second one is seldom needed.
    for _ in 0..<40 {
      let step = (high - low) / Double(Self.coarse - 1)
      nodes.fill(law, from: low, step: step, count: Self.coarse)
      let kept = nodes.kept(Self.coarse)
      curvature = max(1 / law.width, nodes.sharpest(kept))
      (low, high) = (low + Double(kept.lowerBound - 1) * step, low + Double(kept.upperBound) * step)
      if kept.count >= 8 { break }
    }
    // The coarse grid may straddle a narrow summit, whose curvature is known.
    if low < law.summit && law.summit < high { curvature = max(curvature, law.summitCurvature) }
    sum(from: low, to: high, step: min(0.7 / curvature.squareRoot(), 0.4))
  }

  /// q.
  var tailNoise: Double { law.q }

  /// The second moments, after `integrate`.
  var curvature: FunnelCurvature { nodes.curvature(law, count: filled, slope: slope, precision: precision) }

  private mutating func sum(from low: Double, to high: Double, step: Double) {
    // Whole vectors of nodes; past the capacity (never met) the rule only becomes less accurate.
    let wanted = ((high - low) / step).rounded(.up) + 1
    let count = min((Int(min(wanted, 1e6)) + 7) / 8 * 8, FunnelNodes.capacity)
    let step = (high - low) / Double(count - 1)
    (filled, self.low, self.step) = (count, low, step)
    nodes.fill(law, from: low, step: step, count: count)
    let sums = nodes.sum(count)
    slope = sums.slope / sums.mass
    precision = sums.precision / sums.mass
    logIntegral = sums.largest + log(sums.mass * step) - 0.5 * (log(law.width) + logTwoPi)
  }
}

/// The parameters of log p(y | z), and what is known of it without evaluating it.
struct FunnelLogPosterior {
  let n: Double
  /// q.
  var q = 1.0
  /// s².
  var width = 1.0
  /// m.
  var center = 0.0
  /// S.
  var squares = 0.0

  /// Nodes whose log density is lower than the largest by more than this do not count.
  static let cut = 34.0

  init(n: Double) { self.n = n }

  /// Where φ is largest: e^y = S/n − q, or at −∞.
  var summit: Double { squares > n * q ? log(squares / n - q) : -.infinity }

  /// Minus the second derivative of the log density at the summit: 1/s² + ½ n (1 − nq/S)².
  var summitCurvature: Double {
    let share = 1 - n * q / squares
    return 1 / width + 0.5 * n * share * share
  }

  /// An interval outside of which the density is below e⁻³⁴ of its largest value.
  ///
  /// φ rises up to its only maximum, the summit, and falls from there. With gain = max φ − φ(m), no point further than
  /// s √(2 (34 + gain)) from m can count, nor one further than s √68 outside of m and the summit.
  var support: (Double, Double) {
    let base = DoubleMath.exponential(center) + q
    let best = max(squares / n, q)
    let gain = max(0, 0.5 * n * log(base / best) + 0.5 * squares * (1 / base - 1 / best))
    let reach = (2 * width * (Self.cut + gain)).squareRoot()
    let margin = (2 * width * Self.cut).squareRoot()
    let summit = summit
    return (max(center - reach, min(center, summit) - margin), min(center + reach, max(center, summit) + margin))
  }
}
