extension Matrix {
  /// Applies a block matrix to every coordinate of every row: block i of self = Σ_j m[i][j] · block j of `source`.
  ///
  /// Columns are block-major, x_1 … x_d, v_1 … v_d. Coefficients are rounded to Float once; a coefficient of zero is
  /// skipped, so what it would multiply may be infinite. Terms are added in the order of j by fused multiply-adds.
  ///
  /// - Parameters:
  ///   - m: the coefficients; rows and columns past the number of blocks here and in `source` are ignored.
  ///   - source: shape `[rows, dimension × blocks]`.
  ///   - dimension: the number d of coordinates in a block.
  public mutating func assign(_ m: BlockMatrix, times source: borrowing Matrix, dimension: Int) {
    apply(m, to: source, dimension: dimension, keeps: false)
  }

  /// As `assign`, added to what is there.
  public mutating func add(_ m: BlockMatrix, times source: borrowing Matrix, dimension: Int) {
    apply(m, to: source, dimension: dimension, keeps: true)
  }

  private mutating func apply(_ m: BlockMatrix, to source: borrowing Matrix, dimension d: Int, keeps: Bool) {
    precondition(rows == source.rows, "\(source.rows) rows into \(rows)")
    precondition(d > 0 && columns % d == 0 && source.columns % d == 0, "\(source.columns), \(columns) columns by \(d)")
    let (outputs, inputs) = (columns / d, source.columns / d)
    precondition(outputs <= m.size && inputs <= m.size, "\(inputs) blocks into \(outputs) by size \(m.size)")
    for i in 0..<outputs {
      var first = !keeps
      for j in 0..<inputs where m[i, j] != 0 {
        unsafe Self.accumulate(
          Float(m[i, j]), source.pointer + j * d, stride: source.columns, into: pointer + i * d, stride: columns,
          rows: rows, count: d, overwrites: first)
        first = false
      }
      if first { for r in 0..<rows { unsafe (pointer + r * columns + i * d).update(repeating: 0, count: d) } }
    }
  }

  // Unsafe: the two strips are checked above; here addresses let the loop over a row become vector code.
  private static func accumulate(
    _ factor: Float, _ x: UnsafePointer<Float>, stride xStride: Int, into y: UnsafeMutablePointer<Float>,
    stride yStride: Int, rows: Int, count: Int, overwrites: Bool
  ) {
    // One block in and one out: all rows are one strip, and no loop begins anew with each short row.
    let isWhole = xStride == count && yStride == count
    let (rows, count) = isWhole ? (1, rows &* count) : (rows, count)
    for r in 0..<rows {
      let from = unsafe x + r &* xStride
      let to = unsafe y + r &* yStride
      if overwrites {
        for k in 0..<count { unsafe to[k] = unsafe factor * from[k] }
      } else {
        for k in 0..<count { unsafe to[k] = unsafe to[k].addingProduct(factor, from[k]) }
      }
    }
  }
}
