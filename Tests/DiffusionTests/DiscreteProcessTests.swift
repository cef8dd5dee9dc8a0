import Diffusion
import Foundation
import Testing

/// A chain and a short name of it.
struct Chain: Sendable, CustomTestStringConvertible {
  let process: DiscreteProcess
  var testDescription: String { "\(process.kind.rawValue), K = \(process.levels), T = \(process.steps)" }

  static let all = DiscreteProcessKind.allCases.flatMap { kind in
    [(2, 1), (5, 4), (17, 12)].map { levels, steps in
      Chain(process: DiscreteProcess(kind, levels: levels, steps: steps, noise: (0.01, 1.5)))
    }
  }
}

/// Every element of a transition.
func elements(_ transition: StateTransition) -> [[Double]] {
  (0..<transition.states).map { i in (0..<transition.states).map { transition[i, $0] } }
}

@Suite struct DiscreteProcessTests {
  private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in b[0].indices.map { j in zip(row, b).reduce(0) { $0 + $1.0 * $1.1[j] } } }
  }

  private func difference(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a.joined(), b.joined()).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("Q̄_t, and Q from any step to any later one, are the products of single steps", arguments: Chain.all)
  func products(chain: Chain) {
    let process = chain.process
    for s in 0..<process.steps {
      var all = elements(process.transition(from: s, to: s + 1))
      for t in s + 1...process.steps {
        if t > s + 1 { all = product(all, elements(process.transition(from: t - 1, to: t))) }
        // A dozen products of numbers below 1, each with roundings of 1e-16.
        #expect(difference(all, elements(process.transition(from: s, to: t))) < 1e-14)
      }
    }
  }

  @Test("rows sum to one, no element is negative, and the prior stays as it is", arguments: Chain.all)
  func stationary(chain: Chain) {
    let process = chain.process
    for t in 1...process.steps {
      let q = elements(process.transition(from: t - 1, to: t))
      for row in q {
        #expect(abs(row.reduce(0, +) - 1) < 1e-15 * Double(2 * row.count))  // a rounding for each addition
        #expect(row.allSatisfy { $0 >= 0 })
      }
      #expect(difference(product([process.prior], q), [process.prior]) < 1e-15)  // one rounding of numbers below 1
    }
    #expect(
      elements(process.marginal(0)) == (0..<process.states).map { i in (0..<process.states).map { $0 == i ? 1 : 0 } })
  }

  // The values are numpy's, by the formula of the reference code: a softmax over the distances 1 − K … K − 1.
  @Test("the discretised Gaussian has the elements of Austin's code") func gaussianElements() {
    let fine = DiscreteProcess(.gaussian, levels: 256, steps: 1, noise: (0.02, 0.02)).transition(from: 0, to: 1)
    let coarse = DiscreteProcess(.gaussian, levels: 8, steps: 1, noise: (0.2, 0.2)).transition(from: 0, to: 1)
    let pairs = [
      (fine[3, 5], 0.030906994384456234), (fine[0, 0], 0.51564479530986), (fine[128, 128], 0.03128959061972014),
      (coarse[3, 5], 0.07043520875433605), (coarse[0, 0], 0.6802237515620966), (coarse[4, 4], 0.36100006400030793),
    ]
    for (value, known) in pairs { #expect(abs(value - known) < 1e-14) }  // sums of 256 numbers below 1
  }

  // numpy's, by the cosine schedule of the reference code.
  @Test("the uniform chain keeps a state with the cosine schedule's probability") func cosine() {
    let process = DiscreteProcess(.uniform, levels: 4, steps: 1000)
    let known = [
      1: 0.9999793576745363, 500: 0.7027400589411684, 999: 0.0015584501618707061, 1000: 1.5584501618707074e-06,
    ]
    for (t, kept) in known {
      let q = process.marginal(t)
      #expect(abs(q[2, 2] - (kept + (1 - kept) / 4)) < 1e-13)  // a thousand factors, each rounded at 1e-16
      #expect(abs(q[2, 0] - (1 - kept) / 4) < 1e-13)
    }
  }

  @Test("the absorbing chain masks a share t/T of the data, and all at the end") func absorbing() {
    let process = DiscreteProcess(.absorbing, levels: 3, steps: 8)
    #expect(process.states == 4 && process.mask == 3)
    for t in 0...8 {
      let q = process.marginal(t)
      #expect(q[1, 1] == 1 - Double(t) / 8 && q[1, 3] == Double(t) / 8 && q[1, 0] == 0 && q[3, 3] == 1)
    }
    #expect(process.priorDivergence(1) == 0)
  }

  @Test("what is left of the data at the end is that of the last marginal") func priorDivergence() {
    let process = DiscreteProcess(.gaussian, levels: 3, steps: 2, noise: (0.1, 0.4))
    let last = elements(process.marginal(2))
    let known = last[0].reduce(0) { $0 + $1 * log(3 * $1) }
    #expect(known > 0.01 && abs(process.priorDivergence(0) - known) < 1e-15)  // sums of three numbers below 1
  }

  @Test("a draw inverts the distribution function", arguments: Chain.all) func draws(chain: Chain) {
    let q = chain.process.marginal(chain.process.steps)
    for i in 0..<chain.process.levels {
      var below = 0.0
      for j in 0..<chain.process.states where q[i, j] > 1e-9 {
        #expect(q.draw(from: i, below + 1e-12) == j)
        below += q[i, j]
        #expect(q.draw(from: i, below - 1e-12) == j)
      }
      #expect(q[i, q.draw(from: i, 1 - 0x1p-53)] > 0)
    }
  }
}
