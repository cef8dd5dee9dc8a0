public import Diffusion
internal import LinearAlgebra
internal import RealFunctions
internal import Sampling

/// The error split of Euler–Maruyama for a mixture on the line, by its chains' densities: no samples, no noise.
///
/// ```
/// p_{k+1}(y) = ∫ N(y; g_k(x), n_k²) p_k(x) dx,   g_k(x) = F_k x + G_k s(x, t_k)
/// ```
/// X_N starts from p_T, X_∞ and X^θ from the prior; X^θ has the perturbed score. For processes of one block.
public struct ErrorsOnLine: Sendable {
  /// What is measured, and the bounds on it.
  public struct Split: Sendable, Equatable {
    /// How far X_N is from the data.
    public var discretisation: LineDistance
    /// How far X_∞ is from X_N.
    public var mixing: LineDistance
    /// How far X^θ is from X_∞.
    public var learning: LineDistance
    /// How far X^θ is from the data.
    public var total: LineDistance
    /// Bounds on the four divergences.
    public var divergenceBound: Parts
    /// Bounds on the first three parts' W2, and their sum on that of the whole.
    public var wassersteinBound: Parts
  }

  /// One number for each part.
  public struct Parts: Sendable, Equatable {
    /// The part of the discretisation.
    public var discretisation = 0.0
    /// The part of the mixing.
    public var mixing = 0.0
    /// The part of the learning.
    public var learning = 0.0
    /// The whole.
    public var total = 0.0
  }

  /// The process, of one block.
  public let process: any ForwardProcess
  /// The data in trained coordinates.
  public let data: MixtureOnLine

  /// The errors of a process on given data.
  public init(process: any ForwardProcess, data: MixtureOnLine) {
    precondition(process.blocks == 1, "\(process.blocks) blocks on the line")
    self.process = process
    self.data = data
  }

  /// p_t.
  public func marginal(at t: Double) -> MixtureOnLine {
    let transition = process.transition(from: 0, to: t)
    return data.blurred(mean: transition.map[0, 0], noise: transition.covariance[0, 0])
  }

  /// The split at a number of equal steps down to t = 0.
  ///
  /// ```
  /// KL(data‖X_N)   ≤ Σ_k E_{p_{t_k}} KL(law(u_{t_{k+1}}|u_{t_k})‖N(g_k, n_k²))      chain rule over the path
  /// KL(X_N‖X_∞)    ≤ KL(p_T‖prior)                                               one chain, two starts
  /// KL(X_∞‖X^θ)    ≤ ½ Σ_k E_{X_∞}|G_k(s − s^θ)|²/n_k²                             chain rule (Girsanov)
  /// KL(data‖X^θ)   ≤ KL(p_T‖prior) + the first sum with s^θ in place of s
  /// ```
  /// Those on W2 multiply each step's own error by the Lipschitz constants sup|g_k'| of the steps after it.
  public func split(steps: Int, perturbation: ScorePerturbation = ScorePerturbation()) -> Split {
    let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
    let stages = zip(times, times.dropFirst()).map { EulerMaruyama().step(process, from: $0, to: $1)[0] }
    let grid = self.grid(stages)
    let prior = MixtureOnLine(weights: [1], means: [0], variances: [process.priorCovariance[0, 0]])
    let start = GridDensity(marginal(at: times[0]), on: grid)
    var (fromMarginal, fromPrior) = (start, GridDensity(prior, on: grid))
    var learned = fromPrior
    var information = Parts(mixing: start.divergence(from: fromPrior))
    var transport = Parts(mixing: start.wasserstein(to: fromPrior))
    for (k, stage) in stages.enumerated() {
      let step = ChainStep(stage, marginal(at: times[k]), perturbation, grid)
      information.learning += step.information(of: fromPrior)
      let own = step.reverseDivergence(
        from: marginal(at: times[k]), to: marginal(at: times[k + 1]),
        process.transition(from: times[k + 1], to: times[k]))
      information.discretisation += own.exact
      information.total += own.perturbed
      let moved = GridDensity(marginal(at: times[k]), on: grid).moved(by: step.exact, deviation: step.deviation)
      let next = GridDensity(marginal(at: times[k + 1]), on: grid)
      transport.discretisation = step.lipschitz * transport.discretisation + moved.wasserstein(to: next)
      transport.mixing *= step.lipschitz
      transport.learning = step.lipschitz * transport.learning + step.gap(under: learned)
      fromMarginal = fromMarginal.moved(by: step.exact, deviation: step.deviation)
      fromPrior = fromPrior.moved(by: step.exact, deviation: step.deviation)
      learned = learned.moved(by: step.perturbed, deviation: step.deviation)
    }
    information.total += information.mixing
    transport.total = transport.discretisation + transport.mixing + transport.learning
    let truth = GridDensity(data, on: grid)
    return Split(
      discretisation: truth.distance(to: fromMarginal), mixing: fromMarginal.distance(to: fromPrior),
      learning: fromPrior.distance(to: learned), total: truth.distance(to: learned), divergenceBound: information,
      wassersteinBound: transport)
  }

