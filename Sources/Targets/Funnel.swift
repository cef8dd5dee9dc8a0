public import Diffusion
public import LinearAlgebra
public import Randomness
internal import RealFunctions

/// Neal's funnel: the first coordinate is the logarithm of the others' variance.
///
/// ```
/// x_1 ~ N(0, 1),   x_j | x_1 ~ N(0, e^{x_1}),   j = 2 … d
/// ```
/// Neal, "Slice sampling", Annals of Statistics 31, 2003, with the variance of x_1 (his: 9) set to 1.
public struct Funnel: Target, Equatable {
  /// The number d of coordinates: x_1 and the d − 1 that it scales.
  public let dimension: Int

  /// The funnel of a dimension of at least 2.
  public init(dimension: Int) {
    precondition(dimension >= 2, "a funnel of dimension \(dimension)")
    self.dimension = dimension
  }

  /// A draw takes the normals of its index and scales all but the first by e^{x_1/2}.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == dimension, "\(rows.columns) columns for a law of \(dimension)")
    stream.fillNormals(&rows, firstIndex: firstIndex)
    for row in 0..<rows.rows {
      var values = rows.mutableRow(row)
      let scale = Float(DoubleMath.exponential(0.5 * Double(values[0])))
      for k in 1..<values.count { values[k] *= scale }
    }
  }

  /// Var x_1 = 1 and Var x_j = E e^{x_1} = √e.
  public var standardisation: Standardisation {
    Standardisation(
      mean: Array(repeating: 0, count: dimension),
      variance: [1] + Array(repeating: exp(0.5), count: dimension - 1))
  }

  /// The exact score by quadrature over x_1, to a relative error below 2e-7; nil if `standardisation` gives x_2 … x_d
  /// different scales, for which the quadrature would need them one by one, or if the noise is not Gaussian.
  public func score(under process: any ForwardProcess, in standardisation: Standardisation) -> (any Score)? {
    guard process.noise == .gaussian, standardisation.scale.dropFirst().allSatisfy({ $0 == standardisation.scale[1] })
    else { return nil }
    return ExactScore(SmoothedFunnel(dimension: dimension), under: process, in: standardisation)
  }

  /// The density in closed form.
  public func density(in standardisation: Standardisation) -> (any LogDensity)? {
    LawDensity(PlainFunnel(dimension: dimension), in: standardisation)
  }
}

/// A funnel blurred by noise of variance q₁ on x_1 and q on each x_j.
///
/// ```
/// ∂₁ log p = (E[φ'(y)|z] − z_1) / (1 + q₁),   ∂_j log p = −z_j E[1/(e^y + q)|z]
/// ```
/// The first form, ours, follows from blurring the product of N(0, 1) and e^φ; no q₁, small or large, makes it cancel.
struct SmoothedFunnel: SmoothedLaw {
  let dimension: Int
  private(set) var posterior: FunnelPosterior
  private(set) var firstNoise = 1.0

  init(dimension: Int) {
    self.dimension = dimension
    posterior = FunnelPosterior(tails: dimension - 1)
  }

  mutating func prepare(noise: [Double]) {
    firstNoise = noise[0]
    posterior.prepare(firstNoise: noise[0], tailNoise: noise[1])
  }

  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double {
    precondition(z.count == dimension && gradient.count == dimension, "\(z.count), \(gradient.count) of \(dimension)")
    let z = z.span
    var gradient = gradient.mutableSpan
    let squares = sumOfSquares(z.extracting(1..<z.count))
    let variance = 1 + firstNoise
    posterior.integrate(center: z[0] / variance, squares: squares)
    gradient[0] = (posterior.slope - z[0]) / variance
    let precision = -posterior.precision
    for k in 1..<z.count { gradient[k] = precision * z[k] }
    // p(z) = N(z_1; 0, 1 + q₁) ∫ N(y; m, s²) Π_j N(z_j; 0, e^y + q) dy
    let logFirst = -0.5 * (z[0] * z[0] / variance + log(variance))
    return logFirst + posterior.logIntegral - 0.5 * Double(dimension) * logTwoPi
  }
}

/// Σ x_k², in four partial sums, so that additions overlap.
func sumOfSquares(_ x: borrowing Span<Double>) -> Double {
  var sums = SIMD4<Double>.zero
  let whole = x.count / 4 * 4
  for k in stride(from: 0, to: whole, by: 4) {
    let part = SIMD4(x[k], x[k &+ 1], x[k &+ 2], x[k &+ 3])
    sums += part * part
  }
  var sum = (sums[0] + sums[1]) + (sums[2] + sums[3])
  for k in whole..<x.count { sum.addProduct(x[k], x[k]) }
  return sum
}
