import Diffusion
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

@Suite struct AdaptiveTests {
  /// Starts and ends of the first chunk's samples, and the mean number of evaluations.
  private func run(
    _ sampler: any AdaptiveSampler, _ process: any ForwardProcess, chunk: Int = 0, scaled: Float = 1
  ) -> (start: [[Double]], end: [[Double]], evaluations: [Int]) {
    var score = ScaledRow(base: GaussianScore(process: process, dimension: 2), row: 7, factor: scaled)
    var generator = AdaptiveGenerator(
      process: process, dimension: 2, sampler: sampler, finalTime: 0.01 * process.horizon, denoises: false, seed: 4)
    var samples = Matrix(rows: Generator.rows, columns: 2)
    var start = [[Double]](repeating: [], count: Generator.rows)
    let evaluations = generator.generate(chunk: chunk, score: &score, into: &samples) { row, time, state in
      guard time == process.horizon else { return }
      for k in state.indices { start[row].append(Double(state[k])) }
    }
    let end = (0..<Generator.rows).map { row in (0..<2).map { Double(samples[row, $0]) } }
    return (start, end, evaluations)
  }

  @Test("Dormand–Prince follows the probability flow to its tolerance", arguments: [processes[0], processes[1]])
  func tolerance(process: any ForwardProcess) {
    let score = GaussianScore(process: process, dimension: 2)
    let (first, last) = (score.marginal(at: process.horizon), score.marginal(at: 0.01 * process.horizon))
    let ratio = (last.covariance[0, 0] / first.covariance[0, 0]).squareRoot()
    var errors: [Double] = []
    var costs: [Int] = []
    for exponent in 2...5 {
      let tolerance = pow(10, -Double(exponent))
      let (start, end, evaluations) = run(
        DormandPrince(tolerance: Tolerance(relative: tolerance, absolute: tolerance)), process)
      var worst = 0.0
      for row in 0..<Generator.rows {
        for k in 0..<2 {
          worst = max(worst, abs(end[row][k] - (last.mean[0] + ratio * (start[row][k] - first.mean[0]))))
        }
      }
      // Errors of some ten steps, shrunk by the flow; in Float, 1e-6 is the least.
      #expect(worst < 10 * tolerance + 3e-6, "\(tolerance): \(worst)")
      errors.append(worst)
      costs.append(evaluations.reduce(0, +))
      #expect(evaluations.allSatisfy { $0 % 6 == 1 && $0 < 600 })
    }
    #expect(errors[0] > 10 * errors[3] && zip(costs, costs.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("adaptive Euler's samples approach those of a fine tolerance along one Brownian path", arguments: processes)
  func paths(process: any ForwardProcess) {
    func end(_ tolerance: Double) -> [[Double]] {
      run(AdaptiveEuler(tolerance: Tolerance(relative: tolerance, absolute: tolerance)), process).end
    }
    let fine = end(2e-3)
    let errors = [0.2, 0.02].map { tolerance in
      zip(end(tolerance), fine).reduce(0) { $0 + pow($1.0[0] - $1.1[0], 2) + pow($1.0[1] - $1.1[1], 2) }
    }
    // Ten times the tolerance is at least three times the step; the mean square error falls with the step's square.
    #expect(errors[1] < errors[0] / 5, "\(errors)")
  }

  @Test("a sample's path does not depend on what was asked of it or of others before") func path() {
    func increment(_ tree: inout BrownianTree, _ step: (level: Int, position: UInt64), sample: UInt64) -> [Double] {
      tree.descend(level: step.level, position: step.position, sample: sample, row: Int(sample % 3))
      return tree.increment
    }
    // Up and down the tree, left and right, and deeper than what is kept.
    let deep = BrownianTree.kept + 5
    let steps: [(level: Int, position: UInt64)] = [
      (0, 0), (3, 5), (3, 4), (2, 2), (7, 80), (7, 81), (deep, 12_345), (deep, 12_344), (3, 5), (1, 0), (deep, 12_345),
    ]
    var kept = BrownianTree(rows: 3, columns: 5, seed: 9)
    for step in steps {
      // Sample 4 takes the row of sample 1.
      for sample: UInt64 in [0, 1, 2, 4] {
        var fresh = BrownianTree(rows: 3, columns: 5, seed: 9)
        let expected = increment(&fresh, step, sample: sample)
        #expect(increment(&kept, step, sample: sample) == expected)
      }
    }
    // Both halves of an interval make it whole, up to rounding.
    let (whole, halves) = (increment(&kept, (6, 17), sample: 2), [34, 35].map { increment(&kept, (7, $0), sample: 2) })
    for k in 0..<5 { #expect(abs(halves[0][k] + halves[1][k] - whole[k]) < 1e-15) }
  }

  @Test("adaptive Euler ends in the law of the data", arguments: processes)
  func law(process: any ForwardProcess) {
    let law = GaussianScore(process: process, dimension: 2).marginal(at: 0.01 * process.horizon)
    let values = (0..<4).flatMap { chunk in
      run(AdaptiveEuler(tolerance: Tolerance(relative: 0.01, absolute: 0.01)), process, chunk: chunk).end.joined()
    }
    // False alarm 5e-5.
    #expect(
      kolmogorovSmirnov(values) { normalDistribution($0, law.mean[0], law.covariance[0, 0]) } < kolmogorovSmirnovBound)
  }

  @Test("with steps that double up to half of the interval adaptive Euler has the moments of its formula")
  func formula() {
    let process = OrnsteinUhlenbeck(horizon: 1)
    let score = GaussianScore(process: process, dimension: 2)
    let values = (0..<16).flatMap { chunk in
      run(AdaptiveEuler(tolerance: Tolerance(relative: 1e9, absolute: 1e9)), process, chunk: chunk).end.joined()
    }
    var (mean, variance, t) = (0.0, 1.0, 1.0)
    for parts in [128, 128, 64, 32, 16, 8, 4, 2] as [Double] {
      let h = 0.99 / parts
      let (here, there) = (score.marginal(at: t), score.marginal(at: t - h))
      // b(u, t) = u − 2 (u − μ)/σ² is a u + c.
      let a = (1 - 2 / here.covariance[0, 0], 1 - 2 / there.covariance[0, 0])
      let c = (2 * here.mean[0] / here.covariance[0, 0], 2 * there.mean[0] / there.covariance[0, 0])
      // u' = u + h (a u + c) + √2 ΔW, then the mean of it and of u + h (a u' + c) + √2 ΔW with the step's end's a and c.
      let gain = 1 + 0.5 * h * (a.0 + a.1 * (1 + h * a.0))
      mean = gain * mean + 0.5 * h * (c.0 + c.1 + a.1 * h * c.0)
      variance = gain * gain * variance + pow(1 + 0.5 * h * a.1, 2) * 2 * h
      t -= h
    }
    let found = values.reduce(0, +) / Double(values.count)
    let spread = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)
    // Four standard errors of 8,192 numbers: a false alarm in 8,000 for the two.
    #expect(abs(found - mean) < 4 * (variance / 8192).squareRoot(), "\(found), \(mean)")
    #expect(abs(spread / variance - 1) < 4 * (2.0 / 8192).squareRoot(), "\(spread), \(variance)")
  }

