internal import Glibc

/// The Kolmogorov–Smirnov distance between draws and a distribution function, times √n.
public func kolmogorovSmirnov(_ draws: [Double], _ distribution: (Double) -> Double) -> Double {
  let sorted = draws.sorted()
  let n = Double(sorted.count)
  var distance = 0.0
  for (i, x) in sorted.enumerated() {
    let p = distribution(x)
    distance = max(distance, p - Double(i) / n, Double(i + 1) / n - p)
  }
  return distance * n.squareRoot()
}

/// The value that √n times the Kolmogorov–Smirnov distance exceeds with probability 1e-5: √(−½ ln(1e-5 / 2)).
public let kolmogorovSmirnovBound = 2.471

/// The distribution function of N(mean, variance) at `x`.
public func normalDistribution(_ x: Double, _ mean: Double = 0, _ variance: Double = 1) -> Double {
  0.5 * erfc((mean - x) / (2 * variance).squareRoot())
}

/// The regularised lower incomplete gamma function: by its power series below the mean, its continued fraction above.
public func gammaDistribution(_ x: Double, shape: Double) -> Double {
  let front = exp(shape * log(x) - x - lgamma(shape))
  if x < shape + 1 {
    var (term, sum, k) = (1 / shape, 1 / shape, shape)
    while term > sum * 1e-15 {
      k += 1
      term *= x / k
      sum += term
    }
    return sum * front
  }
  // Evaluated from a fixed depth: 400 levels are ample for shapes up to 100.
  var fraction = x + 801 - shape
  for k in stride(from: 400, through: 1, by: -1) {
    fraction = x + Double(2 * k - 1) - shape - Double(k) * (Double(k) - shape) / fraction
  }
  return 1 - front / fraction
}

/// The mean of the product of two equally long series.
public func meanProduct(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum / Double(a.count)
}
