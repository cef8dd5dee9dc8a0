import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Targets
import TestSupport
import Testing
import Training

@testable import Sampling

@Suite struct ParticleTests {
  @Test(
    "an ancestral step adds to what is known of the data as much as the signal-to-noise ratio grows",
    arguments: Family.all)
  func information(_ family: Family) {
    let process = family.process
    let times = TimeGrid.logSNR.times(steps: 300, of: process, to: process.time(ofNoise: 0.002))
    for (t, s) in zip(times, times.dropFirst()) {
      let (kernel, end) = (process.kernel(at: t), process.kernel(at: s))
      let a = AncestralStep(from: kernel, to: end, process.transition(from: s, to: t)).whitenedGain
      let growth = end.signalToNoise - kernel.signalToNoise
      // Doubles; third-order noise reaches the data through two integrations, each with a condition of its own.
      #expect(abs(a.dot(a) / growth - 1) < 1e-4, "t = \(t): \(a.dot(a)) for \(growth)")
    }
  }

  @Test("resampling takes each particle as often as its weight asks for, or one more or less")
  func systematic() {
    var variates = RandomStream(seed: 1, purpose: .benchmark).row(0)
    var sums = [Double](repeating: 0, count: 100)
    let weights = (0..<100).map { exp(-0.05 * Double($0)) * ($0 % 7 == 0 ? 0 : 1) }
    let total = weights.reduce(0, +)
    for _ in 0..<2000 {
      let chosen = ParticleGenerator.systematic(weights, sum: total, offset: variates.nextUniform())
      for (i, weight) in weights.enumerated() {
        let copies = chosen.count { $0 == i }
        #expect(abs(Double(copies) - 100 * weight / total) < 1 + 1e-9)
        if copies > 0 { #expect(chosen[i] == i) }
        sums[i] += Double(copies)
      }
    }
    for (sum, weight) in zip(sums, weights) {
      // One standard error of a mean of 2,000 numbers that are one of two neighbours is at most 0.011.
      #expect(abs(sum / 2000 - 100 * weight / total) < 0.05)
    }
  }

  @Test("coordinates fixed by particles give the others their conditional law, rare ones too", arguments: [-0.1, 1.6])
  func fixed(value: Double) throws {
    let (weights, means, variances) = ([0.4, 0.6], [[-1, -0.3], [0.7, 0.35]], [[0.3, 0.1], [0.4, 0.15]])
    let target = GaussianMixture(weights: weights, means: means, variances: variances)
    let score = try #require(target.score(under: VariancePreserving(), in: .identity(2)) as? any DifferentiableScore)
    let known = Observations(FixedCoordinates(columns: [0], values: [value]), dimension: 2)
    func opened(_ score: some DifferentiableScore) -> [[Double]] { particles(score, given: known, draws: nil).rows }
    let rows = opened(score)
    #expect(rows.allSatisfy { $0[0] == Double(Float(value)) })
    let law = PlaneMixture(
      weights: weights, means: means, covariances: variances.map { [$0[0], 0, $0[1]] })
    let exact = law.given(known)
    let (mean, deviation) = exact.moments(along: [0, 1])
    let found = rows.reduce(0) { $0 + $1[1] } / Double(rows.count)
    // 1,536 particles that count for some 900: a standard error of 3.3 % of a deviation.
    #expect(abs(found - mean) < 0.13 * deviation, "\(found) for \(mean)")
    // The share below 0 of the exact mixture; one standard error is 1.7 %.
    let below = exact.weights.indices.reduce(0) {
      $0 + exact.weights[$1] * normalDistribution(0, exact.means[$1][1], exact.covariances[$1][2])
    }
    #expect(abs(Double(rows.count { $0[1] < 0 }) / Double(rows.count) - below) < 0.06, "\(below)")
  }

  @Test("given what 1 row in 1,000 has, particles find its modes and their weights", arguments: Family.all)
  func rare(_ family: Family) throws {
    // The last two modes, three in 10,000 and seven in 10,000, lie where x_1 is 2.5; the first two do not.
    let (weights, means) = ([0.5, 0.499, 0.0003, 0.0007], [[-0.9, 0.4], [0.8, -0.5], [2.5, 1.2], [2.5, -1]])
    let variances = [[0.15, 0.2], [0.2, 0.15], [0.02, 0.03], [0.03, 0.05]]
    let target = GaussianMixture(weights: weights, means: means, variances: variances)
    let score = try #require(target.score(under: family.process, in: .identity(2)) as? any DifferentiableScore)
    let seen = Observations(rows: [[1, 0]], values: [2.5], deviations: [0.1])
    func opened(_ score: some DifferentiableScore) -> [[Double]] {
      var score = score
      let draws = DataDraws.drawn(from: &score, seed: 9)
      return particles(score, given: seen, draws: draws).rows
    }
    let law = PlaneMixture(weights: weights, means: means, covariances: variances.map { [$0[0], 0, $0[1]] })
    // Of 10⁵ rows a hundred have such an x_1; 256 particles a chunk have it all. They descend from few: six chunks count
    // for about 300 rows, so that a weight's standard error is 0.03, a mean's 0.06 deviations. Four of them are allowed.
    law.given(seen).expect(opened(score), mean: 0.24, weight: 0.12, "\(family.testDescription)")
  }

  /// A score whose whitened derivative is off by up to a half in every element, and Γh by as much over √snr: at the
  /// horizon anything between −80 and 80, as measured on trained networks.
  private struct Broken<Base: DifferentiableScore>: DifferentiableScore {
    var base: Base
    var process: any ForwardProcess { base.process }
    var dimension: Int { base.dimension }
    var derivativeError: Double { 0.1 }
    mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
      base.evaluate(state, at: t, into: &score)
    }
    mutating func vjp(
      _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix
    ) { base.vjp(state, at: t, cotangent: cotangent, into: &result) }
    mutating func posterior(
      _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]],
      into moments: inout PosteriorMoments
    ) {
      base.posterior(state, atTimes: times, directions: directions, into: &moments)
      for i in 0..<moments.products.rows {
        let size = 0.5 / process.kernel(at: times[i % times.count]).signalToNoise.squareRoot()
        for k in 0..<dimension { moments.products[i, k] += Float(size * Double((i * 37 + k * 11) % 151 - 75) / 75) }
      }
    }
  }

  private let law = PlaneMixture(weights: [1], means: [[0.5, -0.3]], covariances: [[1.2, 0, 0.4]])
  private let observations = Observations(
    rows: [[1.0, 0.7], [0.2, -1]], values: [1.5, 0.1], deviations: [0.5, 0.3])

  private func broken() throws -> any DifferentiableScore {
    let target = GaussianMixture(mean: [0.5, -0.3], variance: [1.2, 0.4])
    let score = try #require(target.score(under: VariancePreserving(), in: .identity(2)) as? any DifferentiableScore)
    func opened(_ score: some DifferentiableScore) -> any DifferentiableScore { Broken(base: score) }
    return opened(score)
  }

  @Test("a derivative that is noise is held, counted, and cannot spoil the particles' law")
  func held() throws {
    func opened(_ score: some DifferentiableScore) {
      var score = score
      let draws = DataDraws.drawn(from: &score, seed: 9)
      let (rows, _, held) = particles(score, given: observations, draws: draws)
      // Only weights stand between noise and the law: fewer particles count.
      law.given(observations).expect(rows, mean: 0.25, deviation: 0.2, "particles")
      // Those rows whose Γ came out negative or beyond what the data allows.
      #expect(held > 0.1)
    }
    try opened(broken())
  }

  @Test("guidance by a derivative that is noise stays near what is observed")
  func guided() throws {
    func opened(_ score: some DifferentiableScore) -> [Double] {
      var score = score
      let process = VariancePreserving()
      let draws = DataDraws.drawn(from: &score, seed: 9)
      let times = TimeGrid.logSNR.times(steps: 200, of: process, to: 1e-3)
      var generator = Generator(
        process: process, dimension: 2, sampler: ExponentialIntegrator(), times: times, denoises: true, seed: 12)
      var observed = ObservedScore(score, given: observations, draws: draws)
      let values = generator.values(chunks: 4, score: &observed)
      #expect(observed.heldShare > 0.1)
      return values
    }
    // The data's deviation is 1.1: ten of them would be a sample that nothing explains.
    #expect(try opened(broken()).allSatisfy { abs($0) < 6 })
  }

  @Test("samples may lie ten times as far as draws, or as three deviations where a coordinate hardly ever varies")
  func plausible() {
    var rows = Matrix(rows: 100, columns: 2)
    for r in 0..<rows.rows { (rows[r, 0], rows[r, 1]) = r % 2 == 0 ? (5, 1e-3) : (-5, -1e-3) }
    // Observed is the mean, which moves nothing.
    let ranges = DataDraws(rows).plausible(given: Observations(rows: [[1, 0]], values: [0], deviations: [1]))
    for (range, farthest) in zip(ranges, [50.0, 30]) {
      // Means of Floats.
      #expect(abs(range.upperBound - farthest) < 1e-5 && abs(range.lowerBound + farthest) < 1e-5, "\(range)")
    }
  }

  @Test("Γ of Gaussian data along a direction is that of its covariance", arguments: [0, 1e-3, 1, 100])
  func gaussianCovariance(snr: Double) {
    let d = 6
    var rows = Matrix(rows: 500, columns: d)
    RandomStream(seed: 2, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
    for r in 0..<rows.rows { for k in 1..<d { rows[r, k] += 0.8 * rows[r, k - 1] } }
    let draws = DataDraws(rows)
    let h = (0..<d).map { cos(Double($0)) }
    let found = GaussianCovariance(draws, along: h).product(signalToNoise: snr)
    // (1 + snr Σ) x = Σh.
    let image = (0..<d).map { k in draws.covarianceProduct((0..<d).map { $0 == k ? 1 : 0 }) }
    let right = (0..<d).map { i in (0..<d).reduce(0) { $0 + image[i][$1] * h[$1] } }
    for i in 0..<d {
      let left = (0..<d).reduce(found[i]) { $0 + snr * image[i][$1] * found[$1] }
      // Draws are Floats; six steps of Lanczos' process are exact.
      #expect(abs(left - right[i]) < 1e-5, "\(left), \(right[i])")
    }
  }
}
