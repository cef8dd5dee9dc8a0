import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Targets
import Testing
import Theory

@Suite struct LineTests {
  @Test("KL, W2 and total variation on a grid are the closed forms of Gaussians") func distances() throws {
    let grid = LineGrid(-9...9, step: 0.1)
    let law = { (m: Double, v: Double) in
      GridDensity(MixtureOnLine(weights: [1], means: [m], variances: [v]), on: grid)
    }
    for (m, v, n, w) in [(0.3, 0.64, -0.4, 1.2), (0.3, 0.64, 0.3001, 0.6401)] {
      let (p, q) = (gaussian(m, v), gaussian(n, w))
      let found = law(m, v).distance(to: law(n, w))
      #expect(abs(found.divergence - p.divergence(from: q)) < 1e-12)  // the trapezoidal rule at 8 points a deviation
      #expect(abs(found.totalVariation - (try #require(p.totalVariation(from: q)))) < 1e-5)  // O(δ⁴)
      #expect(abs(found.wasserstein / p.wasserstein(to: q) - 1) < 1e-4)  // O(δ⁴)
    }
    let moved = law(0.3, 0.64).moved(by: grid.points.map { 0.5 * $0 - 0.1 }, deviation: 0.3)
    #expect(moved.divergence(from: law(0.05, 0.16 + 0.09)) < 1e-12)  // rounding
  }

  private func gaussian(_ m: Double, _ v: Double) -> GaussianLaw {
    GaussianLaw([GaussianMoments(mean: BlockVector(m), covariance: BlockMatrix(v))])
  }

  @Test("a mixture's score and curvature are its density's derivatives, and its distribution function the integral")
  func derivatives() {
    let law = MixtureOnLine(weights: [0.3, 0.7], means: [-1, 1.2], variances: [0.2, 0.4])
    let h = 1e-4
    for x in [-2.0, -0.4, 0.1, 1.5] {
      let (low, here, high) = (law.derivatives(at: x - h), law.derivatives(at: x), law.derivatives(at: x + h))
      #expect(abs((high.logDensity - low.logDensity) / (2 * h) - here.score) < 1e-6)  // differences of order h²
      #expect(abs((high.score - low.score) / (2 * h) - here.curvature) < 1e-5)  // differences of order h²
      // Differences of order h².
      #expect(abs((law.cumulative(at: x + h) - law.cumulative(at: x - h)) / (2 * h) - exp(here.logDensity)) < 1e-7)
    }
  }

