import Glibc
import LinearAlgebra
import Randomness
import Testing

@testable import Targets

@Suite struct TwoMoonsSimulatorTests {
  @Test func `exact posterior draws are the pairs whose x was seen`() {
    let simulator = TwoMoonsSimulator()
    // Pairs whose x lies within 0.02 of (0, 0): their θ has the posterior's law up to the window's width.
    let n = 2_000_000
    var pairs = Matrix(rows: n, columns: 4)
    simulator.draw(RandomStream(seed: 1, purpose: .targetDraw), firstIndex: 0, into: &pairs)
    let near = (0..<n).filter { abs(pairs[$0, 2]) < 0.02 && abs(pairs[$0, 3]) < 0.02 }
    var exact = Matrix(rows: 20_000, columns: 2)
    simulator.drawPosterior(
      given: [0, 0], RandomStream(seed: 2, purpose: .targetDraw), firstIndex: 0, into: &exact)
    #expect(near.count > 200)
    typealias Statistic = (name: String, value: (Double, Double) -> Double)
    let statistics: [Statistic] = [
      ("θ1", { (a: Double, b: Double) -> Double in a }),
      ("|θ1 + θ2|", { (a: Double, b: Double) -> Double in abs(a + b) }),
      ("(θ1 − θ2)²", { (a: Double, b: Double) -> Double in (a - b) * (a - b) }),
      ("θ1²", { (a: Double, b: Double) -> Double in a * a }),
      ("sign", { (a: Double, b: Double) -> Double in a + b > 0 ? 1 : 0 }),
    ]
    for (name, f) in statistics {
      let seen = near.map { f(Double(pairs[$0, 0]), Double(pairs[$0, 1])) }
      let drawn = (0..<exact.rows).map { f(Double(exact[$0, 0]), Double(exact[$0, 1])) }
      let (a, b) = (moments(seen), moments(drawn))
      // Four and a half standard errors of the fewer pairs, and a window of variance 0.02²/3 shifts squares by 1e-4.
      let variance: Double = a.variance / Double(seen.count) + b.variance / Double(drawn.count)
      let error: Double = 4.5 * variance.squareRoot() + 1e-3
      #expect(abs(a.mean - b.mean) < error, "\(name): \(a.mean), \(b.mean)")
    }
  }

  @Test func `a pair lies on the crescent of its parameters`() {
    var pairs = Matrix(rows: 1_000, columns: 4)
    TwoMoonsSimulator().draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 3, into: &pairs)
    for r in 0..<pairs.rows {
      let (a, b) = (Double(pairs[r, 0]), Double(pairs[r, 1]))
      let p = SIMD2(
        Double(pairs[r, 2]) + 0.5.squareRoot() * abs(a + b) - 0.25, Double(pairs[r, 3]) - 0.5.squareRoot() * (b - a))
      // ρ is within six deviations of 0.1, a chance of 2e-6 in all; α within ±π/2 but for Float rounding.
      #expect(abs((p[0] * p[0] + p[1] * p[1]).squareRoot() - 0.1) < 0.06 && p[0] > -1e-6)
    }
  }

  @Test func `every posterior draw can have produced what was seen`() {
    let x = SIMD2(-0.3, 0.2)
    var rows = Matrix(rows: 1_000, columns: 2)
    TwoMoonsSimulator().drawPosterior(
      given: x, RandomStream(seed: 3, purpose: .targetDraw), firstIndex: 7, into: &rows)
    for r in 0..<rows.rows {
      let (a, b) = (Double(rows[r, 0]), Double(rows[r, 1]))
      #expect(abs(a) <= 1 && abs(b) <= 1)
      let p = SIMD2(x[0] + 0.5.squareRoot() * abs(a + b) - 0.25, x[1] - 0.5.squareRoot() * (b - a))
      let radius = (p[0] * p[0] + p[1] * p[1]).squareRoot()
      // ρ is within six deviations of 0.1, a chance of 2e-6 in all; α within ±π/2 but for Float rounding.
      #expect(abs(radius - 0.1) < 0.06 && p[0] > -1e-6)
    }
  }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
  }
}
