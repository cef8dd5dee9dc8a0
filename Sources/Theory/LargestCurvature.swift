public import Diffusion
public import LinearAlgebra
public import Randomness

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
