import Diffusion
import Foundation
import LinearAlgebra
import Metrics
import Testing

/// The law of x_0 of one column, whatever the others are.
private struct LawDenoiser: StateDenoiser {
  let process: DiscreteProcess
  let dimension: Int
  let law: [Double]
  var form: ReverseForm { .joint }

  mutating func evaluate(_ states: borrowing Matrix, at t: Int, into laws: inout Matrix) {
    for row in 0..<states.rows {
      for column in 0..<dimension {
        for k in law.indices { laws[row, column * law.count + k] = Float(law[k]) }
      }
    }
  }
}

@Suite struct StateBoundTests {
  private func tasks(_ count: Int) -> [SettledLikelihood.Task] {
    (0..<count).map { SettledLikelihood.Task(row: $0 / 3, draw: $0 % 3) }
  }

  @Test(
    "with the exact law the mean bound is the entropy and what the prior misses",
    arguments: DiscreteProcessKind.allCases)
  func entropy(kind: DiscreteProcessKind) {
    let process = DiscreteProcess(kind, levels: 3, steps: 5, noise: (0.2, 0.6))
    let law = [0.5, 0.3, 0.2]
    var denoiser = LawDenoiser(process: process, dimension: 2, law: law)
    var rows = Matrix(rows: 1000, columns: 2)
    for r in 0..<1000 {
      for k in 0..<2 { rows[r, k] = Float([0, 0, 0, 0, 0, 1, 1, 1, 2, 2][(r + 3 * k) % 10]) }
    }
    let bound = StateBound(process: process, dimension: 2, form: .joint, seed: 5)
    let values = bound.values(tasks(3000), of: rows, denoiser: &denoiser)
    let last = process.marginal(5)
    var known = -law.reduce(0) { $0 + $1 * log($1) }
    for j in 0..<process.states {
      let p = (0..<3).reduce(0) { $0 + law[$1] * last[$1, j] }
      if p > 0 { known += p * log(p / process.prior[j]) }
    }
    let mean = values.reduce(0, +) / 3000
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3000).squareRoot()
    let error = deviation / 3000.0.squareRoot()
    // Five standard errors, and an error of at most two percent of the value, so that they say something.
    #expect(abs(mean - 2 * known) < 5 * error && error < 0.02 * 2 * known, "\(mean) ± \(error) for \(2 * known)")
  }

  @Test("a value depends on its row and draw alone") func keys() {
    let process = DiscreteProcess(.uniform, levels: 3, steps: 4)
    var denoiser = LawDenoiser(process: process, dimension: 1, law: [0.6, 0.3, 0.1])
    var rows = Matrix(rows: 100, columns: 1)
    for r in 0..<100 { rows[r, 0] = Float(r % 3) }
    let bound = StateBound(process: process, dimension: 1, form: .joint, seed: 5)
    let all = bound.values(tasks(300), of: rows, denoiser: &denoiser)
    let backwards = bound.values(tasks(300).reversed(), of: rows, denoiser: &denoiser)
    #expect(all == backwards.reversed())
    #expect(all[0] != all[1])
  }
}
