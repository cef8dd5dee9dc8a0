import Diffusion
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

/// A score that checks each state it is asked about: its held coordinates must be those of the evaluation's own time.
private struct Watching: Score {
  var base: GaussianScore
  let fixed: FixedCoordinates
  /// e of each row and held coordinate as the first evaluation shows it, c numbers each.
  var noises: [[BlockVector]] = []
  var worst = 0.0
  var evaluations = 0
  var process: any ForwardProcess { base.process }
  var dimension: Int { base.dimension }

  init(_ base: GaussianScore, _ fixed: FixedCoordinates) { (self.base, self.fixed) = (base, fixed) }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    check(state, Array(repeating: t, count: state.rows))
    base.evaluate(state, at: t, into: &score)
  }

  mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    check(state, times)
    for t in Set(times) {
      var all = Matrix(rows: state.rows, columns: state.columns)
      base.evaluate(state, at: t, into: &all)
      for r in times.indices where times[r] == t { for k in 0..<state.columns { score[r, k] = all[r, k] } }
    }
  }

  /// L⁻¹(u − M x*) must stay what it was.
  private mutating func check(_ state: borrowing Matrix, _ times: [Double]) {
    evaluations += 1
    let isFirst = noises.isEmpty
    for r in times.indices {
      let kernel = process.kernel(at: times[r])
      let inverse = kernel.cholesky.inverse
      var row: [BlockVector] = []
      for (column, value) in zip(fixed.columns, fixed.values) {
        let u = BlockVector((0..<process.blocks).map { Double(state[r, $0 * dimension + column]) })
        row.append(inverse * (u - kernel.mean.scaled(by: value)))
      }
      if isFirst {
        noises.append(row)
      } else {
        // In units of the state: L times the change of e.
        for (a, b) in zip(row, noises[r]) {
          let change = kernel.cholesky * (a - b)
          worst = max(worst, change.dot(change).squareRoot())
        }
      }
    }
  }
}

@Suite struct HeldCoordinatesTests {
  private let fixed = FixedCoordinates(columns: [2, 0], values: [1.5, -0.4])

  private func expect(_ score: Watching, _ samples: borrowing Matrix, evaluations least: Int) {
    #expect(score.evaluations >= least)
    // Float rounding of states of size 3.
    #expect(score.worst < 2e-6, "\(score.worst)")
    for r in 0..<samples.rows { #expect(samples[r, 2] == 1.5 && samples[r, 0] == Float(-0.4)) }
    // e is standard normal, independent between rows, coordinates and blocks.
    let all = score.noises.flatMap { $0 }
    for block in 0..<all[0].size {
      #expect(kolmogorovSmirnov(all.map { $0[block] }) { normalDistribution($0) } < kolmogorovSmirnovBound)
    }
    let products = score.noises.map { $0[0][0] * $0[1][0] }
    // 256 products of unit variance: five standard errors.
    #expect(abs(products.reduce(0, +) / 256) < 5.0 / 16)
  }

  @Test(
    "every evaluation of a sampler sees M_t x* + L_t e at its own time, one e for each sample", arguments: processes)
  func fixedSteps(process: any ForwardProcess) {
    for kind in SamplerKind.allCases where kind.make().requirement.isMet(by: process) {
      var score = Watching(GaussianScore(process: process, dimension: 3), fixed)
      let times = TimeGrid.quadratic.times(steps: 5, of: process, to: 0.01)
      var generator = Generator(
        process: process, dimension: 3, sampler: kind.make(), times: times, denoises: true, seed: 3, fixed: fixed)
      var samples = Matrix(rows: Generator.rows, columns: 3)
      generator.generate(chunk: 2, score: &score, into: &samples)
      expect(score, samples, evaluations: 6)
    }
  }

  @Test("adaptive samplers hold them at each row's own times, stages within a step included", arguments: processes)
  func adaptive(process: any ForwardProcess) {
    for sampler in [DormandPrince(), AdaptiveEuler(tolerance: Tolerance(relative: 0.05, absolute: 0.05))]
      as [any AdaptiveSampler]
    {
      var score = Watching(GaussianScore(process: process, dimension: 3), fixed)
      var generator = AdaptiveGenerator(
        process: process, dimension: 3, sampler: sampler, finalTime: 0.01, denoises: true, seed: 3, fixed: fixed)
      var samples = Matrix(rows: Generator.rows, columns: 3)
      _ = generator.generate(chunk: 2, score: &score, into: &samples)
      expect(score, samples, evaluations: 10)
    }
  }

  @Test("another chunk and another seed hold other noises") func seeds() {
    let process = processes[3]
    func noises(chunk: Int, seed: UInt64) -> [Double] {
      var score = Watching(GaussianScore(process: process, dimension: 3), fixed)
      let times = TimeGrid.quadratic.times(steps: 1, of: process, to: 0.01)
      var generator = Generator(
        process: process, dimension: 3, sampler: EulerMaruyama(), times: times, denoises: false, seed: seed,
        fixed: fixed)
      var samples = Matrix(rows: Generator.rows, columns: 3)
      generator.generate(chunk: chunk, score: &score, into: &samples)
      return score.noises.map { $0[0][0] }
    }
    let base = noises(chunk: 0, seed: 3)
    for other in [noises(chunk: 1, seed: 3), noises(chunk: 0, seed: 4)] {
      #expect(zip(base, other).allSatisfy { $0 != $1 })
    }
  }
}
