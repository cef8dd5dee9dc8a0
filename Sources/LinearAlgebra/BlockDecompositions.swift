extension BlockMatrix {
  /// The determinant, by cofactors.
  public var determinant: Double {
    let (a, b, c) = (rows[0], rows[1], rows[2])
    switch size {
    case 1: return a[0]
    case 2: return a[0] * b[1] - a[1] * b[0]
    default:
      let first = a[0] * (b[1] * c[2] - b[2] * c[1])
      let second = a[1] * (b[0] * c[2] - b[2] * c[0])
      return (first - second) + a[2] * (b[0] * c[1] - b[1] * c[0])
    }
  }

  /// The inverse, by cofactors: accurate for the graded matrices of small diffusion times, where pivots differ by
  /// many orders of magnitude.
  ///
  /// A singular matrix gives infinities.
  public var inverse: BlockMatrix {
    let (a, b, c) = (rows[0], rows[1], rows[2])
    let scale = 1 / determinant
    switch size {
    case 1: return BlockMatrix(scale)
    case 2: return BlockMatrix(b[1] * scale, -a[1] * scale, -b[0] * scale, a[0] * scale)
    default:
      var m = BlockMatrix.zero(3)
      m.rows[0] = SIMD4(b[1] * c[2] - b[2] * c[1], a[2] * c[1] - a[1] * c[2], a[1] * b[2] - a[2] * b[1], 0) * scale
      m.rows[1] = SIMD4(b[2] * c[0] - b[0] * c[2], a[0] * c[2] - a[2] * c[0], a[2] * b[0] - a[0] * b[2], 0) * scale
      m.rows[2] = SIMD4(b[0] * c[1] - b[1] * c[0], a[1] * c[0] - a[0] * c[1], a[0] * b[1] - a[1] * b[0], 0) * scale
      return m
    }
  }

  /// The lower factor L of a symmetric positive semi-definite matrix, `L Lᵀ = self`.
  ///
  /// A pivot that is not positive gives a column of zeros, so noise that does not reach a block has a zero column.
  public func cholesky() -> BlockMatrix {
    let (b, c) = (rows[1], rows[2])
    let l0 = Self.pivot(rows[0][0])
    let l10 = b[0] * l0.inverse
    let l20 = c[0] * l0.inverse
    let l1 = Self.pivot(b[1] - l10 * l10)
    let l21 = (c[1] - l20 * l10) * l1.inverse
    let l2 = Self.pivot((c[2] - l20 * l20) - l21 * l21)
    return BlockMatrix(
      size: size, rows: [SIMD4(l0.root, 0, 0, 0), SIMD4(l10, l1.root, 0, 0), SIMD4(l20, l21, l2.root, 0)])
  }

  private static func pivot(_ square: Double) -> (root: Double, inverse: Double) {
    guard square > 0 else { return (0, 0) }
    let root = square.squareRoot()
    return (root, 1 / root)
  }

  /// The matrix exponential e^{self}; relative error about 1e-15 times the number of squarings.
  public func exponential() -> BlockMatrix {
    BlockMatrix.flow(drift: self, diffusion: .zero(size), over: 1).map
  }

  /// The solution S of `A S + S Aᵀ + D = 0` for a Hurwitz matrix A and a symmetric D.
  ///
  /// ```
  /// S = ∫₀^∞ e^{As} D e^{Aᵀs} ds
  /// ```
  /// The integral's interval is doubled until the exponential is negligible. A matrix that is not Hurwitz is a
  /// programmer's error.
  public static func lyapunov(_ a: BlockMatrix, _ d: BlockMatrix) -> BlockMatrix {
    var (map, integral) = flow(drift: a, diffusion: d, over: 1 / max(a.norm, 1e-300))
    for _ in 0..<64 {
      if map.norm < 1e-9 { return integral + map * integral * map.transpose }
      integral = integral + map * integral * map.transpose
      map = map * map
    }
    preconditionFailure("the stationary covariance of a drift that does not decay: \(a)")
  }

  /// The exact solution of du = A u dτ + N(0, D dτ) over a time τ ≥ 0, whatever the drift A.
  ///
  /// ```
  /// map = e^{Aτ},   covariance = ∫₀^τ e^{As} D e^{Aᵀs} ds
  /// ```
  /// The covariance is Taylor's series Σ τ^{n+1}/(n+1)! 𝓛ⁿ(D), 𝓛(X) = A X + X Aᵀ, on a fraction of τ where ‖A‖τ ≤ ¼,
  /// then doubled: C(2τ) = C(τ) + e^{Aτ} C(τ) e^{Aᵀτ}. Every step adds what is positive, so the τ³ in the position of a
  /// process driven through its velocity is as accurate as the τ in its velocity; S − e^{Aτ} S e^{Aᵀτ} would lose it.
  public static func flow(
    drift a: BlockMatrix, diffusion d: BlockMatrix, over time: Double
  ) -> (map: BlockMatrix, covariance: BlockMatrix) {
    precondition(a.size == d.size, "sizes \(a.size) and \(d.size)")
    precondition(time >= 0 && time.isFinite, "a flow over the time \(time)")
    let norm = a.norm
    var step = time
    var doublings = 0
    while norm * step > 0.25 {
      step *= 0.5
      doublings += 1
    }
    var map = BlockMatrix.identity(a.size)
    var power = map
    var covariance = BlockMatrix.zero(a.size)
    var term = d.scaled(by: step)
    // 20 terms: ½²⁰/20! is below 1e-24, beyond rounding in every element's own leading order. Every element has that order
    // after six, and terms shrink by 4 or more: where one changes nothing, none after it does.
    for n in 1...20 {
      let (sum, next) = (covariance + term, (a * power).scaled(by: step / Double(n)))
      if n > 6, sum == covariance, map + next == map { break }
      covariance = sum
      let product = a * term
      term = (product + product.transpose).scaled(by: step / Double(n + 1))
      power = next
      map = map + power
    }
    for _ in 0..<doublings {
      covariance = covariance + map * covariance * map.transpose
      map = map * map
    }
    return (map, covariance)
  }
}
