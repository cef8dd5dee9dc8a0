import Diffusion
import LinearAlgebra
import Sampling
import TestSupport
import Testing

/// Ancestral steps whose variance comes with the score.
@Suite struct LearnedVarianceTests {
  private static let processes: [any ForwardProcess] = [
    VariancePreserving(), VarianceExploding(sigmaMin: 0.05, sigmaMax: 5), OrnsteinUhlenbeck(horizon: 3),
  ]

  /// The mean square of 4,096 samples of 4 coordinates, without denoising.
  private func meanSquare<S: Score>(_ score: S, _ variance: ReverseVariance, _ times: [Double]) -> Double {
    var score = score
    let start = GaussianScore(process: score.process, dimension: 4, mean: 0, variance: 0.3)
      .marginal(at: times[0]).covariance
    var generator = Generator(
      process: score.process, dimension: 4, sampler: AncestralSampler(variance: variance), times: times,
      denoises: false, seed: 4, start: start)
    var samples = Matrix(rows: 256, columns: 4)
    var sum = 0.0
    for chunk in 0..<16 {
      generator.generate(chunk: chunk, score: &score, into: &samples)
      for r in 0..<256 { for k in 0..<4 { sum += Double(samples[r, k]) * Double(samples[r, k]) } }
    }
    return sum / 16_384
  }

  @Test(
    "with the exact variance a few long steps carry one marginal to another; with β or β̃ they do not",
    arguments: processes)
  func exact(process: any ForwardProcess) {
    let times = TimeGrid.logSNR.times(steps: 4, of: process, to: process.time(ofNoise: 0.2))
    let score = GaussianScore(process: process, dimension: 4, mean: 0, variance: 0.3)
    let chain = GaussianChainScore(score) { t in times[(times.firstIndex(of: t) ?? 0) + 1] }
    let expected = score.marginal(at: times[4]).covariance[0, 0]
    // The standard error of a mean square of 16,384 normals is 1.1 %; four of them.
    #expect(abs(meanSquare(chain, .learned, times) / expected - 1) < 0.045)
    #expect(meanSquare(score, .posterior, times) / expected < 0.9)
    #expect(meanSquare(score, .forward, times) / expected > 1.1)
  }

  @Test("v of 0 and 1 gives the samples of β̃ and β")
  func ends() {
    let process = VariancePreserving()
    let times = TimeGrid.uniform.times(steps: 5, of: process, to: 0.01)
    let score = GaussianScore(process: process, dimension: 4, mean: 0, variance: 0.3)
    for (v, variance) in [(Float(0), ReverseVariance.posterior), (1, .forward)] {
      let (fixed, found) = (
        meanSquare(score, variance, times), meanSquare(ConstantVariance(base: score, v: v), .learned, times)
      )
      #expect(abs(found / fixed - 1) < 1e-5)  // Float rounding of the deviations
    }
  }
}

/// A score with one v for all.
private struct ConstantVariance: Score {
  var base: GaussianScore
  let v: Float
  var process: any ForwardProcess { base.process }
  var dimension: Int { base.dimension }
  var hasVariance: Bool { true }
  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    base.evaluate(state, at: t, into: &score)
  }
  mutating func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
  ) {
    base.evaluate(state, at: t, into: &score)
    variance.fill(v)
  }
}
