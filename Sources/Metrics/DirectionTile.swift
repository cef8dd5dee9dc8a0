import LinearAlgebra

/// At most 64 directions, packed for projecting rows onto all of them at once.
///
/// ```
/// p_k(x) = Σ_j θ_kj (x_j − c_j),   summed in the order j = 0 … d − 1 by fused multiply-adds in Float
/// ```
/// A common shift c leaves distances as they are and keeps Float's digits for what differs: data far from the origin
/// loses nothing. No sum depends on which directions or rows stand beside it, nor on the width of a vector register.
struct DirectionTile {
  /// The most directions in a tile.
  static let capacity = 64
  /// The number of directions here.
  let count: Int
  private let dimension: Int
  /// θ of directions 4g … 4g + 3 at coordinate j stand in element g·d + j; absent directions are zero.
  private let weights: [SIMD4<Float>]
  /// Sixteen rows, transposed: reused by every group of rows.
  private var panel: [SIMD16<Float>]

  /// Packs directions `first ..< first + count` of a matrix `[directions, d]`.
  init(_ directions: borrowing Matrix, first: Int, count: Int) {
    precondition(count > 0 && count <= Self.capacity, "\(count) directions in a tile of \(Self.capacity)")
    self.count = count
    let dimension = directions.columns
    self.dimension = dimension
    var weights = [SIMD4<Float>](repeating: .zero, count: (count + 3) / 4 * dimension)
    for k in 0..<count {
      let row = directions.row(first + k)
      for j in 0..<dimension { weights[k / 4 * dimension + j][k % 4] = row[j] }
    }
    self.weights = weights
    panel = Array(repeating: .zero, count: dimension)
  }

  /// Writes the ordered keys of all projections, shape `[count, rows]`.
  mutating func project(
    _ rows: borrowing Matrix, shift: [Float], into keys: inout MutableSpan<UInt32>
  ) {
    let n = rows.rows
    precondition(rows.columns == dimension && shift.count == dimension, "\(rows.columns) columns on \(dimension)")
    precondition(keys.count >= count * n, "\(count) × \(n) keys into \(keys.count)")
    for first in stride(from: 0, to: n, by: 16) {
      let taken = min(16, n - first)
      pack(rows, first: first, count: taken, shift: shift)
      for group in 0..<(count + 3) / 4 {
        let projections = product(group)
        for k in 0..<min(4, count - 4 * group) {
          let ordered = orderedKeys(projections[k])
          let position = (4 * group + k) * n + first
          for r in 0..<taken { keys[position + r] = ordered[r] }
        }
      }
    }
  }

  /// Transposes rows `first ..< first + count`, shifted, into the panel.
  private mutating func pack(_ rows: borrowing Matrix, first: Int, count: Int, shift: [Float]) {
    let elements = rows.span
    for r in 0..<count {
      let start = (first + r) * dimension
      for j in 0..<dimension { panel[j][r] = elements[start + j] - shift[j] }
    }
  }

  /// Four directions' projections of the panel's sixteen rows, held in registers over all coordinates.
  private func product(_ group: Int) -> InlineArray<4, SIMD16<Float>> {
    var a = SIMD16<Float>.zero
    var b = a
    var c = a
    var d = a
    let theta = weights.span.extracting(group * dimension..<(group + 1) * dimension)
    let rows = panel.span
    for j in 0..<min(theta.count, rows.count) {
      let x = rows[j]
      let w = theta[j]
      a.addProduct(w[0], x)
      b.addProduct(w[1], x)
      c.addProduct(w[2], x)
      d.addProduct(w[3], x)
    }
    return [a, b, c, d]
  }
}
