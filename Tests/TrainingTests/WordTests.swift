import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

/// Two columns of words that depend on each other, and a number that follows them: columns of −1 and 1, and the number.
private struct Pairs {
  /// Of 20 rows, those of each pair of a word of three and a word of two.
  static let counts = [[7, 1], [1, 5], [3, 3]]

  /// The trained coordinates of a pair; the number is −1, 0 or 1 by the first word.
  static func row(_ a: Int, _ b: Int) -> [Float] {
    (0..<3).map { $0 == a ? 1 : -1 } + [b == 1 ? 1 : -1, Float(a - 1)]
  }

  static var all: [(a: Int, b: Int, share: Double)] {
    (0..<6).map { ($0 / 2, $0 % 2, Double(counts[$0 / 2][$0 % 2]) / 20) }
  }

  static func model(_ process: any ForwardProcess, shrinkage: Bool = false, widths: [Int] = [64, 64]) -> ScoreModel {
    let first = counts.map { Double($0[0] + $0[1]) / 20 }
    let second = Double(counts.reduce(0) { $0 + $1[1] }) / 20
    return ScoreModel(
      process: process, dimension: 5, input: .noisyData, output: .posteriorMean, conditioning: .data, widths: widths,
      activation: .silu, residual: true, shrinkage: shrinkage,
      words: WordColumns(
        blocks: [0..<3, 3..<4], centre: [0.5, 0.5, 0.5, 0.5, 0], scale: [0.5, 0.5, 0.5, 0.5, 1],
        logPrior: first.map { Float(log($0)) } + [Float(log(second / (1 - second))), 0]),
      embedding: TimeEmbedding(kind: .sinusoidal, features: 8), seed: 1)
  }

  static func trainer(_ model: ScoreModel, steps: Int) -> Trainer {
    var options = TrainingOptions()
    options.batch = 256
    options.minimumTime = model.process.time(ofNoise: 0.02)
    options.timeLaw = .logNormal(mean: 0, deviation: 1)
    options.optimiser.learningRate = 4e-3
    options.optimiser.schedule = .cosine
    options.optimiser.steps = steps
    let data = ShardedRows(
      assignment: ShardAssignment(rows: 400, shards: 4, seed: 1), shards: 0..<4, dimension: 5, seed: 1)
    let rows = all.flatMap { pair in
      [[Float]](repeating: row(pair.a, pair.b), count: Int((20 * pair.share).rounded()))
    }
    for r in 0..<400 { for k in 0..<5 { data.rows[r, k] = rows[r % 20][k] } }
    return Trainer(
      model: model, objective: .denoising, options: options, data: data, tree: CanonicalTree(shards: 4),
      communicator: .single, seed: 1)
  }

  /// E[x_0|y] under the law of pairs, or under its columns' laws by themselves.
  static func mean(_ y: [Double], sigma: Double) -> [Double] {
    let weights = all.map { pair in
      pair.share
        * exp(-zip(y, row(pair.a, pair.b)).reduce(0) { $0 + pow($1.0 - Double($1.1), 2) } / (2 * sigma * sigma))
    }
    return (0..<5).map { k in
      zip(all, weights).reduce(0) { $0 + $1.1 * Double(row($1.0.a, $1.0.b)[k]) } / weights.reduce(0, +)
    }
  }
}

@Suite struct WordTests {
  @Test("gradients of the cross entropy and the head agree with finite differences", arguments: [false, true])
  func gradients(shrinkage: Bool) throws {
    let trainer = Pairs.trainer(Pairs.model(VariancePreserving(), shrinkage: shrinkage), steps: 100)
    for _ in 0..<3 {
      let check = trainer.checkGradient()
      #expect(check.disagreements.isEmpty, "\(check.disagreements)")
      // A tolerance means something only where the differences are sharper than it.
      let sharp = check.rows.filter { $0.uncertainty < 0.02 * max(abs($0.gradient), abs($0.difference)) }
      #expect(sharp.count > check.rows.count / 2)
      for _ in 0..<20 { _ = try trainer.takeStep() }
    }
  }

