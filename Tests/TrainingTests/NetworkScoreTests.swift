import Diffusion
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

@Suite struct NetworkScoreTests {
  private static let settings = NetworkInput.allCases.flatMap { [($0, NetworkOutput.posteriorMean), ($0, .noise)] }

  private func score(_ input: NetworkInput, _ output: NetworkOutput) -> NetworkScore {
    let model = tinyModel(output, .data, input: input)
    return NetworkScore(
      model: model, parameters: normals(1, ParameterLayout(model.network).count, seed: 4, scale: 0.5))
  }

  @Test("rows at times of their own have the scores of those times", arguments: settings)
  func times(input: NetworkInput, output: NetworkOutput) {
    let score = score(input, output)
    let state = normals(256, 6, seed: 9)
    var all = Matrix(rows: 256, columns: 6)
    var one = Matrix(rows: 256, columns: 6)
    // Asked again, every fifth row has gone on to another time.
    for step in 0..<2 {
      let times = (0..<256).map { [0.05, 0.3, 0.9][($0 + ($0 % 5 == 0 ? step : 0)) % 3] }
      score.evaluate(state, atTimes: times, into: &all)
      for time in [0.05, 0.3, 0.9] {
        score.evaluate(state, at: time, into: &one)
        for row in 0..<256 where times[row] == time {
          for k in 0..<6 { #expect(all[row, k] == one[row, k]) }
        }
      }
    }
  }

  @Test("a network is told the noise's level, or a time from −4 to 4, as is asked for") func levels() {
    func told(_ level: ScoreModel.Level, at t: Double) -> Float {
      ScoreModel(
        process: OrnsteinUhlenbeck(horizon: 2), dimension: 3, output: .noise, conditioning: .data, level: level,
        widths: [8], activation: .silu, residual: false, embedding: TimeEmbedding(kind: .sinusoidal, features: 4),
        seed: 1
      ).embeddedLevel(noiseLevel: 0.75, at: t)
    }
    #expect([0, 0.5, 2].map { told(.time, at: $0) } == [-4, -2, 4])
    #expect(told(.noiseLevel, at: 0.5) == 0.75)
  }

  @Test("vjp is the derivative of the score", arguments: settings)
  func vjp(input: NetworkInput, output: NetworkOutput) {
    let score = score(input, output)
    var state = normals(256, 6, seed: 9)
    let cotangent = normals(256, 6, seed: 10)
    var result = Matrix(rows: 256, columns: 6)
    score.vjp(state, at: 0.4, cotangent: cotangent, into: &result)
    var above = Matrix(rows: 256, columns: 6)
    var below = Matrix(rows: 256, columns: 6)
    let h: Float = 0x1p-7
    for k in 0..<6 {
      for row in 0..<256 { state[row, k] += h }
      score.evaluate(state, at: 0.4, into: &above)
      for row in 0..<256 { state[row, k] -= 2 * h }
      score.evaluate(state, at: 0.4, into: &below)
      for row in 0..<256 { state[row, k] += h }
      for row in stride(from: 0, to: 256, by: 37) {
        var difference: Float = 0
        var size: Float = 1
        for j in 0..<6 {
          difference += cotangent[row, j] * (above[row, j] - below[row, j]) / (2 * h)
          size = max(size, abs(result[row, j]))
        }
        // Scores of some units, rounded to Float, over a step of 1/64: 1e-4; the third derivative at 1/128: as much.
        #expect(abs(difference - result[row, k]) < 3e-3 * size)
      }
    }
  }

  @Test("the weighted trace is that of the Jacobian that vjp gives", arguments: settings)
  func trace(input: NetworkInput, output: NetworkOutput) {
    /// A score with a derivative and nothing else, so that its trace comes from `vjp`.
    struct Plain: DifferentiableScore {
      let base: NetworkScore
      var process: any ForwardProcess { base.process }
      var dimension: Int { base.dimension }
      func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
        base.evaluate(state, at: t, into: &score)
      }
      func vjp(_ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix) {
        base.vjp(state, at: t, cotangent: cotangent, into: &result)
      }
    }
    let score = score(input, output)
    var plain = Plain(base: score)
    let state = normals(256, 6, seed: 9)
    var (own, expected) = ([Double](repeating: 0, count: 256), [Double](repeating: 0, count: 256))
    for weight in [BlockMatrix(0, 0, 0, 2), BlockMatrix(0.5, 0.2, -0.3, 2)] {
      score.weightedTrace(weight, state, at: 0.4, into: &own)
      plain.weightedTrace(weight, state, at: 0.4, into: &expected)
      for (a, b) in zip(own, expected) {
        // Six elements of some units, each rounded to Float a few times.
        #expect(abs(a - b) < 1e-5 * max(1, abs(b)), "\(a), \(b)")
      }
    }
  }

