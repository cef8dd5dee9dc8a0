import Diffusion
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

@Suite struct ConsistentAnnealedTests {
  // Jolicoeur-Martineau et al. 2021, algorithm 2, written down again: x + δσ_t² s + β σ_s z, β² = 1 − ((1 − δ)σ_t/σ_s)².
  @Test("a step under the variance-exploding process is the paper's") func published() throws {
    let process = VarianceExploding(sigmaMin: 0.01, sigmaMax: 50)
    let delta = 0.15
    let stages = ConsistentAnnealedSampling(stepSize: delta).step(process, from: 0.7, to: 0.69)
    let (now, next) = (process.kernel(at: 0.7).covariance[0, 0], process.kernel(at: 0.69).covariance[0, 0])
    #expect(stages.count == 1)
    #expect(abs(stages[0].state[0, 0] - 1) < 1e-9)
    let score = try #require(stages[0].score)
    let factor = try #require(stages[0].noise)
    let noise = factor[0, 0]
    #expect(abs(score[0, 0] / (delta * now) - 1) < 1e-9)
    let beta = (1 - (1 - delta) * (1 - delta) * now / next).squareRoot()
    #expect(abs(noise / (beta * next.squareRoot()) - 1) < 1e-9)
  }

  // Data at one point: the noise kept and the new noise are those of the next level, whatever δ is.
  @Test(
    "the noise is consistent with each level for data at one point",
    arguments: [0.02, 0.1, 0.9, 1.4])
  func consistent(delta: Double) {
    for process in processes + [VarianceExploding(sigmaMin: 0.05, sigmaMax: 5)] {
      let score = GaussianScore(process: process, dimension: 1, mean: 0.7, variance: 0)
      let times = TimeGrid.logSNR.times(steps: 60, of: process, to: 0.05 * process.horizon)
      let end = score.marginal(at: times[0]).propagated(
        by: ConsistentAnnealedSampling(stepSize: delta), over: times, score: score)
      // Rounding of sixty steps, with precisions of up to 1e5.
      #expect(end.distance(to: score.marginal(at: times[60])) < 1e-6, "\(type(of: process)) \(delta)")
    }
  }

  @Test("a step too long for its δ is the implicit sampler's, without noise") func long() throws {
    let process = VariancePreserving()
    let (own, implicit) = (
      ConsistentAnnealedSampling(stepSize: 0.1).step(process, from: 0.9, to: 0.5)[0],
      ImplicitSampler().step(process, from: 0.9, to: 0.5)[0]
    )
    #expect(own.noise == nil && own == implicit)
  }

  // u ← c u + …: c = 1 − δb, new variance (2δ − δ²)σ², whose fixed point is that of the comment.
  @Test("at equilibrium the variance is off by the factor that is stated", arguments: [0.1, 0.5, 1.0])
  func bias(delta: Double) {
    let process = VarianceExploding(sigmaMin: 0.05, sigmaMax: 5)
    let score = GaussianScore(process: process, dimension: 1, mean: 0, variance: 0.3)
    let (start, end) = (0.5, 0.499)
    let times = (0...4000).map { start + (end - start) * Double($0) / 4000 }
    let law = score.marginal(at: start).propagated(
      by: ConsistentAnnealedSampling(stepSize: delta), over: times, score: score)
    let variance = process.kernel(at: end).covariance[0, 0]
    let b = variance / (0.3 + variance)
    let known = (variance + 0.3) * (2 - delta) / (2 - delta * b)
    // The level moves by 1e-6 of itself in a step, and equilibrium comes in some tens of steps.
    #expect(abs(law.covariance[0, 0] / known - 1) < 1e-3)
  }
}
