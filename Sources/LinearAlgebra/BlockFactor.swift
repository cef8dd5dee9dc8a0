extension BlockMatrix {
  /// The lower factor L of A Aᵀ + B Bᵀ, from A and B themselves: rounding acts on L, not on its square.
  ///
  /// Reflections from the right turn [A B] into [L 0]; every row is rounded relative to its own size. A Cholesky
  /// factorisation of the sum would lose the square of the ratio of a row's size to its pivot, which grows without
  /// bound at small diffusion times. The diagonal of L is not negative.
  public static func factor(of a: BlockMatrix, _ b: BlockMatrix) -> BlockMatrix {
    precondition(a.size == b.size, "sizes \(a.size) and \(b.size)")
    // Where the compiler knows the size, it unrolls all loops and keeps the rows in registers.
    return switch a.size {
    case 1: factor(of: a, b, size: 1)
    case 2: factor(of: a, b, size: 2)
    default: factor(of: a, b, size: 3)
    }
  }

  @inline(__always)
  private static func factor(of a: BlockMatrix, _ b: BlockMatrix, size: Int) -> BlockMatrix {
    var rows: InlineArray<3, SIMD8<Double>> = [.zero, .zero, .zero]
    for i in 0..<size {
      for j in 0..<size {
        rows[i][j] = a.rows[i][j]
        rows[i][size + j] = b.rows[i][j]
      }
    }
    var lower = BlockMatrix.zero(size)
    for i in 0..<size {
      // The reflection that carries the rest of row i, its lanes from i on, to the i-th lane.
      var normal = rows[i]
      for j in 0..<i { normal[j] = 0 }
      let length = sum(normal * normal, size: size).squareRoot()
      guard length > 0 else { continue }
      let sign: Double = normal[i] > 0 ? -1 : 1
      normal[i] -= sign * length
      let twice = 2 / sum(normal * normal, size: size)
      for k in i..<size { rows[k] -= normal * (twice * sum(rows[k] * normal, size: size)) }
      for k in i..<size { lower.rows[k][i] = sign * rows[k][i] }
    }
    return lower
  }

  /// The sum of all lanes in their order, of which those from 2·`size` on are zero: one of these stands for all.
  @inline(__always)
  private static func sum(_ x: SIMD8<Double>, size: Int) -> Double {
    let four = ((x[0] + x[1]) + x[2]) + x[3]
    return size < 3 ? four + x[4] : ((four + x[4]) + x[5]) + x[6]
  }
}