  @Test("on the noisy data the score is affine in the rest of the state: −H⁻¹ times what does not move them")
  func affine() {
    let score = score(.noisyData, .posteriorMean)
    let t = 0.4
    let kernel = score.process.kernel(at: t)
    // Orthogonal to p: y stays as it is.
    let p = kernel.noisyData
    let rest = BlockVector(-p[1], p[0])
    let inverse = kernel.cholesky.inverse.transpose * kernel.cholesky.inverse
    let slope = (inverse * rest).scaled(by: -1)
    let state = normals(256, 6, seed: 9)
    let moves = normals(256, 3, seed: 10)
    var moved = Matrix(rows: 256, columns: 6)
    for row in 0..<256 {
      for k in 0..<6 { moved[row, k] = state[row, k] + Float(rest[k / 3]) * moves[row, k % 3] }
    }
    var before = Matrix(rows: 256, columns: 6)
    var after = Matrix(rows: 256, columns: 6)
    score.evaluate(state, at: t, into: &before)
    score.evaluate(moved, at: t, into: &after)
    for row in 0..<256 {
      for k in 0..<6 {
        let expected = slope[k / 3] * Double(moves[row, k % 3])
        // Scores of some units rounded to Float, of inputs that are equal to rounding.
        #expect(abs(Double(after[row, k] - before[row, k]) - expected) < 3e-5 * (1 + abs(expected)))
      }
    }
    // On the whole state it is not: the comparison can fail.
    let whole = self.score(.state, .posteriorMean)
    whole.evaluate(state, at: t, into: &before)
    whole.evaluate(moved, at: t, into: &after)
    #expect((0..<256).contains { abs(Double(after[$0, 0] - before[$0, 0]) - slope[0] * Double(moves[$0, 0])) > 0.05 })
  }

  /// A network on a process, with states of sizes that it meets at a time.
  private struct Posterior: CustomTestStringConvertible {
    let testDescription: String
    let process: any ForwardProcess
    let output: NetworkOutput
    var input = NetworkInput.state
    var hasHeads = false

    static let all = [
      Posterior(testDescription: "VP, posterior-mean", process: VariancePreserving(), output: .posteriorMean),
      Posterior(testDescription: "VP, noise", process: VariancePreserving(), output: .noise),
      Posterior(testDescription: "VP, velocity", process: VariancePreserving(), output: .velocity),
      Posterior(testDescription: "CLD", process: CriticallyDampedLangevin(epsilon: 0), output: .posteriorMean),
      Posterior(testDescription: "CLD, noise", process: CriticallyDampedLangevin(epsilon: 0.25), output: .noise),
      Posterior(
        testDescription: "third order", process: LinearProcess.thirdOrderLangevin(), output: .posteriorMean),
      Posterior(
        testDescription: "CLD, noise from the noisy data", process: CriticallyDampedLangevin(epsilon: 0.25),
        output: .noise, input: .noisyData),
      Posterior(
        testDescription: "CLD, the noisy data shrunk", process: CriticallyDampedLangevin(epsilon: 0.25),
        output: .posteriorMean, input: .noisyData, hasHeads: true),
      Posterior(
        testDescription: "third order, the noisy data shrunk", process: LinearProcess.thirdOrderLangevin(),
        output: .posteriorMean, input: .noisyData, hasHeads: true),
    ]
  }

  private static let directions = [[1.0, -0.5, 0.25], [0, 0, 2]]

  /// States of p_t for unit data, in three coordinates.
  private func states(_ kernel: Kernel) -> Matrix {
    let blocks = kernel.mean.size
    let data = normals(256, 3, seed: 10)
    var state = Matrix(rows: 256, columns: 3 * blocks)
    state.assign(kernel.cholesky, times: normals(256, 3 * blocks, seed: 9), dimension: 3)
    for r in 0..<256 {
      for b in 0..<blocks { for k in 0..<3 { state[r, 3 * b + k] += Float(kernel.mean[b]) * data[r, k] } }
    }
    return state
  }

  private func score(_ which: Posterior) -> NetworkScore {
    let model = ScoreModel(
      process: which.process, dimension: 3, input: which.input, output: which.output, conditioning: .data,
      widths: [8, 8], activation: .silu, residual: false, shrinkage: which.hasHeads, radial: which.hasHeads,
      inputFrequencies: which.hasHeads ? [-3] : [], embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1
    )
    return NetworkScore(
      model: model, parameters: normals(1, ParameterLayout(model.network).count, seed: 4, scale: 0.5))
  }

