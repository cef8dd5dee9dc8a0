internal import RealFunctions

/// The law of Kolmogorov's statistic D_n = sup |F_n − F| of n independent numbers of law F.
///
/// For up to 400 numbers the probability is computed by the matrix power of Marsaglia, Tsang and Wang (2003, J. Stat. Softw.
/// 8/18). It is right to 13 digits, and to more than 7 where it is small. For more numbers it is that of the limit law with
/// Vrbik's correction (2018, Pioneer J. Theor. Appl. Stat. 15), below, whose error is less than 5e-5.
///
/// ```
/// P(D_n ≤ d) ≈ K(y + 1/(6√n) + (y − 1)/(4n)),   y = d√n,   K(y) = 1 − 2 Σ_k (−1)^{k−1} e^{−2k²y²}
/// ```
public struct KolmogorovLaw: Sendable {
  /// n.
  public let count: Int

  /// The law for `count` numbers, at least one.
  public init(count: Int) {
    precondition(count > 0, "the law of \(count) numbers")
    self.count = count
  }

  /// P(D_n ≥ d): how often the statistic of numbers of the right law is that large.
  public func tail(_ d: Double) -> Double {
    let n = Double(count)
    guard d > 0.5 / n else { return 1 }
    guard d < 1 else { return 0 }
    if count > 400 {
      let y = d * n.squareRoot()
      return Self.limitTail(y + 1 / (6 * n.squareRoot()) + (y - 1) / (4 * n))
    }
    let s = d * d * n
    if s > 7.24 || s > 3.76 && count > 99 {
      return min(1, 2 * exp(-(2.000071 + 0.331 / n.squareRoot() + 1.409 / n) * s))
    }
    return min(max(1 - power(d), 0), 1)
  }

  /// The d above which D_n lies with a probability.
  public func quantile(tail wanted: Double) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      if tail(middle) > wanted { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// The mean and standard deviation of D_n, from its limit law: √(π/2) ln 2 and √(π²/12 − mean²), over √n.
  public var moments: Spread {
    let root = Double(count).squareRoot()
    return Spread(mean: 0.868_731_160_636_159_5 / root, deviation: 0.260_332_871_593_749_3 / root)
  }

  /// 1 − K(y).
  private static func limitTail(_ y: Double) -> Double {
    if y < 0.5 {
      // The other of Jacobi's two series: K(y) = √(2π)/y Σ_k e^{−(2k−1)²π²/(8y²)}.
      let sum = (1...4).reduce(0.0) { sum, k in
        let odd = Double(2 * k - 1) * Double.pi / y
        return sum + exp(-odd * odd / 8)
      }
      return 1 - (2 * Double.pi).squareRoot() / y * sum
    }
    let sum = (1...10).reduce(0.0) { sum, k in
      let square = Double(k * k) * y * y
      return sum + (k % 2 == 1 ? 2 : -2) * exp(-2 * square)
    }
    return min(max(sum, 0), 1)
  }

  /// P(D_n ≤ d) = n!/nⁿ (Hⁿ)_kk with a matrix H of 2k − 1 rows, n d = k − h.
  private func power(_ d: Double) -> Double {
    let n = Double(count)
    let k = Int(n * d) + 1
    let (m, h) = (2 * k - 1, Double(k) - n * d)
    var matrix = [Double](repeating: 0, count: m * m)
    for i in 0..<m { for j in 0..<m where i - j + 1 >= 0 { matrix[i * m + j] = 1 } }
    for i in 0..<m {
      matrix[i * m] -= pow(h, Double(i + 1))
      matrix[(m - 1) * m + i] -= pow(h, Double(m - i))
    }
    if 2 * h > 1 { matrix[(m - 1) * m] += pow(2 * h - 1, Double(m)) }
    for i in 0..<m {
      for j in 0..<m where i > j { for g in 1...(i - j + 1) { matrix[i * m + j] /= Double(g) } }
    }
    var (value, exponent) = Self.power(matrix, m, count)[k - 1, k - 1]
    for i in 1...count {
      value *= Double(i) / n
      if value < 1e-140 { (value, exponent) = (value * 1e140, exponent - 140) }
    }
    return value * pow(10, Double(exponent))
  }

  /// A matrix's power with an exponent of ten of its own: products grow beyond the largest number.
  private struct Scaled {
    var elements: [Double]
    var exponent: Int
    let size: Int

    subscript(_ i: Int, _ j: Int) -> (Double, Int) { (elements[i * size + j], exponent) }

    func times(_ other: Scaled) -> Scaled {
      var product = Scaled(
        elements: [Double](repeating: 0, count: elements.count), exponent: exponent + other.exponent, size: size)
      for i in 0..<size {
        for k in 0..<size {
          let factor = elements[i * size + k]
          for j in 0..<size { product.elements[i * size + j] += factor * other.elements[k * size + j] }
        }
      }
      if product.elements[(size / 2) * size + size / 2] > 1e140 {
        product.elements = product.elements.map { $0 * 1e-140 }
        product.exponent += 140
      }
      return product
    }
  }

  private static func power(_ matrix: [Double], _ size: Int, _ n: Int) -> Scaled {
    if n == 1 { return Scaled(elements: matrix, exponent: 0, size: size) }
    let half = power(matrix, size, n / 2)
    let square = half.times(half)
    return n % 2 == 0 ? square : square.times(Scaled(elements: matrix, exponent: 0, size: size))
  }
}
