import Diffusion
import LinearAlgebra
import Testing

/// s = t K u for a K that is not symmetric, over two blocks of two coordinates.
private struct LinearScore: DifferentiableScore {
  let process: any ForwardProcess = CriticallyDampedLangevin(epsilon: 0.25)
  let dimension = 2
  let factor = BlockMatrix(1, 2, -3, 5)

  func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    score.assign(factor.scaled(by: t), times: state, dimension: dimension)
  }

  func vjp(_ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix) {
    result.assign(factor.transpose.scaled(by: t), times: cotangent, dimension: dimension)
  }
}

@Suite struct ScoreTests {
  private func states() -> Matrix {
    var states = Matrix(rows: 5, columns: 4)
    for r in 0..<5 { for k in 0..<4 { states[r, k] = Float(r + 1) * Float(k - 1) } }
    return states
  }

  @Test("a score for rows at times of their own gives each row its own time's score") func ownTimes() {
    var score = LinearScore()
    var found = Matrix(rows: 5, columns: 4)
    score.evaluate(states(), atTimes: [1, 2, 1, 4, 2], into: &found)
    var once = Matrix(rows: 5, columns: 4)
    score.evaluate(states(), at: 1, into: &once)
    for (r, t) in [1, 2, 1, 4, 2].enumerated() { for k in 0..<4 { #expect(found[r, k] == Float(t) * once[r, k]) } }
  }

  @Test("the trace of a weighted Jacobian is tr(WK) for every coordinate, whichever elements the weight has")
  func trace() {
    var score = LinearScore()
    var trace = [Double](repeating: 9, count: 5)
    for (weight, expected) in [
      // tr(WK) with K = ((1, 2), (−3, 5)), times two coordinates and t = 2.
      (BlockMatrix(1, 0, 0, 0), 4.0), (BlockMatrix(0, 1, 0, 0), -12), (BlockMatrix(0, 0, 1, 0), 8),
      (BlockMatrix(0.5, 1, 2, -1), 2 - 12 + 16 - 20),
    ] {
      score.weightedTrace(weight, states(), at: 2, into: &trace)
      #expect(trace.allSatisfy { $0 == expected }, "\(weight): \(trace)")
    }
  }

  @Test("a process is regular where clock and drift are finite up to the horizon, and its noise Gaussian")
  func regular() {
    let regular: [any ForwardProcess] = [
      OrnsteinUhlenbeck(), VariancePreserving(schedule: .cosine), VarianceExploding(), FlowMatching(horizon: 0.9),
      AnnealedPath(annealing: .exponential), CriticallyDampedLangevin(epsilon: 0), LinearProcess.thirdOrderLangevin(),
    ]
    for process in regular { #expect(process.isRegular, "\(process)") }
    let others: [any ForwardProcess] = [
      FlowMatching(), AnnealedPath(annealing: .cosine), AnnealedPath(annealing: .linear),
      AnnealedPath(annealing: .exponential, base: .studentT(degrees: 3)),
    ]
    for process in others { #expect(!process.isRegular, "\(process)") }
  }

  @Test("a network that predicts noise or scores is weighted by its noise, one that predicts data by its variance")
  func standardWeights() {
    #expect(
      NetworkOutput.allCases.map { LossWeight.standard(for: $0) } == [
        .unitVariance, .uniformNoise, .unitVariance, .uniformNoise,
      ])
  }

  @Test("a gain is one number where it is the same multiple of every output block, and no other's part")
  func uniformGain() {
    func coefficients(_ output: NetworkOutput, _ process: any ForwardProcess, _ weight: LossWeight)
      -> TrainingCoefficients
    {
      TrainingCoefficients(process, output: output, conditioning: .data, weight: weight, at: 0.3)
    }
    let elliptic = CriticallyDampedLangevin(epsilon: 0.5)
    for output in [NetworkOutput.posteriorMean, .noise, .score] {
      for weight in LossWeight.allCases {
        for process in [VariancePreserving(), elliptic] as [any ForwardProcess] {
          let c = coefficients(output, process, weight)
          let first = c.gain[0, 0]
          let isNumber = (0..<c.outputBlocks).allSatisfy { i in
            (0..<c.outputBlocks).allSatisfy { c.gain[i, $0] == (i == $0 ? first : 0) }
          }
          #expect(c.hasUniformGain == isNumber, "\(output) \(weight) \(process)")
        }
      }
    }
    #expect(!coefficients(.noise, elliptic, .likelihood).hasUniformGain)
    #expect(coefficients(.noise, elliptic, .uniformNoise).hasUniformGain)
  }
}
