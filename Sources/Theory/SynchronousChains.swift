public import Diffusion
public import LinearAlgebra
public import Randomness
public import Sampling

/// Several chains of one sampler driven by the same noise, from any starts and with any scores.
///
/// The noise of stage k and row r is that of a generator's chunk: keyed by the seed, k and the row's global index.
public struct SynchronousChains: Sendable {
  private let stages: [SamplerStage]
  private let dimension: Int
  private let seed: UInt64

  /// The chains of a sampler that reverses a process along a grid of times.
  public init(process: any ForwardProcess, dimension: Int, sampler: any Sampler, times: [Double], seed: UInt64) {
    stages = zip(times, times.dropFirst()).flatMap { sampler.step(process, from: $0, to: $1) }
    precondition(stages.allSatisfy(\.isSingleStep), "the chains of a sampler that looks back or adapts")
    self.dimension = dimension
    self.seed = seed
  }

  /// Carries `state` through all steps.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, blocks × dimension]`; rows have the global indices from `firstIndex` on.
  ///   - firstIndex: the index of row 0.
  ///   - relativeError: r in s^θ = (1 + r) s.
  ///   - score: the exact score.
  public func run<S: Score & ~Copyable>(
    _ state: inout Matrix, firstIndex: UInt64, relativeError: Double, score: inout S
  ) {
    let (rows, columns) = (state.rows, state.columns)
    var next = Matrix(rows: rows, columns: columns)
    var kept = Matrix(rows: rows, columns: columns)
    var slope = Matrix(rows: rows, columns: columns)
    var noise = Matrix(rows: rows, columns: columns)
    var draws: UInt64 = 0
    for stage in stages {
      if stage.keeps == .before { kept.copy(from: state) }
      let one = BlockMatrix.identity(stage.state.size)
      // The larger part is copied and the rest added: a factor 1 + h in Float would lose h's digits.
      if let factor = stage.kept {
        next.copy(from: kept)
        next.add(factor - one, times: kept, dimension: dimension)
        next.add(stage.state, times: state, dimension: dimension)
      } else {
        next.copy(from: state)
        next.add(stage.state - one, times: state, dimension: dimension)
      }
      if let factor = stage.score {
        score.evaluate(state, at: stage.time, into: &slope)
        next.add(factor.scaled(by: 1 + relativeError), times: slope, dimension: dimension)
      }
      if let factor = stage.noise {
        RandomStream(seed: seed, purpose: .samplingNoise, step: draws).fillNormals(&noise, firstIndex: firstIndex)
        draws += 1
        next.add(factor, times: noise, dimension: dimension)
      }
      if stage.keeps == .after { kept.copy(from: state) }
      swap(&state, &next)
    }
  }
}

/// Rows of p_t: data rows through the hybrid kernel with normals from a stream.
///
/// - Parameters:
///   - data: x_0 in trained coordinates, shape `[rows, dimension]`.
///   - kernel: the kernel at t.
///   - stream: the source of the normals.
///   - firstIndex: the global index of row 0.
/// - Returns: u_t, shape `[rows, blocks × dimension]`.
public func diffused(
  _ data: borrowing Matrix, by kernel: Kernel, _ stream: RandomStream, firstIndex: UInt64
) -> Matrix {
  let (d, blocks) = (data.columns, kernel.mean.size)
  var noise = Matrix(rows: data.rows, columns: d * blocks)
  stream.fillNormals(&noise, firstIndex: firstIndex)
  var state = Matrix(rows: data.rows, columns: d * blocks)
  state.assign(kernel.cholesky, times: noise, dimension: d)
  state.add(kernel.mean.outer(.first(blocks)), times: data, dimension: d)
  return state
}

/// The largest |eigenvalue| of ∇²log(p_t/p_∞) over given states, by power iteration on central differences.
///
/// An estimate from below, with differences' error of order 1e-3 relative in Float.
///
/// - Parameters:
///   - state: u ~ p_t, shape `[rows, blocks × dimension]`.
///   - t: the time.
///   - score: the exact score.
///   - seed: the key of the starting directions.
/// - Returns: the largest over all rows.
public func largestCurvature<S: Score & ~Copyable>(
  _ state: borrowing Matrix, at t: Double, score: inout S, seed: UInt64
) -> Double {
  let (rows, columns, d) = (state.rows, state.columns, score.dimension)
  let prior = score.process.priorCovariance.inverse
  var direction = Matrix(rows: rows, columns: columns)
  RandomStream(seed: seed, purpose: .direction).fillNormals(&direction, firstIndex: 0)
  var moved = Matrix(rows: rows, columns: columns)
  var up = Matrix(rows: rows, columns: columns)
  var down = Matrix(rows: rows, columns: columns)
  // The step follows the noise: the score varies on the scale of its deviation.
  let h = 0.01 * score.process.kernel(at: t).cholesky[0, 0]
  var largest = 0.0
  for _ in 0..<30 {
    largest = 0
    for r in 0..<rows {
      var row = direction.mutableRow(r)
      let length = (0..<columns).reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) }.squareRoot()
      for k in 0..<columns { row[k] /= Float(max(length, 1e-30)) }
    }
    moved.copy(from: state)
    moved.add(BlockMatrix.identity(prior.size).scaled(by: h), times: direction, dimension: d)
    score.evaluate(moved, at: t, into: &up)
    moved.add(BlockMatrix.identity(prior.size).scaled(by: -2 * h), times: direction, dimension: d)
    score.evaluate(moved, at: t, into: &down)
    // S⁻¹v + (s(u + hv) − s(u − hv))/2h
    moved.assign(prior, times: direction, dimension: d)
    moved.add(BlockMatrix.identity(prior.size).scaled(by: 0.5 / h), times: up, dimension: d)
    moved.add(BlockMatrix.identity(prior.size).scaled(by: -0.5 / h), times: down, dimension: d)
    for r in 0..<rows {
      let row = moved.row(r)
      largest = max(largest, (0..<columns).reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) }.squareRoot())
    }
    swap(&direction, &moved)
  }
  return largest
}
