import Diffusion
import Foundation
import LinearAlgebra
import Testing

/// Chains of processes of one block, of different kinds.
private let chains: [ReverseChain] = [
  ReverseChain(VariancePreserving(), steps: 40),
  ReverseChain(VariancePreserving(schedule: .cosine), steps: 25),
  ReverseChain(
    VariancePreserving(schedule: .discreteLinear(DiscreteNoise(steps: 100, first: 1e-3, last: 0.2))), steps: 100),
  ReverseChain(VarianceExploding(sigmaMin: 0.05, sigmaMax: 5), steps: 30),
  ReverseChain(OrnsteinUhlenbeck(horizon: 3), steps: 20),
]

/// A chain's terms, of which everything is known for Gaussian data.
@Suite struct ReverseChainTests {
  @Test("β, β̃ and the gain are DDPM's", arguments: [2, 3, 57, 100])
  func published(i: Int) {
    let chain = chains[2]
    let betas = (0..<100).map { 1e-3 + (0.2 - 1e-3) * Double($0) / 99 }
    let bars = betas.reduce(into: [1.0]) { $0.append($0[$0.count - 1] * (1 - $1)) }
    let step = ReverseStep(chain.process, from: chain.time(ofState: i), to: chain.time(ofState: i - 1))
    #expect(abs(step.forward / betas[i - 1] - 1) < 1e-12)  // rounding
    #expect(abs(step.posterior / (betas[i - 1] * (1 - bars[i - 1]) / (1 - bars[i])) - 1) < 1e-12)
    #expect(abs(step.gain / (bars[i - 1].squareRoot() * betas[i - 1] / (1 - bars[i])) - 1) < 1e-12)
  }

  @Test("states and their times lead to one another", arguments: chains)
  func states(chain: ReverseChain) {
    for i in 1...chain.steps { #expect(chain.state(at: chain.time(ofState: i)) == i) }
    #expect(chain.time(ofState: chain.steps) == chain.process.horizon)
  }

  /// For data N(m, s²) the law of u_{i−1} given u_i is Gaussian with the variance β̃ + g²Var(x_0|u_i): with it the chain is
  /// exact, and what its bound is too large by is the divergence at the end.
  @Test(
    "with the exact variance the bound of Gaussian data is its entropy and the divergence from the prior",
    arguments: chains,
    [0.09, 0.6])
  func closedForm(chain: ReverseChain, variance: Double) {
    let mean = 0.7
    func residual(_ i: Int) -> Double {
      variance / (1 + variance * chain.process.kernel(at: chain.time(ofState: i)).signalToNoise)
    }
    func bound(_ v: (Int) -> Double) -> Double {
      // E ‖x_0 − E[x_0|u]‖² is Var(x_0|u), whatever u.
      var sum = (1...chain.steps).reduce(0) {
        $0 + chain.term(ofState: $1).value(v($1), squaredError: residual($1))
      }
      // The prior's term is quadratic in x: its mean is that at the mean, and its second difference times s²/2.
      let bend = chain.priorTerm(1) - 2 * chain.priorTerm(0) + chain.priorTerm(-1)
      sum += chain.priorTerm(mean) + 0.5 * bend * variance
      return sum
    }
    let best = bound { chain.term(ofState: $0).best(meanSquaredError: residual($0)) }
    let kernel = chain.process.kernel(at: chain.process.horizon)
    let prior = chain.process.priorCovariance[0, 0]
    let (m, s) = (kernel.mean[0] * mean, kernel.covariance[0, 0] + kernel.mean[0] * kernel.mean[0] * variance)
    let divergence = 0.5 * ((s + m * m) / prior - 1 - log(s / prior))
    let entropy = 0.5 * (1 + log(2 * Double.pi * variance))
    // Rounding, over up to 100 terms whose β̃ are down to 1e-5.
    #expect(abs(best - entropy - divergence) < 1e-9)
    // Any other variance is worse.
    for v in [0, 0.5, 1] { #expect(bound { _ in v } > best + 1e-4) }
  }

  @Test("a term's slope is the difference of its values", arguments: chains)
  func slope(chain: ReverseChain) {
    for i in [1, 2, chain.steps / 2] {
      let term = chain.term(ofState: i)
      for v in [-0.4, 0, 0.7, 1.3] {
        let h = 1e-5
        let difference =
          (term.value(v + h, squaredError: 0.3) - term.value(v - h, squaredError: 0.3)) / (2 * h)
        // The third derivative times h², and the rounding of values divided by h.
        #expect(abs(difference - term.slope(v, squaredError: 0.3)) < 1e-6 * (1 + abs(difference)))
      }
    }
  }

  @Test("at v = 0 and 1 the term is the divergence of the Gaussians that it compares")
  func divergence() {
    let chain = chains[0]
    let i = 7
    let step = ReverseStep(chain.process, from: chain.time(ofState: i), to: chain.time(ofState: i - 1))
    for (v, sigma) in [(0.0, step.posterior), (1, step.forward)] {
      let shift = step.gain * step.gain * 0.3
      let expected = 0.5 * (log(sigma / step.posterior) + (step.posterior + shift) / sigma - 1)
      #expect(abs(chain.term(ofState: i).value(v, squaredError: 0.3) - expected) < 1e-12)
    }
    // The last is a density with the variance β̃_2 or β_1.
    let second = ReverseStep(chain.process, from: chain.time(ofState: 2), to: chain.time(ofState: 1))
    let first = ReverseStep(chain.process, from: chain.time(ofState: 1), to: 0)
    #expect(first.posterior == 0 && abs(first.gain - 1) < 1e-14)
    for (v, sigma) in [(0.0, second.posterior), (1, first.forward)] {
      let expected = 0.5 * (log(2 * Double.pi * sigma) + 1e-4 / sigma)
      #expect(abs(chain.term(ofState: 1).value(v, squaredError: 1e-4) - expected) < 1e-12)
    }
  }
}
