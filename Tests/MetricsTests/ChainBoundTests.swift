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
}
