public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// The stochastic improved Euler method on the reverse SDE, its step chosen for each sample; two evaluations a step
/// tried.
///
/// ```
/// u' = u + h b(u, t) + Σ_t ΔW,   û = u + h b(u', s) + Σ_s ΔW,   b(u, t) = −A u + D∇log p_t(u)
/// u ← ½(u' + û)   where ‖(u' − û)/2‖ is within the tolerance of max(|u'|, |u' of the step before|)
/// ```
/// Jolicoeur-Martineau et al. 2021, arXiv 2105.14080, algorithm 1: extrapolation, the scaled mean-square norm, and the
/// next step h · 0.9 e^{−0.9}. Steps here are halves of halves of the whole interval of τ, and ΔW comes from a Brownian
/// path of the sample's own: drawing it afresh after a rejection, as there, favours small noises.
public struct AdaptiveEuler: AdaptiveSampler {
  /// The error that a step may make.
  public let tolerance: Tolerance

  /// The method with a tolerance.
  public init(tolerance: Tolerance = Tolerance()) { self.tolerance = tolerance }

  /// Steps tried before a sample is given up and reported as not finite.
  static let mostSteps = 200_000

  /// Carries every row to the final time.
  public func integrate<S: Score & ~Copyable>(_ rows: inout AdaptiveRows, score: inout S) {
    var work = EulerWork(rows: rows.state.rows, columns: rows.state.columns, dimension: rows.dimension, seed: rows.seed)
    let length = rows.length
    var steps = [DyadicStep](repeating: DyadicStep(), count: rows.state.rows)
    var ends = rows.times
    work.remember(rows.state)
    for _ in 0..<Self.mostSteps {
      let active = steps.indices.filter { !steps[$0].isDone }
      if active.isEmpty { break }
      for row in active { ends[row] = rows.time(left: 1 - steps[row].end) }
      rows.held?.hold(&rows.state, atTimes: rows.times)
      score.evaluate(rows.state, atTimes: rows.times, into: &work.slope)
      for row in active {
        work.tree.descend(
          level: steps[row].level, position: steps[row].index, sample: rows.firstIndex + UInt64(row), row: row)
        work.predict(rows.state, row, h: length * steps[row].length, rows.process, rows.times[row], scale: length)
      }
      rows.held?.hold(&work.trial, atTimes: ends)
      work.evaluateTrial(at: ends, score: &score)
      for row in active {
        rows.evaluations[row] += 2
        let h = length * steps[row].length
        let error = work.correct(rows.state, row, h: h, rows.process, ends[row], tolerance)
        let isAccepted = error <= 1
        if isAccepted {
          rows.times[row] = ends[row]
          work.accept(&rows.state, row)
          rows.record?(row, rows.times[row], rows.state.row(row))
        }
        let factor = error > 0 ? 0.9 * pow(error, -0.9) : error == 0 ? 2 : 0
        if !steps[row].next(isAccepted: isAccepted, factor: factor) { giveUp(&rows.state, row) }
      }
    }
    for row in steps.indices where !steps[row].isDone { giveUp(&rows.state, row) }
  }

  private func giveUp(_ state: inout Matrix, _ row: Int) {
    var values = state.mutableRow(row)
    for k in values.indices { values[k] = .nan }
  }
}

/// A step of a dyadic path from 0 to 1: interval `index` of 2^level.
struct DyadicStep: Equatable {
  private(set) var level = 7
  private(set) var index: UInt64 = 0
  private(set) var isDone = false

  /// The length of the step.
  var length: Double { Double(sign: .plus, exponent: -level, significand: 1) }
  /// Where it ends.
  var end: Double { Double(index + 1) * length }

