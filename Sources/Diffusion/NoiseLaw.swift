/// The law of the noise e in u = M x_0 + L e, one draw for all d coordinates of a block.
public enum NoiseLaw: Sendable, Equatable {
  /// The laws by name.
  public enum Kind: String, Sendable, CaseIterable {
    case gaussian
    case studentT = "student-t"
  }

  /// e = g ~ N(0, I).
  case gaussian
  /// e = g/√w, w ~ Gamma(ν/2, rate ν/2): multivariate Student-t of ν degrees of freedom and unit scale.
  ///
  /// One w serves all coordinates of a row, so they are heavy-tailed together.
  case studentT(degrees: Double)

  /// The factor by which a row's conditional score differs from the Gaussian −L⁻ᵀe.
  ///
  /// ```
  /// ∇_u log p(u|x_0) = −φ L⁻ᵀe,   Student-t: φ = (ν + d)/(ν + ‖e‖²),   Gaussian: φ = 1
  /// ```
  /// Its mean square per coordinate is E φ²e_j² = (ν + d)/(ν + d + 2).
  ///
  /// - Parameters:
  ///   - squaredNorm: ‖e‖² over the d coordinates.
  ///   - dimension: d.
  /// - Returns: φ.
  public func scoreFactor(squaredNorm: Double, dimension: Int) -> Double {
    switch self {
    case .gaussian: 1
    case .studentT(let degrees): (degrees + Double(dimension)) / (degrees + squaredNorm)
    }
  }
}
