extension BlockMatrix {
  /// The lower factor L of A Aᵀ + B Bᵀ, from A and B themselves: rounding acts on L, not on its square.
  ///
  /// Reflections from the right turn [A B] into [L 0]; every row is rounded relative to its own size. A Cholesky
  /// factorisation of the sum would lose the square of the ratio of a row's size to its pivot, which grows without
  /// bound at small diffusion times. The diagonal of L is not negative.
  public static func factor(of a: BlockMatrix, _ b: BlockMatrix) -> BlockMatrix {
    precondition(a.size == b.size, "sizes \(a.size) and \(b.size)")
    var rows: InlineArray<3, SIMD8<Double>> = [.zero, .zero, .zero]
    for i in 0..<a.size {
      for j in 0..<a.size {
        rows[i][j] = a[i, j]
        rows[i][a.size + j] = b[i, j]
      }
    }
    var lower = BlockMatrix.zero(a.size)
    for i in 0..<a.size {
      // The reflection that carries the rest of row i, its lanes from i on, to the i-th lane.
      var normal = rows[i]
      for j in 0..<i { normal[j] = 0 }
      let length = (normal * normal).sum().squareRoot()
      guard length > 0 else { continue }
      let sign: Double = normal[i] > 0 ? -1 : 1
      normal[i] -= sign * length
      let twice = 2 / (normal * normal).sum()
      for k in i..<a.size { rows[k] -= normal * (twice * (rows[k] * normal).sum()) }
      for k in i..<a.size { lower[k, i] = sign * rows[k][i] }
    }
    return lower
  }
}
