import Diffusion
import Foundation
import LinearAlgebra
import Testing

@testable import Targets

/// A process whose kernel is the same given one at every time.
struct FixedKernel: ForwardProcess {
  let mean: Double
  let variance: Double

  var blocks: Int { 1 }
  var horizon: Double { 1 }
  var initialVariance: BlockVector { BlockVector(0) }
  var priorCovariance: BlockMatrix { BlockMatrix(1) }
  func clock(_ t: Double) -> Double { t }
  func drift(at t: Double) -> BlockMatrix { BlockMatrix(-1) }
  func diffusion(at t: Double) -> BlockMatrix { BlockMatrix(2) }
  func kernel(at t: Double) -> Kernel { Kernel(mean: BlockVector(mean), covariance: BlockMatrix(variance)) }
}

/// Log densities and scores computed elsewhere, by adaptive quadrature with 30 digits.
struct ReferenceScores: Decodable {
  struct Scalar: Decodable {
    let m, variance, logDensity: String
    let u, score: [String]
  }
  struct Langevin: Decodable {
    let a, epsilon, sigma, velocityVariance, tau, logDensity: String
    let x, v, score: [String]
    let means, variances: [[String]]?
    let weights: [String]?

    func process() throws -> CriticallyDampedLangevin {
      CriticallyDampedLangevin(
        a: try number(a), sigma: try number(sigma), epsilon: try number(epsilon),
        velocityVariance: try number(velocityVariance), beta: 1, horizon: 4)
    }
  }
  let scalar: [Scalar]
  let cld: [Langevin]
  let mixture: [Langevin]

  static func load() throws -> ReferenceScores {
    let file = Bundle.module.url(forResource: "exact-scores", withExtension: "json", subdirectory: "Fixtures")
    let url = try #require(file)
    return try JSONDecoder().decode(ReferenceScores.self, from: Data(contentsOf: url))
  }
}

private func number(_ text: String) throws -> Double { try #require(Double(text)) }
private func numbers(_ texts: [String]) throws -> [Double] { try texts.map(number) }

@Suite struct ReferenceScoreTests {
  // The reference holds 20 digits; what is left is our quadrature's and Double's error. The last term is for scores
  // near 0, on the scale of the others.
  private func expectEqual(
    _ found: (logDensity: Double, score: [Double]), _ logDensity: String, _ score: [String]
  ) throws {
    let score = try numbers(score)
    let size = score.map(abs).max() ?? 0
    #expect(abs(found.logDensity - (try number(logDensity))) < 2e-9)
    for (a, b) in zip(found.score, score) { #expect(abs(a - b) < 2e-8 * abs(b) + 1e-9 * size, "\(a), not \(b)") }
  }

  @Test func `the funnel's score under a scalar kernel agrees with 30-digit quadrature`() throws {
    for entry in try ReferenceScores.load().scalar {
      let process = FixedKernel(mean: try number(entry.m), variance: try number(entry.variance))
      var score = ExactScore(SmoothedFunnel(dimension: 3), under: process, in: .identity(3))
      try expectEqual(score.evaluate(try numbers(entry.u), at: 0.5), entry.logDensity, entry.score)
    }
  }

  @Test func `the funnel's score under critically damped Langevin agrees with 30-digit quadrature`() throws {
    for entry in try ReferenceScores.load().cld {
      var score = ExactScore(SmoothedFunnel(dimension: 3), under: try entry.process(), in: .identity(3))
      let found = score.evaluate(try numbers(entry.x + entry.v), at: try number(entry.tau))
      try expectEqual(found, entry.logDensity, entry.score)
    }
  }

  @Test func `a mixture's score under critically damped Langevin agrees with 30-digit differentiation`() throws {
    for entry in try ReferenceScores.load().mixture {
      let mixture = GaussianMixture(
        weights: try numbers(try #require(entry.weights)), means: try #require(entry.means).map(numbers),
        variances: try #require(entry.variances).map(numbers))
      var score = ExactScore(SmoothedMixture(mixture), under: try entry.process(), in: .identity(2))
      let found = score.evaluate(try numbers(entry.x + entry.v), at: try number(entry.tau))
      try expectEqual(found, entry.logDensity, entry.score)
    }
  }
}