  /// Points half the smallest scale apart, over nine deviations of data and prior and two more.
  private func grid(_ stages: [SamplerStage]) -> LineGrid {
    let noises = stages.compactMap { $0.noise?[0, 0] }
    let scales = data.variances.map { $0.squareRoot() } + noises
    let prior = 9 * process.priorCovariance[0, 0].squareRoot()
    let reach = data.reach(deviations: 9)
    return LineGrid(
      min(reach.lowerBound, -prior) - 2...max(reach.upperBound, prior) + 2, step: 0.5 * (scales.min() ?? 0.1))
  }
}

/// One step of the chain on a grid.
private struct ChainStep {
  let grid: LineGrid
  let deviation: Double
  /// g_k and its perturbed form at the points.
  let exact: [Double]
  let perturbed: [Double]
  /// sup|g_k'|.
  let lipschitz: Double

  init(_ stage: SamplerStage, _ law: MixtureOnLine, _ perturbation: ScorePerturbation, _ grid: LineGrid) {
    let (factor, reach) = (stage.state[0, 0], stage.score?[0, 0] ?? 0)
    self.grid = grid
    deviation = stage.noise?[0, 0] ?? 0
    let points = grid.points
    let slopes = points.map { law.derivatives(at: $0) }
    exact = zip(points, slopes).map { factor * $0 + reach * $1.score }
    perturbed = zip(points, slopes).map {
      factor * $0 + reach * ((1 + perturbation.relative) * $1.score + perturbation.shift)
    }
    lipschitz = slopes.reduce(0) { max($0, abs(factor + reach * $1.curvature)) }
  }

  /// ½E|g − g^θ|²/n².
  func information(of law: GridDensity) -> Double { 0.5 * square(under: law) / (deviation * deviation) }

  /// The root of E|g − g^θ|².
  func gap(under law: GridDensity) -> Double { square(under: law).squareRoot() }

  private func square(under law: GridDensity) -> Double {
    grid.step
      * exact.indices.reduce(0.0) { sum, i in
        let gap = exact[i] - perturbed[i]
        return sum + law.values[i] * gap * gap
      }
  }

  /// E KL(law(u_s|u_t)‖N(g, n²)) for u_t ~ `from`, with g exact and perturbed; law(v|u) ∝ p_s(v) N(u; Φv, C).
  func reverseDivergence(
    from: MixtureOnLine, to: MixtureOnLine, _ transition: Transition
  ) -> (exact: Double, perturbed: Double) {
    let (map, noise) = (transition.map[0, 0], transition.covariance[0, 0])
    let logNext = grid.points.map { to.derivatives(at: $0).logDensity }
    let logWidth = 0.5 * log(2 * Double.pi) + log(deviation)
    var sums = (exact: 0.0, perturbed: 0.0)
    var joint = [Double](repeating: 0, count: grid.count)
    for i in 0..<grid.count {
      let u = grid.point(i)
      let share = grid.step * exp(from.derivatives(at: u).logDensity)
      guard share > 1e-18 else { continue }
      let first = max(0, Int(((exact[i] - 10 * deviation - grid.lower) / grid.step).rounded(.up)))
      let last = min(grid.count - 1, Int(((exact[i] + 10 * deviation - grid.lower) / grid.step).rounded(.down)))
      guard first <= last else { continue }
      let exponent = { (j: Int) in logNext[j] - 0.5 * (u - map * grid.point(j)) * (u - map * grid.point(j)) / noise }
      let top = (first...last).reduce(-Double.infinity) { max($0, exponent($1)) }
      var mass = 0.0
      for j in first...last {
        joint[j] = exp(exponent(j) - top)
        mass += grid.step * joint[j]
      }
      var (divergence, mean) = (0.0, 0.0)
      for j in first...last {
        let z = (grid.point(j) - exact[i]) / deviation
        let probability = grid.step * joint[j] / mass
        divergence += probability * (exponent(j) - top - log(mass) + logWidth + 0.5 * z * z)
        mean += probability * z
      }
      let gap = (exact[i] - perturbed[i]) / deviation
      sums.exact += share * divergence
      sums.perturbed += share * (divergence + gap * mean + 0.5 * gap * gap)
    }
    return sums
  }
}
