public import LinearAlgebra
public import Randomness

/// Rows (θ | x) of a point seen with one of two noises: θ uniform on [−10, 10]², x ~ ½ N(θ, I) + ½ N(θ, 0.01 I).
///
/// Sisson, Fan and Tanaka 2007; Lueckmann et al. 2021, arXiv 2101.04653.
public struct TwoNoisesSimulator: Target, Equatable {
  /// The simulator; it has no parameters.
  public init() {}

  /// Two parameters θ.
  public var dimension: Int { 2 }

  /// Two numbers x.
  public var conditions: Int { 2 }

  /// A draw takes five variates of its index: θ, which noise, the noise.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == 4, "\(rows.columns) columns for two parameters and two conditions")
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row))
      let theta = [20 * variates.nextUniform() - 10, 20 * variates.nextUniform() - 10]
      let scale = variates.nextUniform() < 0.5 ? 1 : 0.1
      for k in 0..<2 {
        rows[row, k] = Float(theta[k])
        rows[row, 2 + k] = Float(theta[k] + scale * variates.nextNormal())
      }
    }
  }

  /// Variances 100/3, and 0.505 more of the noises.
  public var standardisation: Standardisation {
    Standardisation(
      mean: [0, 0, 0, 0], variance: [100.0 / 3, 100.0 / 3, 100.0 / 3 + 0.505, 100.0 / 3 + 0.505])
  }
}
