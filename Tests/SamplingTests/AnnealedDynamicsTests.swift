import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Testing

@Suite struct AnnealedDynamicsTests {
  private static let slowdowns = [0.02, 0.05, 0.1, 0.3, 1]
  private let process = AnnealedPath(annealing: .exponential, horizon: 2)
  private var score: GaussianScore { GaussianScore(process: process, dimension: 1) }
  private var end: Double { 0.05 * process.horizon }
  private var base: Moments { Moments(mean: BlockVector(0), covariance: process.priorCovariance) }

  /// Mean and variance of the annealed dynamics at their end, by Runge–Kutta: mean' = −(mean − μ)/v, var' = 2 − 2 var/v.
  private func moments(_ slowdown: Double) -> Moments {
    let score = score
    let length = (process.horizon - end) / (process.horizon * slowdown)
    func slope(_ r: Double, _ m: Double, _ v: Double) -> (Double, Double) {
      let law = score.marginal(at: max(end, process.horizon * (1 - slowdown * r)))
      return (-(m - law.mean[0]) / law.covariance[0, 0], 2 - 2 * v / law.covariance[0, 0])
    }
    var (m, v) = (0.0, process.priorCovariance[0, 0])
    let n = 4000
    let h = length / Double(n)
    for i in 0..<n {
      let r = Double(i) * h
      let a = slope(r, m, v)
      let b = slope(r + h / 2, m + h / 2 * a.0, v + h / 2 * a.1)
      let c = slope(r + h / 2, m + h / 2 * b.0, v + h / 2 * b.1)
      let d = slope(r + h, m + h * c.0, v + h * c.1)
      m += h / 6 * (a.0 + 2 * b.0 + 2 * c.0 + d.0)
      v += h / 6 * (a.1 + 2 * b.1 + 2 * c.1 + d.1)
    }
    return Moments(mean: BlockVector(m), covariance: BlockMatrix(v))
  }

  private func law(_ sampler: any Sampler, steps: Int) -> Moments {
    base.propagated(by: sampler, over: TimeGrid.uniform.times(steps: steps, of: process, to: end), score: score)
  }

  @Test("annealed Langevin dynamics follow their equations of mean and variance at order 1", arguments: slowdowns)
  func order(slowdown: Double) {
    let exact = moments(slowdown)
    let errors = [2000, 4000].map {
      law(DiffusionAnnealedLangevin(slowdown: slowdown), steps: $0).distance(to: exact)
    }
    // The next order's share at 2000 steps.
    #expect(abs(log2(errors[0] / errors[1]) - 1) < 0.1, "\(errors)")
  }

  @Test("samples of annealed Langevin dynamics have the mean and variance of their equations", arguments: slowdowns)
  func samples(slowdown: Double) {
    var score = GaussianScore(process: process, dimension: 16)
    let times = TimeGrid.uniform.times(steps: 2000, of: process, to: end)
    var generator = Generator(
      process: process, dimension: 16, sampler: DiffusionAnnealedLangevin(slowdown: slowdown), times: times,
      denoises: false, seed: 8)
    let values = generator.values(chunks: 2, score: &score)
    let exact = moments(slowdown)
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    // Five standard errors, and 1 % for the error of 2000 steps at the slowest annealing.
    let (m, v) = (exact.mean[0], exact.covariance[0, 0])
    #expect(abs(mean - m) < 5 * (v / n).squareRoot() + 0.01)
    #expect(abs(variance / v - 1) < 5 * (2 / n).squareRoot() + 0.01)
  }

  @Test("annealed Langevin dynamics lag behind the path, less the slower they are; the Nelson process does not")
  func bias() {
    let goal = score.marginal(at: end)
    let lags = Self.slowdowns.map { moments($0).distance(to: goal) }
    #expect(zip(lags, lags.dropFirst()).allSatisfy { $0 < $1 })
    for (slowdown, lag) in zip(Self.slowdowns, lags) {
      let start = score.marginal(at: process.horizon)
      let times = TimeGrid.uniform.times(steps: 8000, of: process, to: end)
      let law = start.propagated(by: NelsonProcess(slowdown: slowdown), over: times, score: score)
      // An error of order 1 in the step, which is 1/(8000 κ) long in Langevin time.
      let error = law.distance(to: goal)
      #expect(error < 3 / (8000 * slowdown) && (slowdown < 0.1 || error < 0.1 * lag), "\(slowdown): \(error), \(lag)")
    }
  }

  @Test("the underdamped dynamics have order 2", arguments: [0.05, 0.3]) func underdamped(slowdown: Double) {
    let sampler = UnderdampedAnnealedLangevin(slowdown: slowdown, friction: 1)
    let exact = law(sampler, steps: 12_800)
    let errors = [800, 1600].map { law(sampler, steps: $0).distance(to: exact) }
    // The reference's own error is 1/64 of the second.
    #expect(abs(log2(errors[0] / errors[1]) - 2) < 0.1, "\(errors)")
  }
}