  /// The root mean square of the error of E[x_0|y] over noisy rows, in columns of words, and of the number.
  private func error(
    _ score: NetworkScore, _ process: any ForwardProcess, sigma: Double
  ) -> (words: Double, number: Double) {
    let t = process.time(ofNoise: sigma)
    let kernel = process.kernel(at: t)
    let noise = normals(256, 5, seed: 7)
    let pairs = Pairs.all.flatMap { [(Int, Int)](repeating: ($0.a, $0.b), count: Int((20 * $0.share).rounded())) }
    var states = Matrix(rows: 256, columns: 5 * process.blocks)
    var ys: [[Double]] = []
    for r in 0..<256 {
      let x = Pairs.row(pairs[r % 20].0, pairs[r % 20].1)
      // One block: u = m(x_0 + σ n).
      ys.append((0..<5).map { Double(x[$0]) + sigma * Double(noise[r, $0]) })
      for k in 0..<5 { states[r, k] = Float(kernel.mean[0] * ys[r][k]) }
    }
    var moments = PosteriorMoments(rows: 256, dimension: 5, directions: 0)
    score.posterior(states, atTimes: [Double](repeating: t, count: 256), directions: [], into: &moments)
    var sums = (words: 0.0, number: 0.0)
    for r in 0..<256 {
      let exact = Pairs.mean(ys[r], sigma: sigma)
      for k in 0..<4 { sums.words += pow(Double(moments.mean[r, k]) - exact[k], 2) / 1024 }
      sums.number += pow(Double(moments.mean[r, 4]) - exact[4], 2) / 256
    }
    return (sums.words.squareRoot(), sums.number.squareRoot())
  }

  @Test("two words that depend on each other are learned, under either kind of process")
  func dependence() throws {
    for process in [VariancePreserving(), VarianceExploding()] as [any ForwardProcess] {
      let model = Pairs.model(process)
      let trainer = Pairs.trainer(model, steps: 2000)
      let fresh = NetworkScore(model: model, parameters: model.initialParameters(seed: 1))
      for _ in 0..<2000 { _ = try trainer.takeStep() }
      let trained = NetworkScore(model: model, parameters: try trainer.gatherAverage())
      for sigma in [0.5, 1, 2] {
        let (before, after) = (error(fresh, process, sigma: sigma), error(trained, process, sigma: sigma))
        // A small network after a second of training leaves some hundredths. Columns by themselves miss what the others tell.
        #expect(after.words < 0.05 && after.number < 0.1, "σ = \(sigma): \(before), \(after)")
        #expect(before.words > 3 * after.words, "σ = \(sigma): \(before), \(after)")
      }
    }
  }

  @Test("vjp is the derivative of the score in columns of words too")
  func derivative() {
    let model = Pairs.model(VariancePreserving(), shrinkage: true, widths: [8, 8])
    let score = NetworkScore(
      model: model, parameters: normals(1, ParameterLayout(model.network).count, seed: 4, scale: 0.4))
    let t = model.process.time(ofNoise: 1)
    var state = normals(256, 5, seed: 9)
    let cotangent = normals(256, 5, seed: 10)
    var result = Matrix(rows: 256, columns: 5)
    score.vjp(state, at: t, cotangent: cotangent, into: &result)
    var above = Matrix(rows: 256, columns: 5)
    var below = Matrix(rows: 256, columns: 5)
    let h: Float = 0x1p-7
    for k in 0..<5 {
      for row in 0..<256 { state[row, k] += h }
      score.evaluate(state, at: t, into: &above)
      for row in 0..<256 { state[row, k] -= 2 * h }
      score.evaluate(state, at: t, into: &below)
      for row in 0..<256 { state[row, k] += h }
      for row in stride(from: 0, to: 256, by: 37) {
        var (difference, size): (Float, Float) = (0, 1)
        for j in 0..<5 {
          difference += cotangent[row, j] * (above[row, j] - below[row, j]) / (2 * h)
          size = max(size, abs(result[row, j]))
        }
        // Scores of some units, rounded to Float, over a step of 1/64: 1e-4; the third derivative at 1/128: as much.
        #expect(abs(difference - result[row, k]) < 3e-3 * size)
      }
    }
  }
}
