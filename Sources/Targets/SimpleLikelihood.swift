public import LinearAlgebra
public import Randomness
internal import RealFunctions

/// Rows (θ | x) of the simulator "simple likelihood, complex posterior": five parameters and four points of the plane.
///
/// ```
/// θ uniform on [−3, 3]⁵,   x = four draws of N((θ_1, θ_2), S),   S = [[s_1², ρ s_1 s_2], [·, s_2²]],
/// s_1 = θ_3²,   s_2 = θ_4²,   ρ = tanh θ_5
/// ```
/// The signs of θ_3 and θ_4 are not seen, so the posterior has four modes and ends at the box. Papamakarios, Sterratt and
/// Murray 2019, arXiv 1805.07226; Lueckmann et al. 2021, arXiv 2101.04653.
public struct SimpleLikelihood: Target, Equatable {
  /// The simulator; it has no parameters.
  public init() {}

  /// Five parameters θ.
  public var dimension: Int { 5 }

  /// Four points x.
  public var conditions: Int { 8 }

  /// A draw takes thirteen variates of its index: θ, then the points.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == 13, "\(rows.columns) columns for five parameters and eight conditions")
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      let theta = (0..<5).map { _ in 6 * variates.nextUniform() - 3 }
      for k in 0..<5 { rows[row, k] = Float(theta[k]) }
      let rest = 1 / cosh(theta[4])
      for point in 0..<4 {
        let (a, b) = (variates.nextNormal(), variates.nextNormal())
        rows[row, 5 + 2 * point] = Float(theta[0] + theta[2] * theta[2] * a)
        // √(1 − tanh²) = 1/cosh.
        let second = sinh(theta[4]) * rest * a + rest * b
        rows[row, 6 + 2 * point] = Float(theta[1] + theta[3] * theta[3] * second)
      }
    }
  }

  /// Var θ = 3, E s² = E θ⁴ = 81/5.
  public var standardisation: Standardisation {
    Standardisation(
      mean: [Double](repeating: 0, count: 13),
      variance: [Double](repeating: 3, count: 5) + [Double](repeating: 3 + 81.0 / 5, count: 8))
  }
}