  @Test(
    "the split by densities is that of the moment recursion for a Gaussian",
    arguments: [ScorePerturbation(shift: 0.1), ScorePerturbation(relative: 0.1)])
  func gaussianSplit(perturbation: ScorePerturbation) throws {
    let process = OrnsteinUhlenbeck(horizon: 1)
    let split = ErrorsOnLine(
      process: process, data: MixtureOnLine(weights: [1], means: [0.7], variances: [0.3])
    ).split(steps: 20, perturbation: perturbation)
    let recursion = MomentRecursion(
      process: process, data: GaussianData(mean: [0.7], variance: [0.3]), sampler: EulerMaruyama())
    let times = MomentRecursion.uniformTimes(from: 1, steps: 20)
    let exact = recursion.errorSplit(over: times, perturbation: perturbation)
    #expect(abs(split.discretisation.wasserstein / exact.discretisation - 1) < 1e-4)  // O(δ⁴) of the quantiles
    #expect(abs(split.mixing.wasserstein / exact.mixing - 1) < 1e-4)  // O(δ⁴) of the quantiles
    #expect(abs(split.learning.wasserstein / exact.learning - 1) < 1e-4)  // O(δ⁴) of the quantiles
    #expect(abs(split.total.divergence / exact.divergence - 1) < 1e-8)  // the trapezoidal rule
    #expect(abs(split.total.totalVariation - (try #require(exact.totalVariation))) < 1e-4)  // O(δ⁴)
    let bound = recursion.errorBound(over: times, perturbation: perturbation)
    #expect(abs(split.wassersteinBound.mixing / bound.mixing - 1) < 1e-4)  // O(δ⁴) of the quantiles
    #expect(abs(split.wassersteinBound.discretisation / bound.discretisation - 1) < 1e-3)  // 20 such errors
    // Sums over the grid.
    if perturbation.shift > 0 { #expect(abs(split.wassersteinBound.learning / bound.learning - 1) < 1e-6) }
  }

  @Test("a Gaussian's one-step divergences add up to the bound that moments give") func stepDivergence() {
    // One coordinate: E KL(N(Ku, r)‖N(gu + c, n)) in closed form; data N(0.7, 0.3), one step of h = 1.
    let process = OrnsteinUhlenbeck(horizon: 0.5)
    let split = ErrorsOnLine(
      process: process, data: MixtureOnLine(weights: [1], means: [0.7], variances: [0.3])
    ).split(steps: 1)
    let decay = exp(-0.5)
    let (m, v) = (0.7 * decay, 0.3 * decay * decay + 1 - exp(-1))
    let gain = 0.3 * decay / v
    let rest = 0.3 - gain * gain * v
    // Euler–Maruyama: u + h(u + 2s), s = −(u − m)/v, noise 2h.
    let (slope, offset, noise) = (1 + 0.5 * (1 - 2 / v), 0.5 * 2 * m / v, 1.0)
    let (gap, shift) = (gain - slope, 0.7 - gain * m - offset)
    let square = gap * gap * (v + m * m) + 2 * gap * shift * m + shift * shift
    let expected = 0.5 * (log(noise / rest) + (rest + square) / noise - 1)
    #expect(abs(split.divergenceBound.discretisation - expected) < 1e-9)  // the trapezoidal rule
    #expect(split.discretisation.divergence <= expected)
  }

  static let mixtures = [
    MixtureOnLine(weights: [1, 1], means: [-1, 1], variances: [0.1, 0.1]),
    MixtureOnLine(weights: [0.3, 0.7], means: [-1, 0.6], variances: [0.2, 0.4]),
  ]

  @Test("all bounds hold for mixtures, by Ornstein–Uhlenbeck and variance-preserving processes", arguments: mixtures)
  func bounds(data: MixtureOnLine) {
    let processes: [any ForwardProcess] = [
      OrnsteinUhlenbeck(horizon: 1), OrnsteinUhlenbeck(horizon: 3),
      VariancePreserving(schedule: .linear(min: 1, max: 10), horizon: 1),
    ]
    for process in processes {
      let split = ErrorsOnLine(process: process, data: data).split(
        steps: 40, perturbation: ScorePerturbation(shift: 0.1, relative: 0.05))
      let (bound, transport) = (split.divergenceBound, split.wassersteinBound)
      let slack = 1 + 1e-6  // quadrature
      for (part, most, far) in [
        (split.discretisation, bound.discretisation, transport.discretisation),
        (split.mixing, bound.mixing, transport.mixing), (split.learning, bound.learning, transport.learning),
        (split.total, bound.total, transport.total),
      ] {
        #expect(part.divergence <= most * slack && part.wasserstein <= far * slack, "\(split)")
        #expect(part.totalVariation <= (0.5 * most).squareRoot() * slack)  // Pinsker
      }
    }
  }

  @Test("slopes of a mixture: KL over h 2, TV and W2 1, over the score's error the same; the bounds on KL 1 and 2")
  func slopes() {
    let errors = ErrorsOnLine(process: OrnsteinUhlenbeck(horizon: 2), data: Self.mixtures[1])
    let counts = [100, 200, 400]
    let h = counts.map { 1 / Double($0) }
    let splits = counts.map { errors.split(steps: $0) }
    // ± 0.15: finite steps leave the next order.
    #expect(abs(fittedSlope(h, splits.map(\.discretisation.divergence)) - 2) < 0.15)
    #expect(abs(fittedSlope(h, splits.map(\.discretisation.totalVariation)) - 1) < 0.15)
    #expect(abs(fittedSlope(h, splits.map(\.discretisation.wasserstein)) - 1) < 0.15)
    #expect(abs(fittedSlope(h, splits.map(\.divergenceBound.discretisation)) - 1) < 0.15)
    let sizes = [0.02, 0.04, 0.08]
    let shifted = sizes.map { errors.split(steps: 50, perturbation: ScorePerturbation(shift: $0)) }
    #expect(abs(fittedSlope(sizes, shifted.map(\.learning.divergence)) - 2) < 0.15)
    #expect(abs(fittedSlope(sizes, shifted.map(\.learning.wasserstein)) - 1) < 0.15)
    #expect(abs(fittedSlope(sizes, shifted.map(\.divergenceBound.learning)) - 2) < 1e-6)  // exactly quadratic
  }

  @Test("KL(p_T‖prior) lies below the bound by second moments, which a point's data attains") func mixing() {
    let process = OrnsteinUhlenbeck(horizon: 0.8)
    let law = MixtureOnLine(weights: [0.3, 0.7], means: [-1, 0.6], variances: [0.2, 0.4])
    let grid = LineGrid(-12...12, step: 0.05)
    let prior = GridDensity(MixtureOnLine(weights: [1], means: [0], variances: [1]), on: grid)
    let marginal = GridDensity(ErrorsOnLine(process: process, data: law).marginal(at: 0.8), on: grid)
    let bound = mixingBound(process, dimension: 1, secondMoment: law.secondMoment)
    #expect(marginal.divergence(from: prior) < bound)
    let point = GridDensity(
      ErrorsOnLine(process: process, data: MixtureOnLine(weights: [1], means: [1.5], variances: [1e-12]))
        .marginal(at: 0.8), on: grid)
    // A point blurred by 1e-12.
    #expect(abs(point.divergence(from: prior) - mixingBound(process, dimension: 1, secondMoment: 2.25)) < 1e-9)
  }
}
