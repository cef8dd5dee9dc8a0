import Diffusion
import LinearAlgebra
import Randomness
import Testing

@testable import Targets

@Suite struct DerivativeTests {
  private static let processes: [any ForwardProcess] = [
    OrnsteinUhlenbeck(), VariancePreserving(), CriticallyDampedLangevin(epsilon: 0.25),
  ]

  @Test("a mixture's and a funnel's exact score have their derivative as vjp", arguments: processes, [0.05, 0.4])
  func vjp(process: any ForwardProcess, t: Double) {
    let mixture = GaussianMixture(
      weights: [1, 2], means: [[0, 1, 0.5], [1, -1, 0.5]], variances: [[0.2, 0.3, 0.4], [0.5, 0.1, 0.4]])
    expectDerivative(ExactScore(SmoothedMixture(mixture), under: process, in: mixture.standardisation), at: t)
    let funnel = Funnel(dimension: 3)
    expectDerivative(ExactScore(SmoothedFunnel(dimension: 3), under: process, in: funnel.standardisation), at: t)
  }

  private func expectDerivative<Law: DifferentiableLaw>(_ score: ExactScore<Law>, at t: Double) {
    var score = score
    let columns = 3 * score.process.blocks
    var state = Matrix(rows: 4, columns: columns)
    var cotangent = Matrix(rows: 4, columns: columns)
    RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&state, firstIndex: 0)
    RandomStream(seed: 2, purpose: .targetDraw).fillNormals(&cotangent, firstIndex: 0)
    var result = Matrix(rows: 4, columns: columns)
    score.vjp(state, at: t, cotangent: cotangent, into: &result)
    let h = 1e-4
    for row in 0..<4 {
      let size = (0..<columns).map { abs(Double(result[row, $0])) }.max() ?? 0
      for k in 0..<columns {
        var u = (0..<columns).map { Double(state[row, $0]) }
        u[k] += h
        let above = score.evaluate(u, at: t).score
        u[k] -= 2 * h
        let below = score.evaluate(u, at: t).score
        let difference = (0..<columns).reduce(0) {
          $0 + Double(cotangent[row, $1]) * (above[$1] - below[$1]) / (2 * h)
        }
        // Central differences err by h² times a third derivative; the result is rounded to Float.
        #expect(abs(difference - Double(result[row, k])) < 1e-4 * size, "\(difference), \(result[row, k])")
      }
    }
  }

  @Test("an exact score at times of each row's own is that of each time", arguments: processes)
  func times(process: any ForwardProcess) {
    let target = GaussianMixture.mg25(dimension: 3)
    var score = ExactScore(SmoothedMixture(target), under: process, in: target.standardisation)
    var state = Matrix(rows: 3, columns: 3 * process.blocks)
    RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&state, firstIndex: 0)
    var all = Matrix(rows: 3, columns: state.columns)
    var one = Matrix(rows: 3, columns: state.columns)
    let times = [0.1, 0.5, 0.1]
    score.evaluate(state, atTimes: times, into: &all)
    for row in 0..<3 {
      score.evaluate(state, at: times[row], into: &one)
      for k in 0..<state.columns { #expect(all[row, k] == one[row, k]) }
    }
  }

  @Test("a law's density has the gradient that differences of it have", arguments: [2, 5]) func density(d: Int) throws {
    for target in [Funnel(dimension: d) as any Target, GaussianMixture.mg25(dimension: d)] {
      var points = Matrix(rows: 1, columns: d)
      RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&points, firstIndex: 0)
      func opened(_ density: some LogDensity, _ points: borrowing Matrix) -> (Double, [Double]) {
        var (density, log) = (density, [0.0])
        var gradient = Matrix(rows: 1, columns: d)
        density.evaluate(points, logDensity: &log, gradient: &gradient)
        var slopes: [Double] = []
        for k in 0..<d { slopes.append(Double(gradient[0, k])) }
        return (log[0], slopes)
      }
      func values(_ points: borrowing Matrix) throws -> (Double, [Double]) {
        let density = try #require(target.density(in: target.standardisation))
        return opened(density, points)
      }
      let gradient = try values(points).1
      let size = gradient.map(abs).max() ?? 0
      for k in 0..<d {
        let center = points[0, k]
        let h: Float = 0x1p-10
        points[0, k] = center + h
        let (above, right) = (try values(points).0, points[0, k])
        points[0, k] = center - h
        let (below, left) = (try values(points).0, points[0, k])
        points[0, k] = center
        // Central differences at a thousandth.
        #expect(abs((above - below) / Double(right - left) - gradient[k]) < 1e-3 * max(size, 1))
      }
    }
  }
}

