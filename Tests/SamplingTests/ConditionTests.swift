import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Targets
import TestSupport
import Testing

@Suite struct ConditionTests {
  private let plain = Standardisation.identity(2)

  private func score(_ mixture: GaussianMixture, _ process: any ForwardProcess) throws -> any DifferentiableScore {
    try #require(mixture.score(under: process, in: plain) as? any DifferentiableScore)
  }

  private func samples(
    _ mixture: GaussianMixture, _ process: any ForwardProcess, _ kind: SamplerKind, steps: Int,
    given observations: Observations? = nil, fixed: FixedCoordinates? = nil
  ) throws -> [Double] {
    func opened(_ score: some DifferentiableScore) -> [Double] {
      var options = SamplerOptions()
      options.corrections = 4
      let times = TimeGrid.logSNR.times(steps: steps, of: process, to: 1e-3 * process.horizon)
      var generator = Generator(
        process: process, dimension: 2, sampler: kind.make(options), times: times, denoises: true, seed: 12,
        fixed: fixed)
      if let observations {
        var observed = ObservedScore(score, given: observations)
        return generator.values(chunks: 16, score: &observed)
      }
      var score = score
      return generator.values(chunks: 16, score: &score)
    }
    return try opened(score(mixture, process))
  }

  private let mixture = GaussianMixture(
    weights: [0.4, 0.6], means: [[-1, -0.3], [0.7, 0.35]], variances: [[0.3, 0.1], [0.4, 0.15]])

  /// The law of x_2 given x_1 = a: weights by N(a; μ_1, v_1).
  private func conditional(_ a: Double) -> (Double) -> Double {
    let weights = (0..<2).map { k in
      let (m, v) = (mixture.means[k][0], mixture.variances[k][0])
      return mixture.weights[k] * exp(-0.5 * (a - m) * (a - m) / v) / v.squareRoot()
    }
    return { [mixture] x in
      (0..<2).reduce(0) {
        $0 + weights[$1] / (weights[0] + weights[1])
          * normalDistribution(x, mixture.means[$1][1], mixture.variances[$1][1])
      }
    }
  }

  @Test("inpainting a mixture by annealed Langevin gives the exact conditional law") func inpainting() throws {
    let fixed = FixedCoordinates(columns: [0], values: [-0.1])
    let values = try samples(mixture, VariancePreserving(), .annealedLangevin, steps: 300, fixed: fixed)
    #expect(stride(from: 0, to: values.count, by: 2).allSatisfy { values[$0] == Double(Float(-0.1)) })
    let free = stride(from: 1, to: values.count, by: 2).map { values[$0] }
    // False alarm 5e-5; the level spent at each time leaves a bias below a tenth of it.
    #expect(kolmogorovSmirnov(free, conditional(-0.1)) < kolmogorovSmirnovBound)
  }

  @Test("adaptive samplers hold fixed coordinates, and the others follow", arguments: [true, false])
  func adaptive(isFlow: Bool) throws {
    let sampler: any AdaptiveSampler = isFlow ? DormandPrince() : AdaptiveEuler()
    let law = GaussianMixture(weights: [1, 1], means: [[-3, -1], [3, 1]], variances: [[0.1, 0.1], [0.1, 0.1]])
    func values(_ score: some Score) -> [Double] {
      var score = score
      var generator = AdaptiveGenerator(
        process: VariancePreserving(), dimension: 2, sampler: sampler, finalTime: 1e-3, denoises: true, seed: 12,
        fixed: FixedCoordinates(columns: [0], values: [-3]))
      var samples = Matrix(rows: Generator.rows, columns: 2)
      _ = generator.generate(chunk: 0, score: &score, into: &samples)
      return (0..<samples.count).map { Double(samples.span[$0]) }
    }
    let found = try values(score(law, VariancePreserving()))
    #expect(stride(from: 0, to: found.count, by: 2).allSatisfy { found[$0] == -3 })
    // The other component is e^{−180} as likely there. Half of the samples would be in it without the fixed value; some
    // few are, for replacement comes late for those that went far while it said little.
    #expect(stride(from: 1, to: found.count, by: 2).count { found[$0] > 0 } < 10)
  }

  @Test("an observation of a mixture gives the conditional law up to the Gaussian approximation")
  func observed() throws {
    let values = try samples(
      mixture, VariancePreserving(), .splittingMidpoint, steps: 300,
      given: Observations(rows: [[1, 0]], values: [-0.1], deviations: [0]))
    let observed = stride(from: 0, to: values.count, by: 2).map { values[$0] }
    // The deviation that the last time leaves, e^{−4.6}, and a few of them.
    #expect(observed.allSatisfy { abs($0 + 0.1) < 0.02 })
    let free = stride(from: 1, to: values.count, by: 2).map { values[$0] }
    // The posterior of x_0 given u is not Gaussian between the components: √n times a gap of at most 0.15.
    #expect(kolmogorovSmirnov(free, conditional(-0.1)) < 0.15 * Double(free.count).squareRoot())
    // Without the observation the gap is far larger.
    let blind = try samples(mixture, VariancePreserving(), .splittingMidpoint, steps: 300)
    let second = stride(from: 1, to: blind.count, by: 2).map { blind[$0] }
    #expect(kolmogorovSmirnov(second, conditional(-1.5)) > 0.2 * Double(second.count).squareRoot())
  }
}
