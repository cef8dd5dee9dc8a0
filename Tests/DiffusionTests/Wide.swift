/// A number of about 106 bits, the sum of two Doubles: for oracles that may not cancel.
///
/// Dekker 1971 and Knuth's two-sum; sums and products are right to some 1e-31 of their size.
struct Wide {
  var high, low: Double

  init(_ high: Double, _ low: Double = 0) { (self.high, self.low) = (high, low) }

  /// a + b without rounding.
  private static func twoSum(_ a: Double, _ b: Double) -> Wide {
    let sum = a + b
    let part = sum - a
    return Wide(sum, (a - (sum - part)) + (b - part))
  }

  static func + (a: Wide, b: Wide) -> Wide {
    let (high, low) = (twoSum(a.high, b.high), twoSum(a.low, b.low))
    let sum = twoSum(high.high, high.low + low.high)
    return twoSum(sum.high, sum.low + low.low)
  }

  static prefix func - (a: Wide) -> Wide { Wide(-a.high, -a.low) }
  static func - (a: Wide, b: Wide) -> Wide { a + -b }

  static func * (a: Wide, b: Wide) -> Wide {
    let product = a.high * b.high
    return twoSum(product, (-product).addingProduct(a.high, b.high) + (a.high * b.low + a.low * b.high))
  }

  static func / (a: Wide, b: Wide) -> Wide {
    let first = a.high / b.high
    let rest = a - b * Wide(first)
    let second = rest.high / b.high
    let last = rest - b * Wide(second)
    return Wide(first) + Wide(second) + Wide(last.high / b.high)
  }
}

/// The Gaussian N(Mμ, H + vMMᵀ) of one coordinate's state, in `Wide`: log density and E[x_0|u] for x_0 ~ N(μ, v).
struct WideGaussian {
  private let mean: [Wide]
  private var covariance: [[Wide]]

  /// M, and H as L Lᵀ.
  init(mean: [Double], factor l: [[Double]]) {
    self.mean = mean.map { Wide($0) }
    let c = mean.count
    covariance = (0..<c).map { i in
      (0..<c).map { j in
        (0...min(i, j)).reduce(Wide(0)) { $0 + Wide(l[i][$1]) * Wide(l[j][$1]) }
      }
    }
  }

  /// ln N(u; Mμ, H + vMMᵀ) up to the constant, and μ + v Mᵀ(H + vMMᵀ)⁻¹(u − Mμ).
  func posterior(_ u: [Double], mu: Double, variance v: Double) -> (
    logDensity: Wide, logDeterminant: Double, mean: Wide
  ) {
    let c = mean.count
    var matrix = (0..<c).map { i in (0..<c).map { j in covariance[i][j] + Wide(v) * mean[i] * mean[j] } }
    let centred = (0..<c).map { Wide(u[$0]) - mean[$0] * Wide(mu) }
    var solution = centred
    var determinant = 1.0
    for k in 0..<c {
      determinant *= matrix[k][k].high
      for i in k + 1..<max(c, k + 1) {
        let factor = matrix[i][k] / matrix[k][k]
        for j in k..<c { matrix[i][j] = matrix[i][j] - factor * matrix[k][j] }
        solution[i] = solution[i] - factor * solution[k]
      }
    }
    for k in (0..<c).reversed() {
      for j in k + 1..<max(c, k + 1) { solution[k] = solution[k] - matrix[k][j] * solution[j] }
      solution[k] = solution[k] / matrix[k][k]
    }
    let square = (0..<c).reduce(Wide(0)) { $0 + centred[$1] * solution[$1] }
    let pull = (0..<c).reduce(Wide(0)) { $0 + mean[$1] * solution[$1] }
    return (Wide(-0.5) * square, logarithm(determinant), Wide(mu) + Wide(v) * pull)
  }
}
