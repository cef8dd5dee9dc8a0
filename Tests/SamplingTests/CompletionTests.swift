import Diffusion
import Foundation
import LinearAlgebra
import Targets
import Testing

@testable import Sampling

/// The score of three coordinates of variance 1 with one correlation, under any process of Gaussian noise.
///
/// Along (1, 1, 1) the data has the variance 1 + 2ρ, and 1 − ρ across it.
private struct CorrelatedScore: Score {
  let process: any ForwardProcess
  let correlation: Double
  var dimension: Int { 3 }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let kernel = process.kernel(at: t)
    let spread = kernel.mean.outer(kernel.mean)
    let along = (kernel.covariance + spread.scaled(by: 1 + 2 * correlation)).inverse
    let across = (kernel.covariance + spread.scaled(by: 1 - correlation)).inverse
    let c = kernel.mean.size
    var means = [Double](repeating: 0, count: c)
    for r in 0..<state.rows {
      for b in 0..<c { means[b] = (0..<3).reduce(0) { $0 + Double(state[r, b * 3 + $1]) } / 3 }
      for b in 0..<c {
        for k in 0..<3 {
          var sum = 0.0
          for j in 0..<c { sum -= along[b, j] * means[j] + across[b, j] * (Double(state[r, j * 3 + k]) - means[j]) }
          score[r, b * 3 + k] = Float(sum)
        }
      }
    }
  }

  /// Mean and deviation of an unknown coordinate given others.
  func conditional(_ known: [Double]) -> (mean: Double, deviation: Double) {
    let (a, b, m) = (1 - correlation, correlation, Double(known.count))
    return (b * known.reduce(0, +) / (a + m * b), (a + b - m * b * b / (a + m * b)).squareRoot())
  }
}

/// Completed rows of a score, each as many draws as it has particles.
private func completed(
  _ rows: [CompletionGenerator.System], _ score: some Score, seed: UInt64 = 3
) -> [[[Double]]] {
  var score = score
  let process = score.process
  var generator = CompletionGenerator(
    process: process, dimension: score.dimension,
    times: TimeGrid.logSNR.times(steps: 250, of: process, to: process.time(ofNoise: 0.005)), denoises: true, seed: seed,
    particles: CompletionGenerator.fewest)
  var samples = Matrix(rows: Generator.rows, columns: score.dimension)
  var all: [[[Double]]] = []
  for first in stride(from: 0, to: rows.count, by: generator.systems) {
    let own = Array(rows[first..<min(first + generator.systems, rows.count)])
    let effective = generator.generate(own, score: &score, into: &samples)
    #expect(effective.count == own.count && effective.allSatisfy { $0 >= 1 && $0 <= 16 })
    for system in own.indices {
      all.append(
        (0..<generator.particles).map { p in
          (0..<score.dimension).map { Double(samples[system * generator.particles + p, $0]) }
        })
    }
  }
  return all
}

@Suite struct CompletionTests {
  @Test(
    "rows of which each knows other coordinates get the others' conditional law", arguments: Family.all)
  func conditional(_ family: Family) {
    let score = CorrelatedScore(process: family.process, correlation: 0.8)
    let patterns: [(columns: [Int], values: [Double])] = [([0], [1.5]), ([2, 0], [-1.2, 0.3]), ([], []), ([1], [0])]
    let rows = (0..<256).map { i in
      let pattern = patterns[i % 4]
      return CompletionGenerator.System(
        index: UInt64(i), known: FixedCoordinates(columns: pattern.columns, values: pattern.values))
    }
    let all = completed(rows, score)
    for (number, pattern) in patterns.enumerated() {
      let draws = all.indices.filter { $0 % 4 == number }.flatMap { all[$0] }
      for (column, value) in zip(pattern.columns, pattern.values) {
        #expect(draws.allSatisfy { $0[column] == Double(Float(value)) })
      }
      let exact = score.conditional(pattern.values)
      for column in 0..<3 where !pattern.columns.contains(column) {
        let mean = draws.reduce(0) { $0 + $1[column] } / Double(draws.count)
        let square = draws.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / Double(draws.count)
        // 64 rows of 16 draws, which depend on one another a little: a standard error of some 4 % of a deviation. A network
        // that is asked for the law without conditions is off by a deviation and more.
        #expect(abs(mean - exact.mean) < 0.16 * exact.deviation, "\(pattern), column \(column): \(mean) for \(exact)")
        #expect(abs(square.squareRoot() / exact.deviation - 1) < 0.12, "\(pattern), column \(column), for \(exact)")
      }
    }
  }

  @Test("modes get the weights that the known coordinate gives them, which replacement leaves too even")
  func weights() throws {
    let (means, variances) = ([[-1.0, -0.8], [1, 0.8]], [[0.0025, 0.36], [0.0025, 0.36]])
    let target = GaussianMixture(weights: [0.5, 0.5], means: means, variances: variances)
    let score = try #require(target.score(under: VariancePreserving(), in: .identity(2)))
    let known = FixedCoordinates(columns: [1], values: [0.4])
    let rows = (0..<128).map { CompletionGenerator.System(index: $0, known: known) }
    func opened(_ score: some Score) -> [[Double]] { completed(rows, score).flatMap { $0 } }
    let draws = opened(score)
    // 1/(1 + exp(−2·0.8·0.4/0.36)); one standard error is 0.02. Replacement with as many evaluations gives 0.7.
    let exact = 1 / (1 + exp(-2 * 0.8 * 0.4 / 0.36))
    let found = Double(draws.count { $0[0] > 0 }) / Double(draws.count)
    #expect(abs(found - exact) < 0.07, "\(found) for \(exact)")
    #expect(draws.allSatisfy { abs(abs($0[0]) - 1) < 0.3 })
  }

  @Test("a row's draws depend on its index and its own coordinates, not on its place or the rows beside it")
  func keyed() {
    let score = CorrelatedScore(process: VariancePreserving(), correlation: 0.5)
    let rows = (0..<20).map { i in
      CompletionGenerator.System(
        index: UInt64(3 * i), known: FixedCoordinates(columns: [i % 3], values: [0.1 * Double(i)]))
    }
    let all = completed(rows, score)
    #expect(completed([rows[7]], score)[0] == all[7])
    #expect(completed(Array(rows[2...].reversed()), score)[1] == all[18])
    #expect(completed([rows[7]], score, seed: 4)[0] != all[7])
    let other = CompletionGenerator.System(index: 22, known: rows[7].known)
    #expect(completed([other], score)[0] != all[7])
  }
}
