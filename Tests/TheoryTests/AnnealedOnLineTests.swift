import Diffusion
import Foundation
import LinearAlgebra
internal import Metrics
import Randomness
import Targets
import Testing
import Theory

@Suite struct AnnealedOnLineTests {
  let mixture = MixtureOnLine(weights: [0.3, 0.7], means: [-1, 1.2], variances: [0.2, 0.4])

  @Test("with one component, action, bias and both bounds are those of the moment equations") func gaussian() {
    let exact = GaussianAnnealedPath(data: GaussianData(mean: [1.2], variance: [0.3]))
    let path = AnnealedPathOnLine(data: MixtureOnLine(weights: [1], means: [1.2], variances: [0.3]))
    #expect(abs(path.action / exact.action - 1) < 1e-9)  // both quadratures are spectral
    let line = AnnealedLangevinOnLine(path: path, steps: 1000)
    for speed in [0.2, 1] {
      let (found, known) = (line.bias(speed: speed), GaussianAnnealedLangevin(path: exact).bias(speed: speed))
      #expect(abs(found.divergence / known.divergence - 1) < 0.02)  // order 2 in cells a tenth of a deviation wide
      #expect(abs(found.actionBound / known.actionBound - 1) < 1e-5)  // the midpoint rule on 1,000 steps
      // The midpoint rule on 1,000 steps, with kinks of the largest curvature.
      #expect(abs(found.sharpenedBound / known.sharpenedBound - 1) < 2e-3)
    }
  }

  @Test("the velocity carries the path: ∂_t F = −v p, from a Gaussian and a Student-t base") func continuity() {
    for base in [NoiseLaw.gaussian, .studentT(degrees: 5)] {
      let path = AnnealedPathOnLine(data: mixture, base: base)
      for t in [0.2, 0.6, 0.95] {
        for x in [-1.5, 0.2, 1.1] {
          // ∂_t p = −∂_x(v p), both by central differences of order 1e-8.
          let h = 1e-4
          let p = { (x: Double, t: Double) in exp(path.point(x, at: t).logDensity) }
          let flux = { (x: Double) in path.point(x, at: t).velocity * p(x, t) }
          let change = (p(x, t + h) - p(x, t - h)) / (2 * h)
          #expect(abs(change + (flux(x + h) - flux(x - h)) / (2 * h)) < 1e-5)
        }
      }
    }
  }

  @Test("Nelson's process has no bias, and both bounds hold, from both bases") func bounds() {
    for base in [NoiseLaw.gaussian, .studentT(degrees: 5)] {
      let line = AnnealedLangevinOnLine(path: AnnealedPathOnLine(data: mixture, base: base), steps: 400)
      for speed in [0.1, 1, 5] {
        let bias = line.bias(speed: speed)
        #expect(bias.divergence <= bias.actionBound && bias.divergence <= bias.sharpenedBound, "\(bias)")
        // Order 2 in cells and steps; a Student-t base has the wider cells.
        #expect(line.divergence(speed: speed, isNelson: true) < 1e-3 * bias.divergence + 2e-4)
      }
    }
  }

  @Test("the action by transport contains the exact one within its stated error, in 1 and 2 dimensions")
  func transport() throws {
    let data = GaussianData(mean: [1.2, 0], variance: [0.3, 2])
    for dimension in [1, 2] {
      let own = GaussianData(
        mean: Array(data.mean.prefix(dimension)), variance: Array(data.variance.prefix(dimension)))
      let target = GaussianMixture(mean: own.mean, variance: own.variance)
      let action = TransportAction(process: AnnealedPath(), mean: own.mean, rows: 200, repeats: 6, seed: 5) {
        target.draw($0, firstIndex: 0, into: &$1)
      }
      let terms = try (0..<action.terms).map { try action.term($0) }
      let estimate = action.estimate(terms)
      let exact = GaussianAnnealedPath(data: own).action
      // The stated error is of two standard errors; the literal seed lies within them.
      #expect(abs(estimate.value - exact) < estimate.error, "\(estimate) \(exact)")
      #expect(estimate.error < 0.3 * exact)
    }
  }

  @Test("the action by an exact score is that of quadrature, within five standard errors") func monteCarlo() throws {
    let target = GaussianMixture(weights: [0.3, 0.7], means: [[-1], [1.2]], variances: [[0.2], [0.4]])
    let process = AnnealedPath()
    let score = try #require(target.score(under: process, in: .identity(1)))
    var rows = Matrix(rows: 4096, columns: 1)
    target.draw(RandomStream(seed: 2, purpose: .targetDraw), firstIndex: 0, into: &rows)
    let mean = Spread(errorOf: samples(process, rows, score))
    // A false alarm in 2 million.
    #expect(abs(mean.mean - AnnealedPathOnLine(data: mixture).action) < 5 * mean.deviation)
    #expect(mean.deviation < 0.02 * mean.mean)
  }

  private func samples(_ process: AnnealedPath, _ rows: borrowing Matrix, _ score: some Score) -> [Double] {
    var score = score
    return actionSamples(process, rows, score: &score, seed: 3)
  }
}
