public import Diffusion
public import LinearAlgebra
public import Randomness
internal import RealFunctions

/// Ten multivariate Student-t laws with two degrees of freedom, of scale 1 in every coordinate and equal weights.
///
/// ```
/// x = μ_k + g / √w,   g ~ N(0, I),   w ~ Gamma(ν/2, rate ν/2),   ν = 2,   μ_k = 4 (cos k, cos 2k, …, cos dk),  k = 1 … 10
/// ```
/// The tails fall like |x|^{−2}: there is a mean but no variance, and the tail index is 2.
public struct StudentTMixture: Target, Equatable {
  /// ν.
  public let degrees = 2.0
  /// The number d of coordinates.
  public let dimension: Int
  /// μ, one row of d numbers per component.
  public let means: [[Double]]

  /// The mixture in a dimension of at least 1.
  public init(dimension: Int) {
    precondition(dimension > 0, "dimension \(dimension)")
    self.dimension = dimension
    means = (1...10).map { k in (1...dimension).map { i in 4 * cos(Double(k * i)) } }
  }

  /// A draw takes the normals of its index, then a component and a gamma variate.
  public func draw(_ stream: RandomStream, firstIndex: UInt64, into rows: inout Matrix) {
    precondition(rows.columns == dimension, "\(rows.columns) columns for a law of \(dimension)")
    stream.fillNormals(&rows, firstIndex: firstIndex)
    let blocks = UInt32((dimension + 3) / 4)
    for row in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(row), firstBlock: blocks)
      let mean = means[variates.nextBelow(means.count)]
      let spread = (0.5 * degrees / variates.nextGamma(shape: 0.5 * degrees)).squareRoot()
      var values = rows.mutableRow(row)
      for k in 0..<dimension { values[k] = Float(mean[k].addingProduct(spread, Double(values[k]))) }
    }
  }

  /// The mean, and in place of a standard deviation, which there is not, √(1 + the variance of the μ) for all
  /// coordinates alike.
  public var standardisation: Standardisation {
    let count = Double(means.count)
    let mean = (0..<dimension).map { i in means.reduce(0) { $0 + $1[i] } / count }
    let squares = means.joined().enumerated().reduce(0) { sum, value in
      let away = value.element - mean[value.offset % dimension]
      return sum + away * away
    }
    return Standardisation(
      mean: mean, scale: Array(repeating: (1 + squares / count / Double(dimension)).squareRoot(), count: dimension))
  }

  /// The exact score by quadrature over the variance; nil if `standardisation` gives coordinates different scales.
  public func score(under process: any ForwardProcess, in standardisation: Standardisation) -> (any Score)? {
    guard standardisation.scale.allSatisfy({ $0 == standardisation.scale[0] }) else { return nil }
    let noise: Double? = if case .studentT(let degrees) = process.noise { degrees } else { nil }
    return ExactScore(SmoothedStudentTMixture(self, noiseDegrees: noise), under: process, in: standardisation)
  }

  /// The density by the same quadrature.
  public func density(in standardisation: Standardisation) -> (any LogDensity)? {
    LawDensity(SmoothedStudentTMixture(self), in: standardisation)
  }
}

/// A mixture of spherical Student-t laws blurred by spherical noise, Gaussian or Student-t.
///
/// ```
/// z = μ_k + √V g,   V = 1/w + q   or   V = 1/w + q/w',   p(z) = ∫ p(V) mean_k N(z; μ_k, V I) dV
/// ```
/// Given both mixing variables the noise is one Gaussian, and V has the same law for all components. By the trapezoidal
/// rule in y = ln V (or −ln w), as `HeavyTailedLaw`: nodes and p(V) are computed once for a noise. Relative error below
/// 1e-9 for points up to 1e9 scales away.
struct SmoothedStudentTMixture: SmoothedLaw {
  private static let stride = 8
  private static let cut = 34.0

  let dimension: Int
  private let means: [Double]
  private let degrees: Double
  private let noiseDegrees: Double?
  private let nodes: NodeRange
  // At each node: ln of p(V) times the step and of the normal's constant V^{−d/2}, and 1/V.
  private var logWeights: [Double]
  private var precisions: [Double]
  private var squares: [Double]
  private var shares: [Double]

  init(_ mixture: StudentTMixture, noiseDegrees: Double? = nil) {
    dimension = mixture.dimension
    means = Array(mixture.means.joined())
    degrees = mixture.degrees
    self.noiseDegrees = noiseDegrees
    nodes = NodeRange(degrees: min(degrees, noiseDegrees ?? degrees), dimension: Double(dimension))
    logWeights = Array(repeating: 0, count: nodes.count)
    precisions = logWeights
    squares = Array(repeating: 0, count: mixture.means.count)
    shares = squares
  }