@Suite struct PosteriorTests {
  private static let processes: [any ForwardProcess] = [
    OrnsteinUhlenbeck(horizon: 40), CriticallyDampedLangevin(epsilon: 0.25, beta: 60),
    LinearProcess.thirdOrderLangevin(schedule: .constant(30)), FlowMatching(),
  ]
  private static let mixture = GaussianMixture(
    weights: [1, 2], means: [[0, 1, 0.5], [1, -1, 0.5]], variances: [[0.2, 0.3, 0.4], [0.5, 0.1, 0.4]])

  /// A score's moments by Tweedie's formulas from the score and its derivative alone.
  private struct Plain<Base: DifferentiableScore>: DifferentiableScore {
    var base: Base
    var process: any ForwardProcess { base.process }
    var dimension: Int { base.dimension }
    mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
      base.evaluate(state, at: t, into: &score)
    }
    mutating func vjp(
      _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix
    ) { base.vjp(state, at: t, cotangent: cotangent, into: &result) }
  }

  private func moments(
    _ score: some DifferentiableScore, _ times: [Double], _ directions: [[Double]]
  ) -> [[Double]] {
    var score = score
    var state = Matrix(rows: times.count, columns: 3 * score.process.blocks)
    RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&state, firstIndex: 0)
    var moments = PosteriorMoments(rows: times.count, dimension: 3, directions: directions.count)
    score.posterior(state, atTimes: times, directions: directions, into: &moments)
    let means = times.indices.map { r in (0..<3).map { Double(moments.mean[r, $0]) } }
    return means + (0..<directions.count * times.count).map { r in (0..<3).map { Double(moments.products[r, $0]) } }
  }

  @Test("an exact posterior's mean and covariance are Tweedie's at moderate noise", arguments: processes)
  func tweedie(process: any ForwardProcess) {
    let times = [0.3, 1, 3].map { process.time(ofNoise: $0) }
    let directions = [[1, 0.5, 0], [0, 1, -1]]
    func check(_ score: some DifferentiableScore) {
      let (own, plain) = (moments(score, times, directions), moments(Plain(base: score), times, directions))
      for (a, b) in zip(own.joined(), plain.joined()) {
        // Scores rounded to Float, over snr of at least 1/9.
        #expect(abs(a - b) < 2e-5, "\(a), \(b)")
      }
    }
    check(
      ExactScore(SmoothedMixture(Self.mixture), under: process, in: Self.mixture.standardisation))
    check(ExactScore(SmoothedFunnel(dimension: 3), under: process, in: Funnel(dimension: 3).standardisation))
  }

  @Test("where hardly any data or none is left the posterior is the law itself", arguments: processes)
  func prior(process: any ForwardProcess) {
    let times = [1e6, 1e30].map { process.time(ofNoise: $0) } + [process.horizon]
    let unit = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    let score = ExactScore(SmoothedMixture(Self.mixture), under: process, in: Self.mixture.standardisation)
    let found = moments(score, times, unit)
    // Standardised coordinates of mean 0 and variance 1; the first two are correlated by the means.
    let correlation = -2.0 / 3 * 2 / 3 / (0.4 + 2.0 / 9).squareRoot() / (1 / 6.0 + 8.0 / 9).squareRoot()
    let expected = [[1, correlation, 0], [correlation, 1, 0], [0, 0, 1]]
    for (row, values) in found.enumerated() {
      for k in 0..<3 {
        let exact = row < times.count ? 0 : expected[row / times.count - 1][k]
        // States of some deviations move means by as many times 1e-6.
        #expect(abs(values[k] - exact) < 1e-5, "row \(row): \(values)")
      }
    }
    let funnel = ExactScore(SmoothedFunnel(dimension: 3), under: process, in: Funnel(dimension: 3).standardisation)
    for (row, values) in moments(funnel, times, unit).enumerated() {
      for k in 0..<3 {
        let exact = row >= times.count && row / times.count - 1 == k ? 1.0 : 0
        #expect(abs(values[k] - exact) < 1e-5, "funnel, row \(row): \(values)")
      }
    }
  }
}
