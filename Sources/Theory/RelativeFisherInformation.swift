public import LinearAlgebra
internal import RealFunctions

extension GaussianLaw {
  /// I(self‖other) = E|∇log(p/q)|², exact.
  ///
  /// ```
  /// tr(Δ A Δ) + |B⁻¹(m − n)|²,   Δ = B⁻¹ − A⁻¹,   self = N(m, A), other = N(n, B)
  /// ```
  public func relativeFisherInformation(from other: GaussianLaw) -> Double {
    zip(coordinates, other.coordinates).reduce(0) { sum, pair in
      let (a, b) = pair
      let difference = b.covariance.inverse - a.covariance.inverse
      let shift = b.covariance.inverse * (a.mean - b.mean)
      return sum + (difference * a.covariance * difference).trace + shift.dot(shift)
    }
  }
}

/// I(funnel‖N(0, I)) = (d − 1)(2√e − 3/2), exact.
///
/// With the potential ½x_1² + ½(d − 1)x_1 + ½e^{−x_1}Σx_j², ∂_1 log(p/q) = ½(e^{−x_1}Σx_j² − (d − 1)), a centred χ²
/// over 2: variance (d − 1)/2. ∂_j log(p/q) = x_j(1 − e^{−x_1}): expectation E e^{x_1}(1 − e^{−x_1})² = 2√e − 2.
public func funnelFisherInformation(dimension: Int) -> Double {
  Double(dimension - 1) * (2 * exp(0.5) - 1.5)
}

/// |s + S⁻¹u|² for every row: its mean over u ~ p_t is I(p_t‖N(0, S)).
///
/// - Parameters:
///   - state: u, shape `[rows, blocks × dimension]`.
///   - score: ∇log p_t(u), of the same shape.
///   - prior: S.
///   - dimension: d.
/// - Returns: one number a row.
public func squaredRelativeScores(
  _ state: borrowing Matrix, score: borrowing Matrix, prior: BlockMatrix, dimension: Int
) -> [Double] {
  var relative = Matrix(rows: state.rows, columns: state.columns)
  relative.copy(from: score)
  relative.add(prior.inverse, times: state, dimension: dimension)
  return (0..<relative.rows).map { r in
    let row = relative.row(r)
    return row.indices.reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) }
  }
}