  /// Goes on after a step, or tries a shorter one.
  ///
  /// - Parameters:
  ///   - isAccepted: whether the step was taken.
  ///   - factor: how many times longer the next should be, rounded down to a power of two.
  /// - Returns: false where no shorter step is left.
  mutating func next(isAccepted: Bool, factor: Double) -> Bool {
    if isAccepted {
      index += 1
      if index == 1 << UInt64(level) {
        isDone = true
        return true
      }
      // As long as the path's division allows: a longer interval begins at even numbers only.
      var wanted = factor
      while wanted >= 2 && index & 1 == 0 && level > 0 {
        index >>= 1
        level -= 1
        wanted *= 0.5
      }
      if factor < 1 { return refine(factor) }
      return true
    }
    return refine(min(factor, 0.5))
  }

  private mutating func refine(_ factor: Double) -> Bool {
    var wanted = max(factor, 0.0625)
    while wanted < 1 {
      guard level < BrownianTree.deepest else {
        isDone = true
        return false
      }
      level += 1
      index <<= 1
      wanted *= 2
    }
    return true
  }
}

/// Buffers of an improved Euler step.
private struct EulerWork: ~Copyable {
  var tree: BrownianTree
  var slope: Matrix
  var trial: Matrix
  private let algebra: RowAlgebra
  // Of all rows, in Double: the first result of this step and of the step before.
  private var first: [[Double]]
  private var before: [[Double]]
  private var result: [Double]
  private var second: [Double]
  // ΔW of all rows.
  private var noise: Matrix

  init(rows: Int, columns: Int, dimension: Int, seed: UInt64) {
    tree = BrownianTree(rows: rows, columns: columns, seed: seed)
    slope = Matrix(rows: rows, columns: columns)
    trial = Matrix(rows: rows, columns: columns)
    noise = Matrix(rows: rows, columns: columns)
    algebra = RowAlgebra(dimension: dimension)
    result = Array(repeating: 0, count: columns)
    second = result
    first = Array(repeating: result, count: rows)
    before = first
  }

  /// Keeps the start for the first step's scale.
  mutating func remember(_ state: borrowing Matrix) {
    for row in 0..<state.rows { algebra.copy(state, row, into: &before[row]) }
  }

  /// u' of a row, from the score at its time; `scale` is the length that the path's unit stands for.
  mutating func predict(
    _ state: borrowing Matrix, _ row: Int, h: Double, _ process: any ForwardProcess, _ t: Double, scale: Double
  ) {
    let root = scale.squareRoot()
    for k in result.indices { result[k] = root * tree.increment[k] }
    noise.setRow(row, result)
    step(state, isTrial: false, row, h: h, process, t)
    swap(&first[row], &result)
    trial.setRow(row, first[row])
  }

  /// Evaluates the score at u'.
  mutating func evaluateTrial<S: Score & ~Copyable>(at times: [Double], score: inout S) {
    score.evaluate(trial, atTimes: times, into: &slope)
  }

  /// û of a row, and the error ‖(u' − û)/2‖ in units of the tolerance.
  mutating func correct(
    _ state: borrowing Matrix, _ row: Int, h: Double, _ process: any ForwardProcess, _ s: Double,
    _ tolerance: Tolerance
  ) -> Double {
    step(state, isTrial: true, row, h: h, process, s)
    for k in result.indices {
      second[k] = 0.5 * (first[row][k] + result[k])
      result[k] = first[row][k] - second[k]
    }
    return tolerance.ratio(result, first[row], before[row])
  }

  /// Takes ½(u' + û).
  mutating func accept(_ state: inout Matrix, _ row: Int) {
    state.setRow(row, second)
    swap(&before[row], &first[row])
  }

  /// result ← u + h(−A y + D s) + Σ ΔW with the coefficients of time t, y the state or the trial.
  private mutating func step(
    _ state: borrowing Matrix, isTrial: Bool, _ row: Int, h: Double, _ process: any ForwardProcess, _ t: Double
  ) {
    let d = process.diffusion(at: t)
    algebra.copy(state, row, into: &result)
    if isTrial {
      algebra.add(process.drift(at: t), trial, row, scaledBy: -h, into: &result)
    } else {
      algebra.add(process.drift(at: t), state, row, scaledBy: -h, into: &result)
    }
    algebra.add(d, slope, row, scaledBy: h, into: &result)
    algebra.add(d.cholesky(), noise, row, into: &result)
  }
}
