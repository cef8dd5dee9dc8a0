import Diffusion
import LinearAlgebra
import Metrics
import RealFunctions
import TestSupport
import Testing

/// The exact score of θ given x for θ | x ~ N(b x, s²) in every coordinate, x one number a row.
final class RegressionScore: DifferentiableScore {
  let process: any ForwardProcess
  let dimension: Int
  let slope = 0.8
  let variance = 0.09
  private var given = [Double](repeating: 0, count: 256)

  init(process: any ForwardProcess, dimension: Int) { (self.process, self.dimension) = (process, dimension) }

  func setConditions(_ x: [Double]) { given = x }

  private func spread(_ t: Double) -> (kernel: Kernel, precision: BlockMatrix) {
    let kernel = process.kernel(at: t)
    return (kernel, (kernel.covariance + kernel.mean.outer(kernel.mean).scaled(by: variance)).inverse)
  }

  func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let (kernel, precision) = spread(t)
    let pull = precision * kernel.mean
    score.assign(precision.scaled(by: -1), times: state, dimension: dimension)
    for r in 0..<score.rows {
      for j in 0..<score.columns { score[r, j] += Float(pull[j / dimension] * slope * given[r]) }
    }
  }

  func vjp(_ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix) {
    result.assign(spread(t).precision.scaled(by: -1), times: cotangent, dimension: dimension)
  }

  var derivativeError: Double { 0 }

  func posterior(
    _ state: borrowing Matrix, atTimes times: [Double], directions: [[Double]], into moments: inout PosteriorMoments
  ) {
    fatalError("likelihoods do not ask for it")
  }
}

@Suite struct ConditionalLikelihoodTests {
  @Test("log q(θ|x) by the exact score of a conditional Gaussian is its density, row by row", arguments: [1, 3])
  func regression(dimension: Int) throws {
    // So long that the prior forgets the condition: e^{−10} of the mean is left, where max: 20 leaves 0.0066.
    let process = VariancePreserving(schedule: .linear(min: 0.1, max: 40), horizon: 1)
    var score = RegressionScore(process: process, dimension: dimension)
    let network = score
    let count = 300
    let x = (0..<count).map { Double($0 % 29) / 7 - 2 }
    var rows = normals(count, dimension, seed: 3)
    for r in 0..<count {
      for j in 0..<dimension { rows[r, j] = Float(score.slope * x[r] + 0.3 * Double(rows[r, j])) }
    }
    let settled = SettledLikelihood(process: process, dimension: dimension, firstTime: 1e-5, steps: 200, seed: 1)
    // In an order of their own: a row must meet its condition, not its neighbour's.
    let order = (0..<count).reversed().map { SettledLikelihood.Task(row: $0) }
    let values = settled.logDensities(order, of: rows, score: &score) { numbers in
      network.setConditions(numbers.map { x[$0] })
    }
    for (task, value) in zip(order, values) {
      var exact = -0.5 * Double(dimension) * log(2 * Double.pi * score.variance)
      for j in 0..<dimension {
        let away = Double(rows[task.row, j]) - score.slope * x[task.row]
        exact -= 0.5 * away * away / score.variance
      }
      // The blur at the first time is 1e-6, a hundred-thousandth of the variance; the flow is right to 1e-3.
      #expect(abs(value - exact) < 2e-3 * Double(dimension), "\(value) for \(exact)")
    }
  }

  @Test("a row is given steps until its value moves no more, whether it rose or fell") func settling() throws {
    let process = VariancePreserving(schedule: .linear(min: 0.1, max: 40), horizon: 1)
    var score = RegressionScore(process: process, dimension: 1)
    let network = score
    network.setConditions([Double](repeating: 0, count: 256))
    let rows = normals(256, 1, seed: 3, scale: Float(score.variance.squareRoot()))
    let tasks = (0..<256).map { SettledLikelihood.Task(row: $0) }
    func values(_ steps: Int) -> [Double] {
      SettledLikelihood(process: process, dimension: 1, firstTime: 1e-5, steps: steps, seed: 1)
        .logDensities(tasks, of: rows, score: &score)
    }
    let (fine, found) = (values(400), values(8))
    // A value that settled is right to a fifteenth of the 0.01 that it may still move by; few do not settle.
    #expect(found.count(where: \.isNaN) < 26)
    for (value, exact) in zip(found, fine) where !value.isNaN {
      #expect(abs(value - exact) < 0.01, "\(value), \(exact)")
    }
  }
}
