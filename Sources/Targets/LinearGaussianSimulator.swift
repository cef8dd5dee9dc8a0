public import LinearAlgebra
public import Randomness

/// Rows (θ | x) of a Gaussian prior and likelihood: θ ~ N(0, 0.1 I), x ~ N(θ, 0.1 I), ten coordinates each.
///
/// The posterior is N(x/2, 0.05 I). Lueckmann et al. 2021, arXiv 2101.04653.
public struct LinearGaussianSimulator: Target, Equatable {
  /// The simulator; it has no parameters.
  public init() {}

  /// Ten parameters θ.
  public var dimension: Int { 10 }

  /// Ten numbers x.
  public var conditions: Int { 10 }

  /// A draw takes twenty variates of its index: θ, then the noise.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == 20, "\(rows.columns) columns for ten parameters and ten conditions")
    let scale = 0.1.squareRoot()
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      let theta = (0..<10).map { _ in scale * variates.nextNormal() }
      for k in 0..<10 {
        rows[row, k] = Float(theta[k])
        rows[row, 10 + k] = Float(theta[k] + scale * variates.nextNormal())
      }
    }
  }

  /// Variances 0.1 and 0.2.
  public var standardisation: Standardisation {
    Standardisation(
      mean: [Double](repeating: 0, count: 20),
      variance: [Double](repeating: 0.1, count: 10) + [Double](repeating: 0.2, count: 10))
  }
}
