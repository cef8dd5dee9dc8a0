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
