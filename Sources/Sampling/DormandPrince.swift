public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// Dormand and Prince's pair of orders 5 and 4 on the probability flow, its step chosen for each sample; six
/// evaluations a step tried, and one at the start.
///
/// ```
/// du/dσ = −A u + ½D ∇log p(u),   σ = τ(T) − τ
/// ```
/// A step is taken where the difference of both results is within the tolerance, and goes on from the result of order
/// 5; the next is longer by 0.9 e^{−1/5}, between ⅕ and 5, e being the error in units of the tolerance. Dormand and Prince
/// 1980, J. Comput. Appl. Math. 6; Song et al. 2021, arXiv 2011.13456, section 4.3 uses it so.
public struct DormandPrince: AdaptiveSampler {
  /// The error that a step may make.
  public let tolerance: Tolerance

  /// The method with a tolerance.
  public init(tolerance: Tolerance = Tolerance()) { self.tolerance = tolerance }

  /// Steps tried before a sample is given up and reported as not finite.
  static let mostSteps = 100_000

  private static let nodes = [0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1]
  private static let weights: [[Double]] = [
    [],
    [1.0 / 5],
    [3.0 / 40, 9.0 / 40],
    [44.0 / 45, -56.0 / 15, 32.0 / 9],
    [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
    [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
    [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
  ]
  /// Weights of order 5 less those of order 4.
  private static let errors: [Double] = [
    71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40,
  ]

  /// Carries every row to the final time.
  public func integrate<S: Score & ~Copyable>(_ rows: inout AdaptiveRows, score: inout S) {
    var work = FlowSlopes(rows: rows.state.rows, columns: rows.state.columns, dimension: rows.dimension)
    let length = rows.length
    var left = [Double](repeating: 1, count: rows.state.rows)
    var step = [Double](repeating: 0.01, count: rows.state.rows)
    var stageTimes = rows.times
    work.trial.copy(from: rows.state)
    rows.held?.hold(&work.trial, atTimes: rows.times)
    work.evaluateTrial(0, at: rows.times, rows.process, score: &score, only: Array(left.indices))
    for row in left.indices { rows.evaluations[row] += 1 }
    for _ in 0..<Self.mostSteps {
      let active = left.indices.filter { left[$0] > 0 }
      if active.isEmpty { break }
      for row in active { step[row] = min(step[row], left[row]) }
      for stage in 1...6 {
        for row in active {
          stageTimes[row] = rows.time(left: left[row] - Self.nodes[stage] * step[row])
          work.combine(rows.state, row, Self.weights[stage], scaledBy: step[row] * length)
        }
        rows.held?.hold(&work.trial, atTimes: stageTimes)
        work.evaluateTrial(stage, at: stageTimes, rows.process, score: &score, only: active)
      }
      for row in active {
        rows.evaluations[row] += 6
        let error = work.error(rows.state, row, Self.errors, scaledBy: step[row] * length, tolerance)
        let factor = error > 0 ? min(5, max(0.2, 0.9 * pow(error, -0.2))) : error == 0 ? 5 : 0.2
        if error <= 1 {
          left[row] = step[row] == left[row] ? 0 : left[row] - step[row]
          rows.times[row] = stageTimes[row]
          work.accept(&rows.state, row)
          rows.record?(row, rows.times[row], rows.state.row(row))
        }
        step[row] *= factor
        // A step below rounding never ends: the score is not finite or not a function of t.
        if step[row] < 1e-12 { left[row] = giveUp(&rows.state, row) }
      }
    }
    for row in left.indices where left[row] > 0 { _ = giveUp(&rows.state, row) }
  }

  private func giveUp(_ state: inout Matrix, _ row: Int) -> Double {
    var values = state.mutableRow(row)
    for k in values.indices { values[k] = .nan }
    return 0
  }
}

/// The slopes of the stages of a step on the probability flow.
private struct FlowSlopes: ~Copyable {
  var trial: Matrix
  private var score: Matrix
  // Seven slopes one below the other.
  private var slopes: Matrix
  private let rows: Int
  private let algebra: RowAlgebra
  private var sum: [Double]
  private var state: [Double]
  private var result: [Double]

  init(rows: Int, columns: Int, dimension: Int) {
    self.rows = rows
    trial = Matrix(rows: rows, columns: columns)
    score = Matrix(rows: rows, columns: columns)
    slopes = Matrix(rows: 7 * rows, columns: columns)
    algebra = RowAlgebra(dimension: dimension)
    sum = Array(repeating: 0, count: columns)
    (state, result) = (sum, sum)
  }

  /// Slope number `stage`, −A u + ½D s, of the trial states at their rows' times; for the rows that are wanted.
  mutating func evaluateTrial<S: Score & ~Copyable>(
    _ stage: Int, at times: [Double], _ process: any ForwardProcess, score: inout S, only active: [Int]
  ) {
    score.evaluate(trial, atTimes: times, into: &self.score)
    for row in active {
      for k in sum.indices { sum[k] = 0 }
      algebra.add(process.drift(at: times[row]), trial, row, scaledBy: -1, into: &sum)
      algebra.add(process.diffusion(at: times[row]), self.score, row, scaledBy: 0.5, into: &sum)
      slopes.setRow(stage * rows + row, sum)
    }
  }

  /// The trial state u + h Σ weight · slope.
  mutating func combine(_ state: borrowing Matrix, _ row: Int, _ weights: [Double], scaledBy h: Double) {
    algebra.copy(state, row, into: &sum)
    for (stage, weight) in weights.enumerated() where weight != 0 {
      algebra.add(h * weight, slopes, stage * rows + row, into: &sum)
    }
    trial.setRow(row, sum)
  }

  /// The step's error in units of the tolerance; NaN where it is not finite.
  mutating func error(
    _ state: borrowing Matrix, _ row: Int, _ weights: [Double], scaledBy h: Double, _ tolerance: Tolerance
  ) -> Double {
    algebra.copy(state, row, into: &self.state)
    algebra.copy(trial, row, into: &result)
    for k in sum.indices { sum[k] = 0 }
    for (stage, weight) in weights.enumerated() where weight != 0 {
      algebra.add(h * weight, slopes, stage * rows + row, into: &sum)
    }
    return tolerance.ratio(sum, self.state, result)
  }

  /// Takes the trial state; the last slope becomes the first.
  mutating func accept(_ state: inout Matrix, _ row: Int) {
    state.copyRow(row, of: trial, row)
    for k in sum.indices {
      let slope = slopes[6 * rows + row, k]
      slopes[row, k] = slope
    }
  }
}
