public import LinearAlgebra
public import Randomness
internal import RealFunctions

/// The two-moons simulator of likelihood-free inference: rows (θ | x) of two parameters and the two numbers seen.
///
/// ```
/// θ uniform on [−1, 1]²,   α uniform on [−π/2, π/2],   ρ ~ N(0.1, 0.01²)
/// x = (ρ cos α + ¼ − |θ_1 + θ_2|/√2,  ρ sin α + (θ_2 − θ_1)/√2)
/// ```
/// Greenberg, Nonnenmacher and Macke 2019, arXiv 1905.07488; Lueckmann et al. 2021, arXiv 2101.04653. The posterior of θ
/// given x is two crescents.
public struct TwoMoonsSimulator: Target, Equatable {
  /// The simulator; it has no parameters.
  public init() {}

  /// Two parameters θ.
  public var dimension: Int { 2 }

  /// Two numbers x that are seen.
  public var conditions: Int { 2 }

  /// A draw takes four variates of its index: θ, then α and ρ.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == 4, "\(rows.columns) columns for two parameters and two conditions")
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      let theta = SIMD2(2 * variates.nextUniform() - 1, 2 * variates.nextUniform() - 1)
      let p = Self.crescent(&variates)
      let root = 0.5.squareRoot()
      let x = SIMD2(p[0] - root * abs(theta[0] + theta[1]), p[1] + root * (theta[1] - theta[0]))
      for k in 0..<2 { (rows[row, k], rows[row, 2 + k]) = (Float(theta[k]), Float(x[k])) }
    }
  }

  /// Fills row r with an exact draw of θ given x.
  ///
  /// x fixes θ by the crescent's point p and a sign: |θ_1 + θ_2|/√2 = p_1 − x_1 and (θ_2 − θ_1)/√2 = x_2 − p_2. Both
  /// signs keep areas, so the posterior is the law of p carried over, cut off where p_1 < x_1 or θ leaves the square.
  ///
  /// - Parameters:
  ///   - x: what was seen; where it is all but impossible, drawing takes for ever.
  ///   - stream: the source of randomness.
  ///   - firstIndex: the index of row 0.
  ///   - rows: shape `[rows, 2]`.
  public func drawPosterior(
    given x: SIMD2<Double>, _ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix
  ) {
    let root = 0.5.squareRoot()
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      var theta: SIMD2<Double>
      var sum: Double
      repeat {
        let p = Self.crescent(&variates)
        sum = p[0] - x[0]
        let signed = variates.nextBelow(2) == 1 ? sum : -sum
        let difference = x[1] - p[1]
        theta = SIMD2(root * (signed - difference), root * (signed + difference))
      } while sum < 0 || abs(theta[0]) > 1 || abs(theta[1]) > 1
      for k in 0..<2 { rows[row, k] = Float(theta[k]) }
    }
  }

  private static func crescent(_ variates: inout VariateSequence) -> SIMD2<Double> {
    let alpha = Double.pi * (variates.nextUniform() - 0.5)
    let rho = 0.1 + 0.01 * variates.nextNormal()
    return SIMD2(rho * cos(alpha) + 0.25, rho * sin(alpha))
  }

  /// E|θ_1 + θ_2| = ⅔, E(θ_1 ± θ_2)² = ⅔; E cos α = 2/π, E cos² α = ½.
  public var standardisation: Standardisation {
    let (third, half) = (1.0 / 3, 0.5 * 0.0101)
    let cosine = 0.2 / Double.pi
    return Standardisation(
      mean: [0, 0, cosine + 0.25 - 2 * third * 0.5.squareRoot(), 0],
      variance: [third, third, half - cosine * cosine + third - 2.0 / 9, half + third])
  }
}
