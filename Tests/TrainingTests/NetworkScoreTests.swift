import Diffusion
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

@Suite struct NetworkScoreTests {
  private func score(_ output: NetworkOutput) -> NetworkScore {
    let model = tinyModel(output, .data)
    return NetworkScore(
      model: model, parameters: normals(1, ParameterLayout(model.network).count, seed: 4, scale: 0.5))
  }

  @Test("rows at times of their own have the scores of those times", arguments: [NetworkOutput.posteriorMean, .noise])
  func times(output: NetworkOutput) {
    let score = score(output)
    let state = normals(256, 6, seed: 9)
    var all = Matrix(rows: 256, columns: 6)
    var one = Matrix(rows: 256, columns: 6)
    let times = (0..<256).map { [0.05, 0.3, 0.9][$0 % 3] }
    score.evaluate(state, atTimes: times, into: &all)
    for time in [0.05, 0.3, 0.9] {
      score.evaluate(state, at: time, into: &one)
      for row in 0..<256 where times[row] == time {
        for k in 0..<6 { #expect(all[row, k] == one[row, k]) }
      }
    }
  }

  @Test("vjp is the derivative of the score", arguments: [NetworkOutput.posteriorMean, .noise])
  func vjp(output: NetworkOutput) {
    let score = score(output)
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

  @Test("the weighted trace is that of the Jacobian that vjp gives", arguments: [NetworkOutput.posteriorMean, .noise])
  func trace(output: NetworkOutput) {
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
    let score = score(output)
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
}
