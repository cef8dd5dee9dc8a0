import Diffusion
import Foundation
import LinearAlgebra
import Targets
import Testing
import Training

@testable import Sampling

/// A score that counts how often it is asked.
private struct Counted<Base: DifferentiableScore>: DifferentiableScore {
  final class Count { var calls = 0 }
  var base: Base
  let count = Count()
  var process: any ForwardProcess { base.process }
  var dimension: Int { base.dimension }
  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    count.calls += 1
    base.evaluate(state, at: t, into: &score)
  }
  mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    count.calls += 1
    base.evaluate(state, atTimes: times, into: &score)
  }
  mutating func vjp(
    _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix
  ) {
    count.calls += 1
    base.vjp(state, at: t, cotangent: cotangent, into: &result)
  }
  mutating func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments
  ) {
    count.calls += 1
    base.posterior(state, atTimes: times, directions: directions, into: &moments)
  }
}

@Suite struct ObservedScoreTests {
  private let law = GaussianMixture(mean: [0.5, -0.3], variance: [1.2, 0.4])
  private let observation = Observations(rows: [[1.0, 0.7]], values: [1.5], deviations: [0.5])

  private func score(_ process: any ForwardProcess) throws -> any DifferentiableScore {
    try #require(law.score(under: process, in: .identity(2)) as? any DifferentiableScore)
  }

  /// Equal steps in time down to noise of ten deviations of the data, then equal steps in noise level.
  private func longGrid(_ process: any ForwardProcess) -> [Double] {
    let late = min(process.time(ofNoise: 10), 0.99 * process.horizon)
    let fine = process.time(ofNoise: 0.002)
    let early = (0..<100).map { process.horizon + Double($0) / 100 * (late - process.horizon) }
    let levels = (0..<300).map { (i: Int) -> Double in
      let share = Double(i) / 300
      return min(late, process.time(ofNoise: exp(log(10) + share * log(0.0002))))
    }
    return early + levels + [fine]
  }

  /// Kalman's update.
  private var exact: PlaneMixture {
    PlaneMixture(weights: [1], means: [[0.5, -0.3]], covariances: [[1.2, 0, 0.4]]).given(observation)
  }

  static let long: [Family] = [
    Family(testDescription: "critically damped, β = 12", process: CriticallyDampedLangevin(epsilon: 0.25, beta: 12)),
    Family(testDescription: "critically damped, β = 40", process: CriticallyDampedLangevin(epsilon: 0, beta: 40)),
    Family(testDescription: "Ornstein–Uhlenbeck, T = 10", process: OrnsteinUhlenbeck(horizon: 10)),
    Family(testDescription: "Ornstein–Uhlenbeck, T = 40", process: OrnsteinUhlenbeck(horizon: 40)),
    Family(
      testDescription: "phase space, β = 14", process: LinearProcess.phaseSpaceLangevin(schedule: .constant(14))),
    Family(
      testDescription: "third order, β = 9", process: LinearProcess.thirdOrderLangevin(schedule: .constant(9))),
    Family(
      testDescription: "variance preserving, ∫β = 100",
      process: VariancePreserving(schedule: .linear(min: 0.1, max: 200))),
    Family(
      testDescription: "variance preserving, ∫β = 600",
      process: VariancePreserving(schedule: .linear(min: 0.1, max: 1200))),
  ]

  @Test("guidance by an exact score has the exact conditional law at any horizon", arguments: long)
  func longHorizons(_ family: Family) throws {
    func opened(_ score: some DifferentiableScore) -> [[Double]] {
      let process = family.process
      let times = longGrid(process)
      var generator = Generator(
        process: process, dimension: 2, sampler: Splitting(scoreStep: .midpoint), times: times, denoises: true, seed: 12
      )
      var observed = ObservedScore(score, given: observation)
      let values = generator.values(chunks: 4, score: &observed)
      return stride(from: 0, to: values.count, by: 2).map { [values[$0], values[$0 + 1]] }
    }
    // 1,024 samples: a standard error is 3.1 % of a deviation, its own error 2.2 %; the steps' error is below 3 %.
    exact.expect(try opened(score(family.process)), mean: 0.12, deviation: 0.1, "\(family.testDescription)")
  }

  @Test("particles by an exact score have the exact conditional law at any horizon", arguments: long)
  func longHorizonsByParticles(_ family: Family) throws {
    func opened(_ score: some DifferentiableScore) -> [[Double]] {
      particles(score, given: observation, draws: nil, times: longGrid(family.process), chunks: 4).rows
    }
    exact.expect(try opened(score(family.process)), "\(family.testDescription)")
  }

  @Test("an adaptive sampler asks an observed score for all rows at once, each at its own time")
  func adaptive() throws {
    func opened(_ score: some DifferentiableScore) -> (calls: Int, evaluations: Int, values: [[Double]]) {
      let counted = Counted(base: score)
      var observed = ObservedScore(counted, given: observation)
      var generator = AdaptiveGenerator(
        process: score.process, dimension: 2, sampler: DormandPrince(), finalTime: 1e-3, denoises: true, seed: 12)
      var samples = Matrix(rows: Generator.rows, columns: 2)
      var most = 0
      var values: [[Double]] = []
      for chunk in 0..<4 {
        most += generator.generate(chunk: chunk, score: &observed, into: &samples).max() ?? 0
        for r in 0..<samples.rows { values.append([Double(samples[r, 0]), Double(samples[r, 1])]) }
      }
      return (counted.count.calls, most, values)
    }
    let found = try opened(score(VariancePreserving()))
    // A call of the score and one of its moments for each evaluation of the sample that takes most.
    #expect(found.calls <= 2 * found.evaluations + 8)
    // 1,024 samples by a flow from the prior: 3.1 % of a deviation is one standard error.
    exact.expect(found.values, mean: 0.13, deviation: 0.1, "dormand-prince")
  }
}
