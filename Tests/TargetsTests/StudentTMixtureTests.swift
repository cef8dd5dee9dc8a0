import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Testing

@testable import Targets

/// log p_t in two dimensions under a base of scale 1.5, λ = e^{−2t}: NumPy's sum over both mixing variables, each on a
/// grid of 0.05 in its logarithm, and its gradient by central differences of 1e-3 with extrapolation.
private struct Known: Sendable {
  let noise: NoiseLaw
  let t: Double
  let u: [Double]
  let logDensity: Double
  let score: [Double]
}

private let known: [Known] = [
  Known(
    noise: .gaussian, t: 0.05, u: [0.8, -0.9], logDensity: -4.778604019560633, score: [0.549143975812, -0.517052621376]
  ),
  Known(
    noise: .gaussian, t: 0.5, u: [40, -90], logDensity: -19.813319391658005, score: [-0.0166119606619, 0.0370800155591]),
  Known(
    noise: .studentT(degrees: 3), t: 0.05, u: [0.8, -0.9], logDensity: -4.737819472349064,
    score: [0.436894427823, -0.458083640504]),
  Known(
    noise: .studentT(degrees: 3), t: 0.5, u: [0.3, 0.4], logDensity: -4.076333294383993,
    score: [-0.0284974892558, -0.264213073799]),
  Known(
    noise: .studentT(degrees: 3), t: 0.5, u: [40, -90], logDensity: -19.643573278594996,
    score: [-0.0172697925998, 0.0385489963639]),
]

@Suite struct StudentTMixtureTests {
  @Test("the score under either base is that of a sum over both mixing variables", arguments: known)
  private func quadrature(known: Known) {
    let path = AnnealedPath(annealing: .exponential, base: known.noise, scale: 1.5, horizon: 4)
    let degrees: Double? = if case .studentT(let degrees) = path.noise { degrees } else { nil }
    var score = ExactScore(
      SmoothedStudentTMixture(StudentTMixture(dimension: 2), noiseDegrees: degrees), under: path, in: .identity(2))
    let found = score.evaluate(known.u, at: known.t)
    #expect(abs(found.logDensity - known.logDensity) < 1e-9)  // both quadratures'
    for (a, b) in zip(found.score, known.score) { #expect(abs(a - b) < 1e-8) }  // the differences'
  }

  @Test("in many dimensions the score is the gradient of the log density", arguments: [true, false], [1, 10, 50])
  func gradient(isStudent: Bool, d: Int) {
    let path = AnnealedPath(annealing: .exponential, base: isStudent ? .studentT(degrees: 2) : .gaussian, horizon: 4)
    let mixture = StudentTMixture(dimension: d)
    var score = ExactScore(
      SmoothedStudentTMixture(mixture, noiseDegrees: isStudent ? 2 : nil), under: path, in: mixture.standardisation)
    for t in [1e-3, 0.3, 3] {
      for size in [0.1, 1, 1000] {
        var u = (0..<d).map { size * sin(Double(1 + $0 * $0)) }
        let exact = score.evaluate(u, at: t).score
        let (k, h) = (d / 2, 1e-4 * max(size, 1))
        let center = u[k]
        let values = [-2.0, -1, 1, 2].map { (offset: Double) -> Double in
          u[k] = center + offset * h
          return score.evaluate(u, at: t).logDensity
        }
        let difference = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        // Log densities of some hundreds carry 1e-13, divided by the step.
        #expect(abs(difference - exact[k]) < 1e-6 * abs(exact[k]) + 1e-8 / max(size, 1), "t = \(t), size \(size)")
      }
    }
  }

  @Test("draws have the density's own law and a tail index of 2") func draws() {
    let mixture = StudentTMixture(dimension: 1)
    var rows = Matrix(rows: 50_000, columns: 1)
    mixture.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &rows)
    let values = (0..<rows.rows).map { Double(rows[$0, 0]) }.sorted()
    // Student's t_2 has the distribution function ½ + x/(2√(2 + x²)).
    func distribution(_ x: Double) -> Double {
      mixture.means.reduce(0) { $0 + 0.05 * (1 + (x - $1[0]) / (2 + (x - $1[0]) * (x - $1[0])).squareRoot()) }
    }
    let n = Double(values.count)
    let distance = values.enumerated().reduce(0.0) { largest, value in
      max(largest, abs(distribution(value.element) - (Double(value.offset) + 0.5) / n))
    }
    #expect(distance * n.squareRoot() < 2.3)  // Kolmogorov–Smirnov, false alarm 5e-5
    // Hill's estimate from 500 rows has a deviation of 2/√500 = 0.09, and the centres' shift biases it by as much.
    let sizes = values.map(abs).sorted(by: >).prefix(501)
    let hill = 500 / sizes.prefix(500).reduce(0) { $0 + log($1 / sizes[500]) }
    #expect(abs(hill - 2) < 0.4, "\(hill)")
  }

  @Test("coordinates of different scales have no exact score") func scales() {
    let units = Standardisation(mean: [0, 0], scale: [1, 2])
    #expect(StudentTMixture(dimension: 2).score(under: VariancePreserving(), in: units) == nil)
  }
}