  @Test("an error is the root mean square over coordinates, each beside the larger of both states") func ratio() {
    let tolerance = Tolerance(relative: 0.1, absolute: 0.5)
    // 3/(0.5 + 0.4), 4/(0.5 + 0.5) and 0.
    let expected = ((9 / 0.81 + 16) / 3).squareRoot()
    #expect(abs(tolerance.ratio([3, -4, 0], [1, 5, 9], [-4, 2, 9]) - expected) < 1e-14)  // rounding
  }

  @Test("denoising at the end is one evaluation more") func denoising() {
    func evaluations(_ denoises: Bool) -> [Int] {
      var score = GaussianScore(process: processes[0], dimension: 2)
      var generator = AdaptiveGenerator(
        process: processes[0], dimension: 2, sampler: DormandPrince(), finalTime: 0.01 * processes[0].horizon,
        denoises: denoises, seed: 4)
      var samples = Matrix(rows: Generator.rows, columns: 2)
      return generator.generate(chunk: 0, score: &score, into: &samples)
    }
    #expect(evaluations(true) == evaluations(false).map { $0 + 1 })
  }

  @Test("a step whose error is beyond the tolerance is tried again and not taken") func rejections() {
    let process = processes[0]
    for sampler in [DormandPrince(), AdaptiveEuler(tolerance: Tolerance(relative: 0.02, absolute: 0.02))]
      as [any AdaptiveSampler]
    {
      var score = GaussianScore(process: process, dimension: 2, mean: 0, variance: 1e-3)
      var generator = AdaptiveGenerator(
        process: process, dimension: 2, sampler: sampler, finalTime: 0.01 * process.horizon, denoises: false, seed: 4)
      var samples = Matrix(rows: Generator.rows, columns: 2)
      var taken = 0
      let evaluations = generator.generate(chunk: 0, score: &score, into: &samples) { _, _, _ in taken += 1 }
      let tried = sampler is DormandPrince ? evaluations.map { ($0 - 1) / 6 } : evaluations.map { $0 / 2 }
      // The start is told too. Where the score is steep, each of 256 samples is refused some steps.
      let rejected = tried.reduce(0, +) - (taken - Generator.rows)
      #expect(rejected > 100, "\(rejected) of \(tried.reduce(0, +))")
    }
  }

  @Test("an adaptive sample's bits depend on no other sample") func neighbours() {
    let samplers: [any AdaptiveSampler] = [
      DormandPrince(), AdaptiveEuler(tolerance: Tolerance(relative: 0.05, absolute: 0.05)),
    ]
    for sampler in samplers {
      let (plain, scaled) = (run(sampler, processes[3]), run(sampler, processes[3], scaled: 3))
      let changed = (0..<Generator.rows).filter { plain.end[$0] != scaled.end[$0] }
      #expect(changed == [7])
      let costlier = (0..<Generator.rows).filter { plain.evaluations[$0] != scaled.evaluations[$0] }
      #expect(costlier.isEmpty || costlier == [7])
      let (again, other) = (run(sampler, processes[3]), run(sampler, processes[3], chunk: 1))
      #expect(again.end == plain.end && again.end != other.end)
    }
  }
}
