import Diffusion
import Foundation
import LinearAlgebra
import Testing

@testable import Targets

/// log p_t of the two-component mixture below under a Student-t base, λ = e^{−2t}: scipy's adaptive quadrature over
/// ln w at a relative tolerance of 1e-13, and its gradient by central differences of 1e-4 with extrapolation.
private struct Known: Sendable {
  let t: Double
  let u: [Double]
  let logDensity: Double
  let score: [Double]
}

private let known: [Known] = [
  Known(t: 0.05, u: [0.8, -0.9], logDensity: -2.1603837086448, score: [0.554742465237, -0.129770295013]),
  Known(t: 0.05, u: [-4.0, 3.0], logDensity: -8.0203255362569, score: [1.37841460417, -0.530997450044]),
  Known(t: 0.5, u: [0.3, 0.4], logDensity: -2.7683875013357, score: [-0.254112295079, 0.266813050497]),
  Known(t: 0.5, u: [12.0, -30.0], logDensity: -16.033651909138, score: [-0.0554077225531, 0.141527096984]),
  Known(t: 2.0, u: [-1.0, 0.5], logDensity: -3.0236274523238, score: [0.630740478775, -0.209429377794]),
]

@Suite struct HeavyTailTests {
  private let mixture = GaussianMixture(
    weights: [0.3, 0.7], means: [[1, -1], [-0.5, 2]], variances: [[0.1, 0.2], [0.4, 0.05]])
  private let process = AnnealedPath(
    annealing: .exponential, base: .studentT(degrees: 3), scale: 1.5, horizon: 4)

  @Test("a mixture's score under a Student-t base is that of scipy's quadrature", arguments: known)
  private func quadrature(known: Known) {
    var score = ExactScore(HeavyTailedLaw(SmoothedMixture(mixture), degrees: 3), under: process, in: .identity(2))
    let found = score.evaluate(known.u, at: known.t)
    #expect(abs(found.logDensity - known.logDensity) < 5e-9)  // both quadratures'
    for (a, b) in zip(found.score, known.score) { #expect(abs(a - b) < 1e-7 * max(1, abs(b))) }  // its differences'
  }

  @Test("far away the score is that of a Student-t law") func tail() {
    var score = ExactScore(HeavyTailedLaw(SmoothedMixture(mixture), degrees: 3), under: process, in: .identity(2))
    let found = score.evaluate([1e6, 0], at: 1).score
    #expect(abs(found[0] * 1e6 + 5) < 1e-4)  // −(ν + d)/u up to terms of 1/u
  }

  @Test("at a base without data the score is the base's own, in trained units", arguments: [true, false])
  func base(isStudent: Bool) {
    let path = AnnealedPath(base: isStudent ? .studentT(degrees: 3) : .gaussian, scale: 2)
    let units = Standardisation(mean: [1, 2], scale: [3, 0.5])
    let u = [1.0, -2.5]
    func evaluate(at t: Double) -> (logDensity: Double, score: [Double]) {
      if isStudent {
        var score = ExactScore(HeavyTailedLaw(SmoothedMixture(mixture), degrees: 3), under: path, in: units)
        return score.evaluate(u, at: t)
      }
      var score = ExactScore(SmoothedMixture(mixture), under: path, in: units)
      return score.evaluate(u, at: t)
    }
    let (end, before) = (evaluate(at: 1), evaluate(at: 1 - 1e-9))
    // √λ = 1.6e-9 of the data is left before the end.
    #expect(abs(end.logDensity - before.logDensity) < 1e-7)
    for k in 0..<2 { #expect(abs(end.score[k] - before.score[k]) < 1e-7) }
    let expected = isStudent ? -5 / (3 + 7.25 / 4) / 4 : -0.25
    #expect(abs(end.score[0] - expected) < 1e-15)  // −(ν + d)u/(ν s² + u²), or −u/s², a few roundings
  }

  @Test("ln Γ has its values at halves and whole numbers") func gamma() {
    let factorial = (1..<60).reduce(0.0) { $0 + log(Double($1)) }
    for (x, value) in [
      (0.5, 0.5 * log(Double.pi)), (1, 0), (2.5, log(0.75) + 0.5 * log(Double.pi)),
      (15, (1..<15).reduce(0.0) { $0 + log(Double($1)) }),
      (60, factorial),
    ] {
      #expect(abs(logGamma(x) - value) < 2e-14 * max(1, abs(value)))  // roundings of a product and of terms near 30
    }
  }

  @Test("a funnel has no exact score under a Student-t base") func funnel() {
    #expect(Funnel(dimension: 3).score(under: process, in: .identity(3)) == nil)
  }
}
