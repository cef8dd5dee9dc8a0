internal import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// A law's own density in trained coordinates, for samplers without a process.
///
/// ```
/// log p(x) + constant = log p_law(mean + scale x)
/// ```
struct LawDensity<Law: SmoothedLaw>: LogDensity {
  private var law: Law
  private let standardisation: Standardisation
  private var point: [Double]
  private var slope: [Double]

  /// The density of a law that has one without any noise.
  init(_ law: Law, in standardisation: Standardisation) {
    precondition(standardisation.dimension == law.dimension, "\(standardisation.dimension) of \(law.dimension)")
    self.law = law
    self.standardisation = standardisation
    point = Array(repeating: 0, count: law.dimension)
    slope = point
    self.law.prepare(noise: point)
  }

  var dimension: Int { law.dimension }

  mutating func evaluate(_ points: borrowing Matrix, logDensity: inout [Double], gradient: inout Matrix) {
    precondition(points.columns == dimension && gradient.columns == dimension, "\(points.columns) columns")
    precondition(gradient.rows == points.rows && logDensity.count == points.rows, "\(gradient.rows) rows")
    let (mean, scale) = (standardisation.mean, standardisation.scale)
    for row in 0..<points.rows {
      for k in point.indices { point[k] = mean[k].addingProduct(scale[k], Double(points[row, k])) }
      logDensity[row] = law.evaluate(point, into: &slope)
      for k in point.indices { gradient[row, k] = Float(scale[k] * slope[k]) }
    }
  }
}

/// The funnel itself, without noise.
///
/// ```
/// log p = −½x_1² − ½ Σ_{j ≥ 2} (x_j² e^{−x_1} + x_1) − ½ d ln 2π
/// ```
struct PlainFunnel: SmoothedLaw {
  let dimension: Int

  /// The law takes no noise.
  mutating func prepare(noise: [Double]) {}

  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double {
    precondition(z.count == dimension && gradient.count == dimension, "\(z.count), \(gradient.count) of \(dimension)")
    let tails = Double(dimension - 1)
    let squares = sumOfSquares(z.span.extracting(1..<z.count))
    let precision = exp(-z[0])
    gradient[0] = -z[0] + 0.5 * (squares * precision - tails)
    for k in 1..<z.count { gradient[k] = -precision * z[k] }
    return -0.5 * (z[0] * z[0] + squares * precision + tails * z[0] + Double(dimension) * logTwoPi)
  }
}
