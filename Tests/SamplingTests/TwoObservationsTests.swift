import Diffusion
import Foundation
import LinearAlgebra
import Targets
import TestSupport
import Testing

@testable import Sampling

@Suite struct TwoObservationsTests {
  private let law = GaussianMixture(mean: [0.5, -0.3], variance: [1.2, 0.4])
  /// H S Hᵀ has 0.82 beside 1.4 and 0.87: the two are correlated with 0.66 where nothing is known yet.
  private let two = Observations(rows: [[1, 0.7], [0.8, -0.5]], values: [1.5, 0.2], deviations: [0.5, 0.3])

  private func base(_ process: any ForwardProcess) throws -> any DifferentiableScore {
    try #require(law.score(under: process, in: .identity(2)) as? any DifferentiableScore)
  }

  @Test("given two correlated observations, samples of a Gaussian have the exact conditional law", arguments: processes)
  func twoObservations(process: any ForwardProcess) throws {
    func samples(_ base: some DifferentiableScore) -> [Double] {
      var score = ObservedScore(base, given: two)
      // At 60 steps, with nearly three times the error, the test passes as well.
      let times = TimeGrid.logSNR.times(steps: 100, of: process, to: 1e-3 * process.horizon)
      var generator = Generator(
        process: process, dimension: 2, sampler: SamplerKind.splittingMidpoint.make(), times: times, denoises: true,
        seed: 12)
      return generator.values(chunks: 16, score: &score)
    }
    let values = try samples(base(process))
    // Kalman's update m + K(y − Hm), S − KHS in NumPy: K = SHᵀ(HSHᵀ + R)⁻¹.
    let (mean, variance, covariance) = ([0.75412508, 0.49448958], [0.08642428, 0.14262528], 0.01963585)
    let columns = (0..<2).map { k in stride(from: k, to: values.count, by: 2).map { values[$0] } }
    for k in 0..<2 {
      #expect(kolmogorovSmirnov(columns[k]) { normalDistribution($0, mean[k], variance[k]) } < kolmogorovSmirnovBound)
    }
    // The sum sees the covariance: a KS of it fails where the marginals are right and the correlation is not.
    let sums = zip(columns[0], columns[1]).map { $0 + $1 }
    #expect(
      kolmogorovSmirnov(sums) { normalDistribution($0, mean[0] + mean[1], variance[0] + variance[1] + 2 * covariance) }
        < kolmogorovSmirnovBound)
  }

  /// ∇log p_t(u|y) of this Gaussian in closed form: (x_0, u) is Gaussian, and y is linear in x_0.
  private func exact(_ process: any ForwardProcess, _ u: [Double], at t: Double) -> [Double] {
    let (kernel, c) = (process.kernel(at: t), process.blocks)
    // Posterior of x_0 given y: mean and covariance as above; u given y is N(M m, H ⊗ I + M Mᵀ ⊗ C).
    let (mean, cov) = ([0.75412508, 0.49448958], [[0.08642428, 0.01963585], [0.01963585, 0.14262528]])
    let n = 2 * c
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    var right = [Double](repeating: 0, count: n)
    for i in 0..<c {
      for a in 0..<2 {
        right[2 * i + a] = kernel.mean[i] * mean[a] - u[2 * i + a]
        for j in 0..<c {
          for b in 0..<2 {
            matrix[2 * i + a][2 * j + b] =
              kernel.mean[i] * kernel.mean[j] * cov[a][b] + (a == b ? kernel.covariance[i, j] : 0)
          }
        }
      }
    }
    return solved(matrix, right)
  }

  /// The solution of a small linear system by elimination with pivots.
  private func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
    var (a, x) = (matrix, right)
    for k in x.indices {
      let pivot = (k..<x.count).max { abs(a[$0][k]) < abs(a[$1][k]) } ?? k
      a.swapAt(k, pivot)
      x.swapAt(k, pivot)
      for i in k + 1..<max(x.count, k + 1) {
        let factor = a[i][k] / a[k][k]
        for j in k..<x.count { a[i][j] -= factor * a[k][j] }
        x[i] -= factor * x[k]
      }
    }
    for k in x.indices.reversed() {
      for j in k + 1..<max(x.count, k + 1) { x[k] -= a[k][j] * x[j] }
      x[k] /= a[k][k]
    }
    return x
  }

  @Test("the score itself is that of the conditional law at every time", arguments: processes)
  func score(process: any ForwardProcess) throws {
    func found(_ base: some DifferentiableScore, _ state: borrowing Matrix, at t: Double) -> Matrix {
      var score = ObservedScore(base, given: two)
      var result = Matrix(rows: Generator.rows, columns: state.columns)
      score.evaluate(state, at: t, into: &result)
      return result
    }
    let state = normals(Generator.rows, 2 * process.blocks, seed: 3)
    for t in [0.03, 0.3, 0.8].map({ $0 * process.horizon }) {
      let result = try found(base(process), state, at: t)
      for row in stride(from: 0, to: Generator.rows, by: 51) {
        let expected = exact(process, (0..<state.columns).map { Double(state[row, $0]) }, at: t)
        let size = expected.map { abs($0) }.max() ?? 0
        // Scores, products and posterior means are rounded to Float; the system of two amplifies some ten times.
        for k in expected.indices { #expect(abs(Double(result[row, k]) - expected[k]) < 2e-5 * (1 + size), "\(t)") }
      }
    }
  }

  @Test("rows at times of their own have what each has where all are at its time", arguments: processes)
  func ownTimes(process: any ForwardProcess) throws {
    let state = normals(Generator.rows, 2 * process.blocks, seed: 3)
    let times = (0..<Generator.rows).map { [0.3, 0.8, 0.03][$0 % 3] * process.horizon }
    func mismatch(_ base: some DifferentiableScore) -> Float {
      var score = ObservedScore(base, given: two)
      var own = Matrix(rows: Generator.rows, columns: state.columns)
      var shared = Matrix(rows: Generator.rows, columns: state.columns)
      score.evaluate(state, atTimes: times, into: &own)
      var worst: Float = 0
      for t in Set(times) {
        score.evaluate(state, at: t, into: &shared)
        for row in 0..<Generator.rows where times[row] == t {
          for k in 0..<state.columns {
            worst = max(worst, abs(own[row, k] - shared[row, k]) / (1 + abs(shared[row, k])))
          }
        }
      }
      return worst
    }
    #expect(try mismatch(base(process)) < 1e-6)  // single precision
  }

  @Test("an update tells the log density of what is observed, whose constant all rows of a time share")
  func logDensity() {
    // Γ of two rows, along (1, 0.7) and (0.8, −0.5): Γ = diag(0.5, 0.3), and 0.1 times the identity.
    let (means, variances) = ([[0.2, -0.1], [-0.3, 0.4]], [[0.5, 0.3], [0.1, 0.1]])
    var moments = PosteriorMoments(rows: 2, dimension: 2, directions: 2)
    for row in 0..<2 {
      for k in 0..<2 {
        moments.mean[row, k] = Float(means[row][k])
        for i in 0..<2 { moments.products[2 * i + row, k] = Float(variances[row][k] * two.rows[i][k]) }
      }
    }
    func exact(_ row: Int) -> Double {
      var c = [[0.0, 0], [0, 0]]
      for i in 0..<2 {
        for j in 0..<2 {
          c[i][j] = (0..<2).reduce(i == j ? two.deviations[i] * two.deviations[i] : 0) {
            $0 + two.rows[i][$1] * variances[row][$1] * two.rows[j][$1]
          }
        }
      }
      let away = (0..<2).map { i in two.values[i] - (0..<2).reduce(0) { $0 + two.rows[i][$1] * means[row][$1] } }
      let determinant = c[0][0] * c[1][1] - c[0][1] * c[1][0]
      let square =
        (c[1][1] * away[0] * away[0] - 2 * c[0][1] * away[0] * away[1] + c[0][0] * away[1] * away[1]) / determinant
      return -0.5 * (square + log(determinant))
    }
    var update = ObservationUpdate(two, draws: nil, derivativeError: 0)
    let found = (0..<2).map { update.update(row: $0, moments, signalToNoise: 0.7) }
    // Moments in single precision.
    #expect(abs((found[0] - found[1]) - (exact(0) - exact(1))) < 1e-5, "\(found), \(exact(0)), \(exact(1))")
  }

  @Test("particles of unlike weights are resampled at the end, however many of them still count")
  func lastResampling() throws {
    let process = VariancePreserving()
    let vague = Observations(rows: [[1, 0]], values: [2], deviations: [3])
    let law = GaussianMixture(
      weights: [0.5, 0.5], means: [[-1, 0.2], [1, -0.4]], variances: [[0.1, 0.4], [0.1, 0.3]])
    func outcomes(_ base: some DifferentiableScore) -> [ParticleGenerator.Outcome] {
      particles(
        base, given: vague, draws: nil, times: TimeGrid.logSNR.times(steps: 40, of: process, to: 0.01), chunks: 2
      ).outcomes
    }
    let base = try #require(law.score(under: process, in: .identity(2)) as? any DifferentiableScore)
    for outcome in outcomes(base) {
      // Below 128 particles are resampled on the way, above 0.999 · 256 = 255.74 not even at the end.
      #expect(outcome.smallestEffective > 128 && outcome.smallestEffective < 255.7, "\(outcome)")
      #expect(outcome.resamplings == 1, "\(outcome)")
    }
  }

  @Test("a score whose posterior covariance is not positive gives finite numbers") func indefinite() {
    // A score that is too steep: Tweedie's formula gives Γ < 0, as an ill-trained network may.
    struct Steep: DifferentiableScore {
      let process: any ForwardProcess = VariancePreserving()
      let dimension = 2
      func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
        for r in 0..<state.rows { for k in 0..<2 { score[r, k] = -50 * state[r, k] } }
      }
      func vjp(_ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix) {
        for r in 0..<state.rows { for k in 0..<2 { result[r, k] = -50 * cotangent[r, k] } }
      }
    }
    var score = ObservedScore(
      Steep(), given: Observations(rows: [[1, 0], [1, 1]], values: [1, 2], deviations: [0, 0]))
    let state = normals(Generator.rows, 2, seed: 3)
    var result = Matrix(rows: Generator.rows, columns: 2)
    score.evaluate(state, at: 0.3, into: &result)
    #expect(array(result).allSatisfy { $0.isFinite })
  }
}
