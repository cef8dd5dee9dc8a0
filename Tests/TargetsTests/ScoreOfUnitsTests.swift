import Diffusion
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Targets

@Suite struct ScoreOfUnitsTests {
  /// ∇log p_t of a mixture of Gaussians in trained units, by its definition: components N(M(μ − m)/s, H + MMᵀ v/s²).
  private func exact(
    _ mixture: GaussianMixture, _ units: Standardisation, _ process: any ForwardProcess,
    _ u: [Double], at t: Double
  ) -> (logDensity: Double, score: [Double]) {
    let (kernel, c, d) = (process.kernel(at: t), process.blocks, mixture.dimension)
    var (logs, slopes) = ([Double](), [[Double]]())
    for k in mixture.weights.indices {
      var (value, slope) = (log(mixture.weights[k]), [Double](repeating: 0, count: c * d))
      for i in 0..<d {
        let mean = kernel.mean.scaled(by: (mixture.means[k][i] - units.mean[i]) / units.scale[i])
        let spread = mixture.variances[k][i] / (units.scale[i] * units.scale[i])
        let covariance = kernel.covariance + kernel.mean.outer(kernel.mean).scaled(by: spread)
        let away = BlockVector((0..<c).map { u[$0 * d + i] }) - mean
        let pull = covariance.inverse * away
        value -=
          0.5 * (away.dot(pull) + log(covariance.determinant) + Double(c) * log(2 * Double.pi))
        for b in 0..<c { slope[b * d + i] = -pull[b] }
      }
      logs.append(value)
      slopes.append(slope)
    }
    let top = logs.max() ?? 0
    let masses = logs.map { exp($0 - top) }
    let total = masses.reduce(0, +)
    let score = (0..<c * d).map { j in zip(masses, slopes).reduce(0) { $0 + $1.0 / total * $1.1[j] }
    }
    return (top + log(total), score)
  }

  private static let processes: [any ForwardProcess] = [
    OrnsteinUhlenbeck(horizon: 2), CriticallyDampedLangevin(epsilon: 0.25),
    LinearProcess.thirdOrderLangevin(),
  ]
  private let mixture = GaussianMixture(
    weights: [1, 3], means: [[100, -5, 0], [130, -6, 0]], variances: [[16, 0.5, 2], [100, 4, 2]])
  private let units = Standardisation(mean: [110, -4, 1], scale: [12, 0.3, 5])

  @Test(
    "score and density of data far from 0, in units of its own for each coordinate",
    arguments: processes.indices)
  func units(index: Int) {
    let process = Self.processes[index]
    // One score for all times, asked in an order that comes back.
    var score = ExactScore(SmoothedMixture(mixture), under: process, in: units)
    for t in [0.2, 0.9, 0.2] {
      let states = normals(6, 3 * process.blocks, seed: 3)
      for row in 0..<6 {
        let u = (0..<states.columns).map { Double(states[row, $0]) }
        let (found, known) = (score.evaluate(u, at: t), exact(mixture, units, process, u, at: t))
        let size = known.score.map { abs($0) }.max() ?? 0
        // Sums of some tens in Double.
        #expect(
          abs(found.logDensity - known.logDensity) < 1e-8 * (1 + abs(known.logDensity)), "\(t)")
        // Inverses of covariances lose some digits where blocks are small.
        for k in u.indices { #expect(abs(found.score[k] - known.score[k]) < 1e-7 * size, "\(t)") }
      }
    }
  }

  @Test("vjp is the derivative of that score, in its units", arguments: processes.indices)
  func derivative(index: Int) {
    let process = Self.processes[index]
    var score = ExactScore(SmoothedMixture(mixture), under: process, in: units)
    let states = normals(4, 3 * process.blocks, seed: 3)
    let cotangent = normals(4, 3 * process.blocks, seed: 4)
    var found = Matrix(rows: 4, columns: states.columns)
    score.vjp(states, at: 0.4, cotangent: cotangent, into: &found)
    for row in 0..<4 {
      let u = (0..<states.columns).map { Double(states[row, $0]) }
      var size = 1.0
      for k in u.indices { size = max(size, abs(Double(found[row, k]))) }
      for k in u.indices {
        let h = 1e-5
        func along(_ sign: Double) -> Double {
          var moved = u
          moved[k] += sign * h
          let slope = exact(mixture, units, process, moved, at: 0.4).score
          return (0..<u.count).reduce(0) { $0 + Double(cotangent[row, $1]) * slope[$1] }
        }
        // Central differences of order 1e-10, results rounded to Float.
        #expect(abs(Double(found[row, k]) - (along(1) - along(-1)) / (2 * h)) < 1e-5 * size)
      }
    }
  }

  @Test("a density without noise is the law's own, in units of its own for each coordinate")
  func density() throws {
    var density = try #require(mixture.density(in: units))
    let points = normals(8, 3, seed: 3)
    var logs = [Double](repeating: 0, count: 8)
    var slopes = Matrix(rows: 8, columns: 3)
    func evaluate(_ density: inout some LogDensity) {
      density.evaluate(points, logDensity: &logs, gradient: &slopes)
    }
    evaluate(&density)
    for r in 0..<8 {
      func value(_ p: [Double]) -> Double {
        let values = mixture.weights.indices.map { k -> Double in
          (0..<3).reduce(log(mixture.weights[k])) { sum, i in
            let (x, v) = (units.mean[i] + units.scale[i] * p[i], mixture.variances[k][i])
            return sum - 0.5
              * (log(2 * Double.pi * v) + (x - mixture.means[k][i]) * (x - mixture.means[k][i]) / v)
          }
        }
        let top = values.max() ?? 0
        return top + log(values.reduce(0) { $0 + exp($1 - top) })
      }
      let p = (0..<3).map { Double(points[r, $0]) }
      #expect(abs(logs[r] - value(p)) < 1e-9 * (1 + abs(logs[r])))  // rounding
      for k in 0..<3 {
        var (up, down) = (p, p)
        (up[k], down[k]) = (up[k] + 1e-5, down[k] - 1e-5)
        let slope = (value(up) - value(down)) / 2e-5
        // Central differences, and the gradient's rounding to Float.
        #expect(abs(Double(slopes[r, k]) - slope) < 1e-5 * (1 + abs(slope)))
      }
    }
  }
}
