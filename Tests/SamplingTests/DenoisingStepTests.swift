import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Testing

/// Steps that keep the posterior mean of the data.
@Suite struct DenoisingStepTests {
  private static let all: [any ForwardProcess] =
    processes + [
      VarianceExploding(sigmaMin: 0.05, sigmaMax: 5), FlowMatching(horizon: 0.9),
      LinearProcess.thirdOrderLangevin(velocityVariance: 0.25, accelerationVariance: 0.25),
    ]

  @Test("for data at one point, every η carries one kernel to the other in a single step", arguments: all)
  func onePoint(process: any ForwardProcess) {
    let point = GaussianScore(process: process, dimension: 1, mean: 0.7, variance: 0)
    let times = [0.8 * process.horizon, 0.3 * process.horizon]
    for eta in [0, 0.3, 0.7, 1] {
      let end = point.marginal(at: times[0]).propagated(by: ImplicitSampler(eta: eta), over: times, score: point)
      #expect(end.distance(to: point.marginal(at: times[1])) < 1e-11, "\(eta)")  // rounding
    }
  }

  @Test("at η = 1 a process of one block takes the ancestral step", arguments: all.filter { $0.blocks == 1 })
  func ancestral(process: any ForwardProcess) {
    let (t, s) = (0.8 * process.horizon, 0.3 * process.horizon)
    let (found, expected) = (
      ImplicitSampler(eta: 1).step(process, from: t, to: s)[0], AncestralSampler().step(process, from: t, to: s)[0]
    )
    #expect(abs(found.state[0, 0] - expected.state[0, 0]) < 1e-12)
    #expect(abs((found.score?[0, 0] ?? 0) - (expected.score?[0, 0] ?? 1)) < 1e-12)
    #expect(abs((found.noise?[0, 0] ?? 0) - (expected.noise?[0, 0] ?? 1)) < 1e-12)
  }

  @Test("η between its ends has order 1", arguments: all)
  func order(process: any ForwardProcess) {
    let score = GaussianScore(process: process, dimension: 1)
    let end = 0.05 * process.horizon
    func error(_ steps: Int) -> Double {
      let times = TimeGrid.logSNR.times(steps: steps, of: process, to: end)
      return score.marginal(at: times[0]).propagated(by: ImplicitSampler(eta: 0.5), over: times, score: score)
        .distance(to: score.marginal(at: end))
    }
    // From 3,200 to 6,400 steps; the next order's share, seen up to 0.1.
    #expect(abs(error(3200) / error(6400) - 2) < 0.2)
  }

  @Test("DDPM's β keeps N(0, 1) at any step, and β̃ does not")
  func forward() {
    let process = VariancePreserving()
    let score = GaussianScore(process: process, dimension: 1, mean: 0, variance: 1)
    let law = Moments(mean: BlockVector(0), covariance: BlockMatrix(1))
    let times = [1, 0.5, 0.1]
    func variance(_ variance: ReverseVariance) -> Double {
      law.propagated(by: AncestralSampler(variance: variance), over: times, score: score).covariance[0, 0]
    }
    #expect(abs(variance(.forward) - 1) < 1e-13)  // rounding
    // 1 − β + β̃ over two steps, by hand: ᾱ = e^{−τ}, τ = 0.1 t + 9.95 t².
    func alpha(_ t: Double) -> Double { exp(-(0.1 * t + 9.95 * t * t)) }
    var expected = 1.0
    for (t, s) in [(1, 0.5), (0.5, 0.1)] {
      let beta = 1 - alpha(t) / alpha(s)
      expected = (1 - beta) * expected + beta * (1 - alpha(s)) / (1 - alpha(t))
    }
    #expect(abs(variance(.posterior) - expected) < 1e-13)
  }

  @Test("the options reach the samplers") func options() {
    var options = SamplerOptions()
    (options.eta, options.reverseVariance) = (0.5, .forward)
    let process = VariancePreserving()
    #expect(
      SamplerKind.ddim.make(options).step(process, from: 0.9, to: 0.5)
        == ImplicitSampler(eta: 0.5).step(process, from: 0.9, to: 0.5))
    #expect(SamplerKind.ddim.make().step(process, from: 0.9, to: 0.5)[0].noise == nil)
    #expect(
      SamplerKind.ancestral.make(options).step(process, from: 0.9, to: 0.5)
        == AncestralSampler(variance: .forward).step(process, from: 0.9, to: 0.5))
  }
}
