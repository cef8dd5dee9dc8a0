import Diffusion
import Glibc
import LinearAlgebra
import Randomness
import Testing

@testable import Targets

private let processes: [any ForwardProcess] = [
  OrnsteinUhlenbeck(), VariancePreserving(), CriticallyDampedLangevin(epsilon: 0),
  CriticallyDampedLangevin(epsilon: 0.25), CriticallyDampedLangevin(a: 2, epsilon: 0, velocityVariance: 0.25),
  LinearProcess.thirdOrderLangevin(), LinearProcess.phaseSpaceLangevin(), VarianceExploding(), FlowMatching(),
  AnnealedPath(scale: 2),
]

/// Draws of u_t in trained coordinates, from draws of a target.
private func states(_ target: any Target, under process: any ForwardProcess, at t: Double, rows: Int) -> Matrix {
  let (d, c) = (target.dimension, process.blocks)
  var data = Matrix(rows: rows, columns: d)
  target.draw(RandomStream(seed: 3, purpose: .targetDraw), firstIndex: 0, into: &data)
  target.standardisation.apply(to: &data)
  var noise = Matrix(rows: rows, columns: c * d)
  RandomStream(seed: 3, purpose: .diffusionNoise).fillNormals(&noise, firstIndex: 0)
  let kernel = process.kernel(at: t)
  var states = Matrix(rows: rows, columns: c * d)
  for row in 0..<rows {
    for k in 0..<c * d {
      var u = kernel.mean[k / d] * Double(data[row, k % d])
      for j in 0...k / d { u += kernel.cholesky[k / d, j] * Double(noise[row, j * d + k % d]) }
      states[row, k] = Float(u)
    }
  }
  return states
}

@Suite struct ExactScoreTests {
  private func expectGradient<Law: SmoothedLaw>(
    _ target: any Target, _ law: Law, _ process: any ForwardProcess, at t: Double
  ) {
    var score = ExactScore(law, under: process, in: target.standardisation)
    let states = states(target, under: process, at: t, rows: 5)
    let kernel = process.kernel(at: t)
    for row in 0..<5 {
      var u = (0..<states.columns).map { Double(states[row, $0]) }
      let exact = score.evaluate(u, at: t).score
      let size = exact.map(abs).max() ?? 0
      for k in u.indices {
        // Steps of a thousandth of the kernel's width: fourth-order differences err by about 1e-12 of the scale.
        let block = k / target.dimension
        let conditional = 1 / kernel.cholesky.inverse.column(block).dot(kernel.cholesky.inverse.column(block))
        let h = 3e-3 * conditional.squareRoot()
        let center = u[k]
        let values = [-2.0, -1, 1, 2].map { (offset: Double) -> Double in
          u[k] = center + offset * h
          return score.evaluate(u, at: t).logDensity
        }
        u[k] = center
        let difference = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        // Log densities of some hundreds carry 1e-13, divided by the step.
        #expect(abs(difference - exact[k]) < 1e-6 * size + 1e-12 / h, "element \(k) at t = \(t)")
      }
    }
  }

  @Test(arguments: processes.indices, [0.01, 0.2, 0.9])
  func `scores are the gradients of log densities, in trained coordinates`(process: Int, t: Double) {
    let funnel = Funnel(dimension: 5)
    expectGradient(funnel, SmoothedFunnel(dimension: 5), processes[process], at: t)
    let mixture = GaussianMixture(
      weights: [1, 2, 3], means: [[1, 0, 3, 5], [-1, 0.5, 3, 5], [0, 0, 3, 5]],
      variances: [[0.1, 0.2, 2, 0], [0.4, 0.1, 2, 0], [1, 1, 2, 0]])
    expectGradient(mixture, SmoothedMixture(mixture), processes[process], at: t)
  }

  @Test(arguments: processes.indices, [1e-5, 1e-3, 0.1, 1])
  func `a standardised Gaussian has the score −(H + MMᵀ)⁻¹u`(process: Int, t: Double) {
    let process = processes[process]
    let target = GaussianMixture(mean: [3, -1, 0.5], variance: [4, 0.01, 1])
    var score = ExactScore(SmoothedMixture(target), under: process, in: target.standardisation)
    let precision = ScoreCoefficients(process, output: .posteriorMean, conditioning: .data, at: t).precision
    let states = states(target, under: process, at: t, rows: 4)
    for row in 0..<4 {
      let u = (0..<states.columns).map { Double(states[row, $0]) }
      let exact = score.evaluate(u, at: t).score
      for k in u.indices {
        var expected = 0.0
        var size = 0.0
        for j in 0..<process.blocks {
          expected -= precision[k / 3, j] * u[3 * j + k % 3]
          size += abs(precision[k / 3, j] * u[3 * j + k % 3])
        }
        // H + MMᵀ loses digits at small times where both are small against each other; 1e-7 of the terms covers that. With
        // three blocks H's elements span t⁵, and a mixture's sum keeps some four digits at t = 1e-5.
        let tolerance = process.blocks == 3 && t < 1e-4 ? 1e-3 : 1e-7
        #expect(abs(exact[k] - expected) < tolerance * size, "\(exact[k]), not \(expected)")
      }
    }
  }

  @Test(arguments: processes.indices) func `E[uᵀs] = −c·d, whatever the target`(process: Int) throws {
    for kind in [TargetKind.gaussian, .mg25, .funnel] {
      let target = try kind.make(dimension: 20)
      for t in [0.05, 0.5] {
        var score = try #require(target.score(under: processes[process], in: target.standardisation))
        let states = states(target, under: processes[process], at: t, rows: 20_000)
        var scores = Matrix(rows: states.rows, columns: states.columns)
        score.evaluate(states, at: t, into: &scores)
        var (sum, squares) = (0.0, 0.0)
        for row in 0..<states.rows {
          var product = 0.0
          for k in 0..<states.columns { product += Double(states[row, k]) * Double(scores[row, k]) }
          sum += product
          squares += product * product
        }
        let mean = sum / Double(states.rows)
        let error = ((squares / Double(states.rows) - mean * mean) / Double(states.rows)).squareRoot()
        #expect(abs(mean + Double(states.columns)) < 5 * error, "\(kind), t = \(t): five standard errors")
      }
    }
  }

  @Test func `a batch gives each row's score in Double, rounded once, whatever the other rows`() throws {
    let target = Funnel(dimension: 10)
    let process = processes[3]
    var exact = ExactScore(SmoothedFunnel(dimension: 10), under: process, in: target.standardisation)
    let states = states(target, under: process, at: 0.3, rows: 7)
    var scores = Matrix(rows: 7, columns: 20)
    exact.evaluate(states, at: 0.3, into: &scores)
    for row in 0..<7 {
      let single = exact.evaluate((0..<20).map { Double(states[row, $0]) }, at: 0.3).score
      for k in 0..<20 { #expect(scores[row, k] == Float(single[k])) }
    }
  }

  @Test func `states that are not finite give scores that are not finite, and end`() {
    var score = ExactScore(SmoothedFunnel(dimension: 3), under: OrnsteinUhlenbeck(), in: .identity(3))
    #expect(score.evaluate([.nan, 1, 1], at: 0.5).score[0].isNaN)
    #expect(score.evaluate([1, .infinity, 1], at: 0.5).score[0].isNaN)
  }

  @Test func `the funnel has no exact score where its tails are scaled differently`() {
    let scaled = Standardisation(mean: [0, 0, 0], scale: [1, 2, 3])
    #expect(Funnel(dimension: 3).score(under: OrnsteinUhlenbeck(), in: scaled) == nil)
  }
}