  @Test(
    "a network's posterior mean is that of Tweedie's formula for its score", arguments: Posterior.all, [0.1, 0.5, 3])
  private func posteriorMean(_ which: Posterior, sigma: Double) {
    let (process, score) = (which.process, score(which))
    let t = process.time(ofNoise: sigma)
    let kernel = process.kernel(at: t)
    let state = states(kernel)
    var found = Matrix(rows: 256, columns: state.columns)
    var moments = PosteriorMoments(rows: 256, dimension: 3, directions: 2)
    score.evaluate(state, at: t, into: &found)
    score.posterior(state, atTimes: Array(repeating: t, count: 256), directions: Self.directions, into: &moments)
    let precision = kernel.covariance.inverse
    for r in stride(from: 0, to: 256, by: 5) {
      for k in 0..<3 {
        // Mᵀ(H⁻¹u + s)/snr.
        var sum = 0.0
        for i in 0..<process.blocks {
          sum += kernel.mean[i] * Double(found[r, 3 * i + k])
          for j in 0..<process.blocks { sum += kernel.mean[i] * precision[i, j] * Double(state[r, 3 * j + k]) }
        }
        let mean = sum / kernel.signalToNoise
        // Scores are Floats; H⁻¹u and s cancel, most of all where a small part of the state is all that is driven.
        #expect(abs(mean - Double(moments.mean[r, k])) < 2e-3, "\(mean) for \(moments.mean[r, k])")
      }
    }
  }

  @Test("rows at times of their own have the posterior moments of those times", arguments: Posterior.all)
  private func posteriorTimes(_ which: Posterior) {
    let score = score(which)
    let own = [0.1, 0.5, 3].map { which.process.time(ofNoise: $0) }
    let times = (0..<256).map { own[$0 % 3] }
    let state = states(which.process.kernel(at: own[1]))
    var all = PosteriorMoments(rows: 256, dimension: 3, directions: 2)
    var one = PosteriorMoments(rows: 256, dimension: 3, directions: 2)
    score.posterior(state, atTimes: times, directions: Self.directions, into: &all)
    for time in own {
      score.posterior(state, atTimes: Array(repeating: time, count: 256), directions: Self.directions, into: &one)
      for row in 0..<256 where times[row] == time {
        let isSame = (0..<3).allSatisfy { k in
          all.mean[row, k] == one.mean[row, k]
            && [row, 256 + row].allSatisfy { all.products[$0, k] == one.products[$0, k] }
        }
        #expect(isSame, "row \(row)")
      }
    }
  }

  @Test(
    "a network's posterior covariance is the derivative of its posterior mean by Tweedie's formula",
    arguments: Posterior.all, [0.1, 0.5, 3])
  private func posteriorCovariance(_ which: Posterior, sigma: Double) {
    let (process, score) = (which.process, score(which))
    let times = Array(repeating: process.time(ofNoise: sigma), count: 256)
    let kernel = process.kernel(at: times[0])
    var moments = PosteriorMoments(rows: 256, dimension: 3, directions: 2)
    score.posterior(states(kernel), atTimes: times, directions: Self.directions, into: &moments)
    let products = (0..<512).map { r in (0..<3).map { Double(moments.products[r, $0]) } }
    let h = 0x1p-6 * max(1, sigma)
    for k in 0..<3 {
      // Γh = (M · ∂)(hᵀE[x_0|u])/snr, by central differences along M in coordinate k.
      var differences = [Double](repeating: 0, count: 512)
      for sign in [1.0, -1] {
        var state = states(kernel)
        for r in 0..<256 { for b in 0..<process.blocks { state[r, 3 * b + k] += Float(sign * h * kernel.mean[b]) } }
        score.posterior(state, atTimes: times, directions: Self.directions, into: &moments)
        for r in 0..<512 {
          for j in 0..<3 { differences[r] += sign * Self.directions[r / 256][j] * Double(moments.mean[r % 256, j]) }
        }
      }
      for r in stride(from: 0, to: 512, by: 5) {
        let found = differences[r] / (2 * h * kernel.signalToNoise)
        // Rounding of means and states over a step of 1/64; the third derivative is smaller.
        #expect(abs(found - products[r][k]) < 1e-3 * (1 + sigma * sigma), "\(found) for \(products[r][k])")
      }
    }
  }
}
