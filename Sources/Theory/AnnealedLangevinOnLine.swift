internal import RealFunctions

/// Annealed Langevin dynamics on the line by its Fokker–Planck equation: a density, no samples.
///
/// ```
/// κ ∂_t ρ = −∂_x(ρ b_t) + ∂²_x ρ,   b = ∂_x ln μ_t (overdamped),  ∂_x ln μ_t + κ v_t (Nelson)
/// ```
/// Finite volumes with the fluxes of Scharfetter and Gummel 1969, which leave a density ∝ e^{∫b} alone exactly, and
/// Crank and Nicolson's rule in time: order 2 in both.
public struct AnnealedLangevinOnLine: Sendable {
  /// The path that is followed.
  public let path: AnnealedPathOnLine
  /// The number of equal steps in t.
  public let steps: Int
  // For each step's middle and each cell's edge: the fall of ln μ, and v times the distance.
  private let falls: [[Double]]
  private let drifts: [[Double]]
  /// |μ'_t|² and sup (ln μ_t)'' at the middles.
  private let speeds: [Double]
  private let curvatures: [Double]

  /// The dynamics along a path; the fields are computed once for all speeds.
  public init(path: AnnealedPathOnLine, steps: Int = 2000) {
    self.path = path
    self.steps = steps
    let points = path.rule.points
    let fields = (0..<steps).map { k -> ([Double], [Double], Double, Double) in
      let t = (Double(k) + 0.5) / Double(steps)
      let here = points.map { path.point($0, at: t) }
      let falls = (1..<points.count).map { here[$0].logDensity - here[$0 - 1].logDensity }
      let drifts = (1..<points.count).map {
        0.5 * (here[$0].velocity + here[$0 - 1].velocity) * (points[$0] - points[$0 - 1])
      }
      var (speed, curvature) = (0.0, -Double.infinity)
      for (point, weight) in zip(here, path.rule.weights) {
        speed += weight * exp(point.logDensity) * point.velocity * point.velocity
        curvature = max(curvature, point.curvature)
      }
      return (falls, drifts, speed, curvature)
    }
    falls = fields.map(\.0)
    drifts = fields.map(\.1)
    speeds = fields.map(\.2)
    curvatures = fields.map(\.3)
  }

  /// KL(μ_1‖law at t = 1) of the dynamics at speed κ, started from the base.
  public func divergence(speed: Double, isNelson: Bool = false) -> Double {
    let (points, widths) = (path.rule.points, path.rule.weights)
    var density = points.map { exp(path.point($0, at: 0).logDensity) }
    let half = 0.5 / (Double(steps) * speed)
    for k in 0..<steps {
      // Flux out of cell i to the right: up ρ_i − down ρ_{i+1}.
      let edges = falls[k].indices.map { i -> (up: Double, down: Double) in
        let w = falls[k][i] + (isNelson ? speed * drifts[k][i] : 0)
        let gap = points[i + 1] - points[i]
        return (bernoulli(-w) / gap, bernoulli(w) / gap)
      }
      density = Self.advanced(density, edges, widths, half)
    }
    return zip(points, widths).enumerated().reduce(0) { sum, node in
      let p = exp(path.point(node.element.0, at: 1).logDensity)
      let q = max(density[node.offset], 1e-300)
      return p > 1e-20 ? sum + node.element.1 * (p * log(p / q) - p + q) : sum
    }
  }

  /// Both bounds and the divergence at speed κ.
  ///
  /// The log-Sobolev constant of law Y is at most the solution of C' = (2/κ)(ℓ_t C + 1), ℓ_t = sup (ln μ_t)'', from
  /// the base's s²: the dynamics is Lipschitz in its start and its noise with e^{∫ℓ}, and both are Gaussian. It is an
  /// equality for Gaussian data. A Student-t base has no such constant, and no sharpened bound.
  public func bias(speed: Double) -> AnnealedBias {
    let h = 1 / Double(steps)
    let action = h * speeds.reduce(0, +)
    var sharpened = Double.infinity
    if path.hasGaussianBase {
      var (constant, constants) = (path.baseVariance, [Double]())
      for bend in curvatures {
        let growth = expm1(2 * bend * h / speed)
        let next = constant + growth * constant + (abs(bend) > 1e-12 ? growth / bend : 2 * h / speed)
        constants.append(0.5 * (constant + next))
        constant = min(next, 1e300)
      }
      sharpened = 0
      var decay = 0.0
      for k in speeds.indices.reversed() {
        // ∫ over a step of exp(−(decay + r/κC)) dr, exactly.
        let rate = 1 / (speed * constants[k])
        sharpened += 0.5 * speed * speeds[k] * exp(-decay) * (rate * h > 1e-12 ? -expm1(-rate * h) / rate : h)
        decay += rate * h
      }
    }
    return AnnealedBias(
      speed: speed, divergence: divergence(speed: speed), actionBound: 0.25 * speed * action,
      sharpenedBound: sharpened)
  }

  /// (1 + ½hL)⁻¹(1 − ½hL)ρ for the tridiagonal L, by elimination.
  private static func advanced(
    _ density: [Double], _ edges: [(up: Double, down: Double)], _ widths: [Double], _ half: Double
  ) -> [Double] {
    let n = density.count
    var (upper, right) = ([Double](repeating: 0, count: n), density)
    for i in 0..<n {
      let h = half / widths[i]
      let (left, next) = (i > 0 ? edges[i - 1] : (up: 0, down: 0), i + 1 < n ? edges[i] : (up: 0, down: 0))
      let (before, after) = (i > 0 ? density[i - 1] : 0, i + 1 < n ? density[i + 1] : 0)
      let diagonal = h * (next.up + left.down)
      right[i] = density[i] * (1 - diagonal) + h * (left.up * before + next.down * after)
      // Row i of 1 + ½hL: −h left.up, 1 + diagonal, −h next.down.
      let pivot = 1 + diagonal + (i > 0 ? h * left.up * upper[i - 1] : 0)
      upper[i] = -h * next.down / pivot
      right[i] = (right[i] + (i > 0 ? h * left.up * right[i - 1] : 0)) / pivot
    }
    for i in (0..<n - 1).reversed() { right[i] -= upper[i] * right[i + 1] }
    return right
  }
}

/// w/(e^w − 1).
private func bernoulli(_ w: Double) -> Double { abs(w) < 1e-8 ? 1 - 0.5 * w : w / expm1(w) }
