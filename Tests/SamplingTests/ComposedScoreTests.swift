import Diffusion
import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Sampling

/// The exact score of θ given one x = θ + noise, θ ~ N(μ, C) in two coordinates, by Gaussian conditioning.
private final class OneObservation: DifferentiableScore {
  let process: any ForwardProcess
  var dimension: Int { 2 }
  /// The posterior's mean, and the covariance that all observations share.
  var mean: [Double] = [0, 0]
  let covariance: [Double]
  let derivativeError = 0.0

  init(_ process: any ForwardProcess, covariance: [Double]) { (self.process, self.covariance) = (process, covariance) }

  /// (Σ + H/M²)⁻¹/M² in one block: the inverse of M²Σ + H.
  private func precision(_ kernel: Kernel) -> [Double] {
    let (m, h) = (kernel.mean[0] * kernel.mean[0], kernel.covariance[0, 0])
    let (a, b, c) = (m * covariance[0] + h, m * covariance[1], m * covariance[3] + h)
    let determinant = a * c - b * b
    return [c / determinant, -b / determinant, -b / determinant, a / determinant]
  }

  func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let kernel = process.kernel(at: t)
    let p = precision(kernel)
    for r in 0..<state.rows {
      let away = (0..<2).map { Double(state[r, $0]) - kernel.mean[0] * mean[$0] }
      for k in 0..<2 { score[r, k] = Float(-p[2 * k] * away[0] - p[2 * k + 1] * away[1]) }
    }
  }

  func vjp(_ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix) {
    let p = precision(process.kernel(at: t))
    for r in 0..<state.rows {
      for k in 0..<2 {
        result[r, k] = Float(-p[2 * k] * Double(cotangent[r, 0]) - p[2 * k + 1] * Double(cotangent[r, 1]))
      }
    }
  }
}

private func inverse(_ m: [Double]) -> [Double] {
  let determinant = m[0] * m[3] - m[1] * m[2]
  return [m[3], -m[1], -m[2], m[0]].map { $0 / determinant }
}

private func times(_ m: [Double], _ v: [Double]) -> [Double] {
  [m[0] * v[0] + m[1] * v[1], m[2] * v[0] + m[3] * v[1]]
}

@Suite struct ComposedScoreTests {
  private static let priorMean = [0.3, -0.2]
  private static let prior = [1.2, 0.5, 0.5, 0.8]
  private static let noise = [0.5, 0.1, 0.1, 0.3]
  private static let observations = [[0.9, -0.4], [1.3, 0.2], [0.4, 0.1], [1.1, -0.1]]

  /// The posterior given the first observations, by adding precisions.
  private static func posterior(_ seen: ArraySlice<[Double]>) -> (mean: [Double], covariance: [Double]) {
    let n = Double(seen.count)
    let precision = zip(inverse(prior), inverse(noise)).map { $0 + n * $1 }
    var pull = times(inverse(prior), priorMean)
    for x in seen {
      let part = times(inverse(noise), x)
      pull = [pull[0] + part[0], pull[1] + part[1]]
    }
    return (times(inverse(precision), pull), inverse(precision))
  }

  @Test("composed scores of Gaussians are the score given all observations", arguments: [1, 2, 4])
  func exact(count: Int) {
    let process = VariancePreserving()
    let one = OneObservation(process, covariance: Self.posterior(Self.observations[..<1]).covariance)
    let means = Self.observations.indices.map { Self.posterior(Self.observations[$0...$0]).mean }
    var composed = ComposedScore(
      one, observations: count, priorMean: Self.priorMean, covariance: Self.prior
    ) { one.mean = means[$0] }
    let all = Self.posterior(Self.observations[..<count])
    let known = OneObservation(process, covariance: all.covariance)
    known.mean = all.mean
    let state = normals(256, 2, seed: 3)
    var found = Matrix(rows: 256, columns: 2)
    var expected = Matrix(rows: 256, columns: 2)
    for t in [0.01, 0.1, 0.5, 0.9] {
      composed.evaluate(state, at: t, into: &found)
      known.evaluate(state, at: t, into: &expected)
      let scale = array(expected).map { abs($0) }.max() ?? 0
      for (a, b) in zip(array(found), array(expected)) {
        // Tweedie's mean from Float scores loses a digit for each factor of 100 that snr falls below 1.
        #expect(abs(a - b) < 2e-4 * max(scale, 1), "\(a) for \(b) at \(t)")
      }
    }
  }

  @Test("samples of composed scores have the moments of the posterior given all observations")
  func samples() {
    let process = VariancePreserving()
    let one = OneObservation(process, covariance: Self.posterior(Self.observations[..<1]).covariance)
    let means = Self.observations.indices.map { Self.posterior(Self.observations[$0...$0]).mean }
    var composed = ComposedScore(
      one, observations: 4, priorMean: Self.priorMean, covariance: Self.prior
    ) { one.mean = means[$0] }
    let times = TimeGrid.logSNR.times(steps: 50, of: process, to: process.time(ofNoise: 0.002))
    var generator = Generator(
      process: process, dimension: 2, sampler: DPMSolverMultistep(), times: times, denoises: true, seed: 5)
    var chunk = Matrix(rows: 256, columns: 2)
    var (sums, squares, count) = ([0.0, 0], [0.0, 0], 0.0)
    let all = Self.posterior(Self.observations[...])
    for c in 0..<16 {
      generator.generate(chunk: c, score: &composed, into: &chunk)
      for r in 0..<256 {
        count += 1
        for k in 0..<2 {
          let away = Double(chunk[r, k]) - all.mean[k]
          sums[k] += away
          squares[k] += away * away
        }
      }
    }
    for k in 0..<2 {
      let variance = all.covariance[3 * k]
      // Five standard errors of 4,096 draws, and half a percent of the flow.
      #expect(abs(sums[k] / count) < 5 * (variance / count).squareRoot() + 0.005)
      #expect(abs(squares[k] / count / variance - 1) < 5 * (2 / count).squareRoot() + 0.02)
    }
  }
}
