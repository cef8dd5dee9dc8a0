import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Testing

@testable import Metrics

/// The bound of rows, against what is known for Gaussian data.
@Suite struct ChainBoundTests {
  private static let chain = ReverseChain(VariancePreserving(schedule: .linear(min: 0.1, max: 8)), steps: 15)
  private static var score: GaussianScore {
    GaussianScore(process: chain.process, dimension: 2, mean: 0.5, variance: 0.3)
  }

  /// The chain's last step has no β̃ of its own: v is then that of the density of x_0 given x_1.
  private static func exact(offset: Double = 0) -> some Score { LastStep(score, chain, offset: offset) }

  private struct LastStep: Score {
    var base: GaussianScore
    let chain: ReverseChain
    let offset: Double

    init(_ base: GaussianScore, _ chain: ReverseChain, offset: Double) {
      (self.base, self.chain, self.offset) = (base, chain, offset)
    }

    var process: any ForwardProcess { chain.process }
    var dimension: Int { base.dimension }
    var hasVariance: Bool { true }
    mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
      base.evaluate(state, at: t, into: &score)
    }
    mutating func evaluate(
      _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
    ) {
      base.evaluate(state, at: t, into: &score)
      let residual = base.variance / (1 + base.variance * process.kernel(at: t).signalToNoise)
      variance.fill(Float(chain.term(ofState: chain.state(at: t)).best(meanSquaredError: residual) + offset))
    }
  }

  /// 256 rows of Gaussian data.
  private static func rows() -> Matrix {
    var rows = normals(256, 2, seed: 5)
    for r in 0..<256 { for k in 0..<2 { rows[r, k] = 0.5 + Float(0.3.squareRoot()) * rows[r, k] } }
    return rows
  }

  /// Means over 40 draws for each row.
  private static func bounds<S: Score>(_ score: S, _ variance: ReverseVariance) -> [Double] {
    let rows = rows()
    var (score, means) = (score, [Double](repeating: 0, count: 256))
    var bound = ChainBound(chain, dimension: 2, variance: variance, seed: 3)
    for draw in 0..<40 {
      let keys = (0..<256).map { FlowLikelihood.Key(index: $0, draw: draw) }
      for (r, value) in bound.values(rows, keys: keys, score: &score).enumerated() { means[r] += value / 40 }
    }
    return means
  }

  /// −log p(x) + E[log p_T(u) − log prior(u)], u ~ q(u_T|x): what the bound is where every reverse step is exact.
  private static func expected(_ x: Double) -> Double {
    let kernel = chain.process.kernel(at: chain.process.horizon)
    let (m, h) = (kernel.mean[0], kernel.covariance[0, 0])
    let s = h + m * m * 0.3
    func logNormal(_ square: Double, _ variance: Double) -> Double {
      -0.5 * (square / variance + log(2 * Double.pi * variance))
    }
    let away = m * (x - 0.5)
    return -logNormal((x - 0.5) * (x - 0.5), 0.3) + logNormal(away * away + h, s) - logNormal(m * m * x * x + h, 1)
  }

  @Test("with the exact variance every row's bound is −log p and what the chain's end lacks")
  func exactVariance() {
    let (means, rows) = (Self.bounds(Self.exact(), .learned), array(Self.rows()))
    let errors = (0..<256).map { r in
      means[r] - Self.expected(Double(rows[2 * r])) - Self.expected(Double(rows[2 * r + 1]))
    }
    let mean = errors.reduce(0, +) / 256
    let deviation = (errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 255).squareRoot()
    // Four standard errors of means over draws, one false alarm in 16,000; the deviation is 0.21, so 0.05.
    #expect(abs(mean) < 4 * deviation / 16 && deviation < 0.5, "\(mean) ± \(deviation / 16)")
  }

  @Test("any other variance gives a larger bound")
  func others() {
    func mean(_ score: some Score, _ variance: ReverseVariance) -> Double {
      Self.bounds(score, variance).reduce(0, +) / 256
    }
    let best = mean(Self.exact(), .learned)
    // All with the same rows and noises, so that the differences are sharp.
    for variance in [ReverseVariance.posterior, .forward] { #expect(mean(Self.score, variance) > best + 0.1) }
    for offset in [-0.3, 0.3] { #expect(mean(Self.exact(offset: offset), .learned) > best) }
  }

  @Test("a row's value depends on its key alone, in any chunk")
  func keys() {
    let rows = normals(300, 2, seed: 8)
    let tasks = (0..<300).map { SettledLikelihood.Task(row: $0, draw: $0 % 3) }
    var score = Self.score
    var bound = ChainBound(Self.chain, dimension: 2, variance: .posterior, seed: 3)
    let all = bound.values(tasks, of: rows, score: &score)
    let some = bound.values([tasks[280], tasks[7]], of: rows, score: &score)
    #expect(some == [all[280], all[7]])
    let other = bound.values([SettledLikelihood.Task(row: 7, draw: 0)], of: rows, score: &score)
    #expect(other[0] != all[7])
  }

  /// The exact score of three levels −1, 0, 1 with these probabilities.
  private struct LevelScore: Score {
    static let probabilities = [0.5, 0.3, 0.2]
    let process: any ForwardProcess
    var dimension: Int { 1 }
    mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
      let kernel = process.kernel(at: t)
      let (m, h) = (kernel.mean[0], kernel.covariance[0, 0])
      for r in 0..<state.rows {
        let u = Double(state[r, 0])
        let exponents = (0..<3).map { k in m * Double(k - 1) * (u - 0.5 * m * Double(k - 1)) / h }
        let weights = zip(exponents, Self.probabilities).map { exp($0 - (exponents.max() ?? 0)) * $1 }
        let mean = (weights[2] - weights[0]) / weights.reduce(0, +)
        score[r, 0] = Float((m * mean - u) / h)
      }
    }
  }

  @Test("with levels the bound of the exact score is the entropy and what few steps lose")
  func levels() {
    let chain = ReverseChain(VariancePreserving(schedule: .linear(min: 0.1, max: 12)), steps: 200)
    var rows = Matrix(rows: 256, columns: 1)
    // Level by level in the law's proportions, so that the rows' mean has no error of its own.
    for r in 0..<256 { rows[r, 0] = r < 128 ? -1 : r < 205 ? 0 : 1 }
    var (score, values) = (LevelScore(process: chain.process), [Double]())
    var bound = ChainBound(
      chain, dimension: 1, variance: .posterior, levels: [.init(width: 1, ends: -1...1)], seed: 3)
    for draw in 0..<20 {
      let keys = (0..<256).map { FlowLikelihood.Key(index: $0, draw: draw) }
      values.append(bound.values(rows, keys: keys, score: &score).reduce(0, +) / 256)
    }
    let mean = values.reduce(0, +) / 20
    let error = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19 / 20).squareRoot()
    let shares = [128.0, 77, 51].map { $0 / 256 }
    let entropy = -zip(shares, LevelScore.probabilities).reduce(0) { $0 + $1.0 * log($1.1) }
    // Four standard errors below; above, what Gaussian steps lose on three points: of the order of 1/n times the 20 nats between
    // the first and the last signal.
    #expect(mean > entropy - 4 * error && mean < entropy + 0.1 + 4 * error, "\(mean) ± \(error) of \(entropy)")
  }

  @Test("the masses of all cells are one, and tails go on where the normal law leaves double precision")
  func cells() {
    let term = Self.chain.term(ofState: 1)
    let levels = ChainBound.Levels(width: 0.25, ends: -1...1)
    for (mean, v) in [(0.1, 0), (-1.3, 1), (0.9, 0.4)] {
      let total = (0..<9).reduce(0.0) { sum, k in
        let cell = levels.cell(-1 + 0.25 * Double(k))
        return sum + exp(-term.cellValue(v, from: cell.lower - mean, to: cell.upper - mean))
      }
      #expect(abs(total - 1) < 1e-12)  // nine roundings of numbers near 1
    }
    let deviation = exp(0.5 * term.logLeast)
    // −ln(Φ(−z) − Φ(−z − 1)) by its series and its continued fraction with 50 digits.
    for (z, expected) in [
      (0.5, 1.4199324821566264), (5, 15.068446096529453), (29.5, 439.4294746091503), (31, 484.8539636271793),
      (60, 1805.0135606805673), (400, 80006.91040933022),
    ] as [(Double, Double)] {
      #expect(abs(term.cellValue(0, from: z * deviation, to: (z + 1) * deviation) / expected - 1) < 1e-8)
      #expect(abs(term.cellValue(0, from: -(z + 1) * deviation, to: -z * deviation) / expected - 1) < 1e-8)
    }
    // A narrow cell, −ln(Φ(−40) − Φ(−40.01)) with 60 digits: its far end takes two thirds of the mass away.
    let narrow = term.cellValue(0, from: 40 * deviation, to: 40.01 * deviation)
    #expect(abs(narrow / 805.7174659453682 - 1) < 1e-8)  // as above, what the function promises
  }
}