  mutating func prepare(noise: [Double]) {
    precondition(noise.allSatisfy { $0 == noise[0] }, "noise that is not spherical")
    let (law, q) = (InverseGamma(degrees: degrees, scale: 1), noise[0])
    let constant = -log(Double(squares.count)) - 0.5 * Double(dimension) * logTwoPi + log(nodes.step)
    for i in precisions.indices {
      var (variance, logDensity) = (0.0, 0.0)
      if let noiseDegrees, q > 0 {
        // From the smallest variance at which the sum has any mass for the points that count.
        let other = InverseGamma(degrees: noiseDegrees, scale: q)
        let root = law.rate.squareRoot() + other.rate.squareRoot()
        variance = root * root * exp(nodes.offset(i))
        logDensity = law.logDensityOfSum(with: other, at: variance)
      } else {
        let spread = law.rate * exp(nodes.offset(i))
        (variance, logDensity) = (spread + q, law.logDensityOfLogarithm(at: spread))
      }
      precisions[i] = 1 / variance
      logWeights[i] = constant + logDensity - 0.5 * Double(dimension) * log(variance)
    }
  }

  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double {
    precondition(z.count == dimension && gradient.count == dimension, "\(z.count), \(gradient.count) of \(dimension)")
    let d = dimension
    var nearest = Double.infinity
    for k in squares.indices {
      var sum = 0.0
      for i in 0..<d { sum.addProduct(z[i] - means[k &* d &+ i], z[i] - means[k &* d &+ i]) }
      squares[k] = sum
      nearest = min(nearest, sum)
    }
    // The nearest component has the largest density at every node.
    let exponents = { [logWeights, precisions] (i: Int) in logWeights[i] - 0.5 * nearest * precisions[i] }
    let coarse = Array(Swift.stride(from: 0, to: precisions.count, by: Self.stride))
    let largest = coarse.reduce(-Double.infinity) { max($0, exponents($1)) }
    let kept = coarse.filter { exponents($0) > largest - Self.cut }
    guard let first = kept.first, let last = kept.last else {
      for k in gradient.indices { gradient[k] = .nan }
      return .nan
    }
    var total = 0.0
    for k in shares.indices { shares[k] = 0 }
    for i in max(0, first - Self.stride)...min(precisions.count - 1, last + Self.stride) {
      for k in squares.indices {
        let weight = DoubleMath.exponential(logWeights[i] - 0.5 * squares[k] * precisions[i] - largest)
        total += weight
        shares[k].addProduct(weight, precisions[i])
      }
    }
    for i in 0..<d {
      var slope = 0.0
      for k in shares.indices { slope.addProduct(shares[k], means[k &* d &+ i] - z[i]) }
      gradient[i] = slope / total
    }
    return largest + log(total)
  }
}

/// Equal steps in the logarithm of a variance over its rate, which hold all mass that a point can see.
private struct NodeRange {
  let low, step: Double
  let count: Int

  /// As `HeavyTailedLaw`: the posterior of the logarithm is at least √(2/(ν + d)) wide; points up to 1e9 scales away.
  init(degrees nu: Double, dimension d: Double) {
    let shape = 0.5 * (nu + d)
    step = 0.45 * (1 / shape).squareRoot()
    low = -log(shape + 40 + 9 * shape.squareRoot())
    count = Int((max(45, 70 / nu + 5) - low) / step / 8 + 1) * 8 + 1
  }

  func offset(_ i: Int) -> Double { low + Double(i) * step }
}

/// The law of q/w, w ~ Gamma(ν/2, rate ν/2): inverse gamma of shape α = ν/2 and rate β = νq/2.
private struct InverseGamma {
  let shape, rate, constant: Double

  init(degrees: Double, scale: Double) {
    shape = 0.5 * degrees
    rate = shape * scale
    constant = shape * log(rate) - logGamma(shape)
  }

  /// ln of the density of ln x: ln β^α/Γ(α) − α ln x − β/x.
  func logDensityOfLogarithm(at x: Double) -> Double { constant - shape * log(x) - rate / x }

  /// ln of the density of ln(x + y) at ln v, y of another such law.
  ///
  /// ```
  /// ∫ f(vs) f'(v(1 − s)) v² ds,   s = 1/(1 + e^{−r}):   ∫ g(vs) g'(v(1 − s)) dr
  /// ```
  /// g, g' the densities of the logarithms: smooth in r and killed doubly exponentially at both ends.
  func logDensityOfSum(with other: InverseGamma, at v: Double) -> Double {
    let step = 0.25 / max(1, shape, other.shape).squareRoot()
    // Beyond, an exponent below −700 is added to the summit's.
    let margin = 700 + (rate + other.rate) * 4 / v
    let (low, high) = (log(rate / v / margin), -log(other.rate / v / margin))
    let count = max(Int((high - low) / step), 8)
    var (largest, values) = (-Double.infinity, [Double]())
    for i in 0...count {
      let r = low + Double(i) * step
      // Both shares without cancellation.
      let (s, rest) = (1 / (1 + exp(-r)), 1 / (1 + exp(r)))
      values.append(logDensityOfLogarithm(at: v * s) + other.logDensityOfLogarithm(at: v * rest))
      largest = max(largest, values[i])
    }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) } * step)
  }
}
