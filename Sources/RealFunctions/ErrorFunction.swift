private let inverseRootPi = 0.564_189_583_547_756_286_95

/// erf x, relative error below 3e-15.
public func erf(_ x: Double) -> Double {
  let z = abs(x)
  guard z < 1.5 else { return x.isNaN ? x : (x < 0 ? -1 : 1) * (1 - upperTail(z)) }
  // 2/√π e^{−x²} Σ_n (2x²)ⁿ x / (2n + 1)!!: every term has the same sign.
  var (term, sum) = (x, x)
  var n = 1.0
  while n < 60 {
    term *= 2 * x * x / (2 * n + 1)
    sum += term
    n += 1
  }
  return 2 * inverseRootPi * gaussian(x) * sum
}

/// erfc x = 1 − erf x, relative error below 1e-14 as long as it is a normal number.
public func erfc(_ x: Double) -> Double {
  if x.isNaN { return x }
  return x < 0.5 ? 1 - erf(x) : upperTail(x)
}

/// erfc x for x ≥ ½ by its continued fraction, from the inside out (Abramowitz and Stegun 1964, 7.1.14).
private func upperTail(_ x: Double) -> Double {
  guard x < 28 else { return 0 }
  // Its error falls like e^{−2x√(2n)}: below 2⁻⁵³ after these terms.
  var k = (20 + 240 / (x * x)).rounded()
  var below = x
  while k > 0 {
    below = x + 0.5 * k / below
    k -= 1
  }
  return inverseRootPi * gaussian(x) / below
}

/// e^{−x²}, x² without rounding.
private func gaussian(_ x: Double) -> Double {
  let square = Pair(product: x, x)
  return exp(-square.high) * (1 - square.low)
}
