/// The series of 2 artanh(s) / s − 2 in z = s², for |s| ≤ 0.172.
@usableFromInline
@inline(__always)
func logarithmTail(_ z: Double) -> Double {
  var r = 2.0 / 23
  r = (2.0 / 21).addingProduct(r, z)
  r = (2.0 / 19).addingProduct(r, z)
  r = (2.0 / 17).addingProduct(r, z)
  r = (2.0 / 15).addingProduct(r, z)
  r = (2.0 / 13).addingProduct(r, z)
  r = (2.0 / 11).addingProduct(r, z)
  r = (2.0 / 9).addingProduct(r, z)
  r = (2.0 / 7).addingProduct(r, z)
  r = (2.0 / 5).addingProduct(r, z)
  r = (2.0 / 3).addingProduct(r, z)
  return z * r
}

/// x = 2ᵉ(1 + f) with 1 + f in [√½, √2), for positive normal x.
@usableFromInline
@inline(__always)
func split(_ x: Double) -> (e: Double, f: Double) {
  let offset: UInt64 = 0x3fe6_a09e_667f_3bcd
  let shifted = x.bitPattern &- offset
  let e = Int64(bitPattern: shifted) >> 52
  let m = Double(bitPattern: x.bitPattern &- UInt64(bitPattern: e << 52))
  return (Double(e), m - 1)
}

// ln 2 in two parts: products of the upper one with whole numbers below 2²⁰ are exact.
@usableFromInline let log2Upper = 0x1.62e42fefa0000p-1
@usableFromInline let log2Lower = 0x1.cf79abc9e3b3ap-40

/// e ln 2 + ln(1 + f) + rest: f counts in full, the rest of the series is small beside it.
@usableFromInline
@inline(__always)
func logarithm(_ e: Double, _ f: Double, rest: Double) -> Double {
  let s = f / (2 + f)
  let half = 0.5 * f * f
  let tail = logarithmTail(s * s)
  return (e * log2Upper) - ((half - (s * (half + tail) + rest.addingProduct(e, log2Lower))) - f)
}

/// ln x, error below 1 ulp; −∞ at 0, no number below.
@inlinable
public func log(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x < 0 ? .nan : x }
  guard x.isNormal else { return log(x * 0x1p54) - 54 * log2High }
  let (e, f) = split(x)
  return logarithm(e, f, rest: 0)
}

/// ln(1 + x), error below 1 ulp, however small x.
public func log1p(_ x: Double) -> Double {
  guard x > -1, x < .infinity else { return x == -1 ? -.infinity : x < -1 ? .nan : x }
  guard abs(x) > 0x1p-54 else { return x }
  if x > -0.29, x < 0.41 { return logarithm(0, x, rest: 0) }
  let u = Pair(sum: 1, x)
  let (e, f) = split(u.high)
  return logarithm(e, f, rest: u.low / u.high)
}

/// log₂ x, error below 2 ulp.
public func log2(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return log(x) }
  let y = logarithmPair(x)
  // 1/ln 2 in two parts.
  let (high, low) = (0x1.71547652b82fep0, 0x1.777d0ffda0d24p-56)
  return y.high * high + (y.high * low + y.low * high)
}

/// log₁₀ x, error below 2 ulp.
public func log10(_ x: Double) -> Double {
  guard x > 0, x < .infinity else { return log(x) }
  let y = logarithmPair(x)
  let (high, low) = (0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57)
  let product = Pair(product: y.high, high)
  return product.high + (product.low + (y.high * low + y.low * high))
}

/// ln x to 60 bits.
func logarithmPair(_ x: Double) -> Pair {
  guard x.isNormal else {
    let y = logarithmPair(x * 0x1p54)
    let sum = Pair(sum: y.high, -54 * log2High)
    return Pair(sum.high, sum.low + y.low)
  }
  let (e, f) = split(x)
  // s = f / (2 + f) as a pair.
  let below = Pair(sum: 2, f)
  let s = f / below.high
  let rest = (f.addingProduct(-s, below.high) - s * below.low) / below.high
  // 2s + s · tail, the tail below 1/50.
  let tail = s * logarithmTail(s * s)
  let own = Pair(sum: 2 * s, tail)
  let upper = Pair(sum: e * log2Upper, own.high)
  let low = upper.low + ((own.low + 2 * rest) + e * log2Lower)
  return Pair(sum: upper.high, low)
}

/// xʸ for x ≥ 0, error below 1 ulp.
public func pow(_ x: Double, _ y: Double) -> Double {
  guard y != 0, x != 1 else { return 1 }
  guard x > 0, x < .infinity, y.isFinite else {
    if x.isNaN || y.isNaN || x < 0 { return .nan }
    // 0, ∞, or to the power of ±∞: each is 0 or ∞.
    return (x > 1) == (y > 0) ? .infinity : 0
  }
  let logarithm = logarithmPair(x)
  let product = Pair(product: y, logarithm.high)
  guard product.high < 710 else { return .infinity }
  guard product.high > -746 else { return 0 }
  let (n, t) = reducedExponential(product.high, product.low + y * logarithm.low)
  return scaled(1 + (t.high + t.low), n)
}

/// The inverse of sinh, error below 3 ulp.
public func asinh(_ x: Double) -> Double {
  let size = abs(x)
  // Beyond 2²⁸ the 1 below the root is lost.
  guard size < 0x1p28 else { return x < 0 ? -(log(size) + log2High) : log(size) + log2High }
  let value = log1p(size + size * size / (1 + 1.0.addingProduct(size, size).squareRoot()))
  return x < 0 ? -value : value
}
