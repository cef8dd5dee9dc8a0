internal import RealFunctions

/// A law blurred by multivariate Student-t noise: the mixture over w of the law blurred by N(0, q/w).
///
/// ```
/// p(z) = ∫ Gamma(w; ν/2, ν/2) p_{q/w}(z) dw,   ∇ log p(z) = E[∇ log p_{q/w}(z) | z]
/// ```
/// By the trapezoidal rule in y = ln w, which converges exponentially: the posterior of y is at least √(2/(ν + d)) wide,
/// and a step h of 0.45 of that leaves |Γ(½(ν + d) + 2πi/h)|, some 1e-11. Nodes are fixed for a time, so each blurred
/// law is prepared once; a point takes those whose weight is above e⁻³⁴ of the largest, found on every eighth node
/// first. Relative error below 1e-10 where the posterior has no node at the ends of the range: points up to 1e9 noise
/// scales away.
struct HeavyTailedLaw<Law: SmoothedLaw>: SmoothedLaw {
  private static var stride: Int { 8 }
  private static var cut: Double { 34 }

  private let degrees: Double
  private let step: Double
  private let logWeights: [Double]
  private let mixing: [Double]
  private var laws: [Law]
  private var logDensity: [Double]
  private var slope: [Double]

  init(_ law: Law, degrees: Double) {
    let (nu, d) = (degrees, Double(law.dimension))
    self.degrees = degrees
    let step = 0.45 * (2 / (nu + d)).squareRoot()
    // Below, the prior's tail e^{νy/2} or a point 1e9 scales away decides; above, a point at the noise's centre.
    let low = min(-45, -70 / nu - 5)
    let shape = 0.5 * (nu + d)
    let high = log(2 * (shape + 40 + 9 * shape.squareRoot()) / nu)
    let count = Int((high - low) / step) / Self.stride * Self.stride + Self.stride + 1
    let nodes = (0..<count).map { low + Double($0) * step }
    mixing = nodes.map { exp($0) }
    // Gamma's density in y, times the step.
    let constant = 0.5 * nu * log(0.5 * nu) - logGamma(0.5 * nu) + log(step)
    logWeights = nodes.map { constant + 0.5 * nu * ($0 - exp($0)) }
    self.step = step
    laws = Array(repeating: law, count: count)
    logDensity = Array(repeating: 0, count: count)
    slope = Array(repeating: 0, count: law.dimension)
  }

  var dimension: Int { slope.count }

  mutating func prepare(noise: [Double]) {
    for i in laws.indices { laws[i].prepare(noise: noise.map { $0 / mixing[i] }) }
  }

  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double {
    var largest = -Double.infinity
    for i in Swift.stride(from: 0, to: laws.count, by: Self.stride) {
      logDensity[i] = logWeights[i] + laws[i].evaluate(z, into: &slope)
      largest = max(largest, logDensity[i])
    }
    let coarse = Swift.stride(from: 0, to: laws.count, by: Self.stride).filter { logDensity[$0] > largest - Self.cut }
    guard let first = coarse.first, let last = coarse.last else {
      for k in gradient.indices { gradient[k] = .nan }
      return .nan
    }
    // The coarse maximum may be below the true one: weights are relative to the running maximum's first guess.
    var total = 0.0
    for k in gradient.indices { gradient[k] = 0 }
    for i in max(0, first - Self.stride)...min(laws.count - 1, last + Self.stride) {
      let logDensity = logWeights[i] + laws[i].evaluate(z, into: &slope)
      let weight = exp(logDensity - largest)
      total += weight
      for k in gradient.indices { gradient[k].addProduct(weight, slope[k]) }
    }
    for k in gradient.indices { gradient[k] /= total }
    return largest + log(total)
  }
}
