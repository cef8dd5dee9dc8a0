// Functions of real numbers in pure arithmetic. A C library picks other code for other machines, and its last bit differs
// between them and between its versions; these give the same bits wherever a fused multiply-add is one.
//
// Each reduces its argument exactly, takes the series on a short interval, and keeps the reduction's rounding error beside
// the argument. Coefficients are those of the series: with enough terms a better polynomial would gain nothing but speed.

/// A number as the sum of a double and what rounding took from it.
struct Pair {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double) { (self.high, self.low) = (high, low) }

  /// a + b exactly.
  init(sum a: Double, _ b: Double) {
    high = a + b
    let rest = high - a
    low = (a - (high - rest)) + (b - rest)
  }

  /// a · b exactly.
  init(product a: Double, _ b: Double) {
    high = a * b
    low = (-high).addingProduct(a, b)
  }
}

@usableFromInline let log2High = 0x1.62e42fefa39efp-1
let log2Low = 0x1.abc9e3b39803fp-56

/// 1/k! for k = 13 … 2.
@inline(__always)
func exponentialTail(_ r: Double) -> Double {
  var q = 1.0 / 6_227_020_800
  q = (1.0 / 479_001_600).addingProduct(q, r)
  q = (1.0 / 39_916_800).addingProduct(q, r)
  q = (1.0 / 3_628_800).addingProduct(q, r)
  q = (1.0 / 362_880).addingProduct(q, r)
  q = (1.0 / 40_320).addingProduct(q, r)
  q = (1.0 / 5_040).addingProduct(q, r)
  q = (1.0 / 720).addingProduct(q, r)
  q = (1.0 / 120).addingProduct(q, r)
  q = (1.0 / 24).addingProduct(q, r)
  q = (1.0 / 6).addingProduct(q, r)
  return 0.5.addingProduct(q, r)
}

/// x = n ln 2 + r with |r| ≤ ½ ln 2 as a pair; eˣ = 2ⁿ(1 + t), t as a pair.
@inline(__always)
func reducedExponential(_ x: Double, _ low: Double) -> (n: Double, t: Pair) {
  let n = (x * 1.442_695_040_888_963_4).rounded(.toNearestOrEven)
  // Exact: the difference has at most 53 bits.
  let first = x.addingProduct(-n, log2High)
  let product = Pair(product: -n, log2Low)
  let sum = Pair(sum: first, product.high)
  let r = Pair(sum: sum.high, sum.low + (product.low + low))
  let t = (r.high * r.high) * exponentialTail(r.high) + r.low.addingProduct(r.low, r.high)
  return (n, Pair(sum: r.high, t))
}

/// y · 2ⁿ for |n| < 2000; correctly rounded unless the result is subnormal.
@inline(__always)
func scaled(_ y: Double, _ n: Double) -> Double {
  let whole = Int(n)
  let half = whole / 2
  func power(_ n: Int) -> Double { Double(bitPattern: UInt64(bitPattern: Int64(1023 + n)) << 52) }
  return (y * power(half)) * power(whole - half)
}

/// eˣ, error below 1 ulp.
public func exp(_ x: Double) -> Double {
  // Beyond these it overflows, or is nothing.
  guard x < 710 else { return x.isNaN ? x : .infinity }
  guard x > -746 else { return x.isNaN ? x : 0 }
  let (n, t) = reducedExponential(x, 0)
  return scaled(1 + (t.high + t.low), n)
}

/// eˣ − 1, error below 1 ulp, however small x.
public func expm1(_ x: Double) -> Double {
  guard x < 710 else { return x.isNaN ? x : .infinity }
  guard x > -40 else { return x.isNaN ? x : -1 }
  // The sign of zero stays, and what is below the last bit.
  guard abs(x) > 0x1p-54 else { return x }
  let (n, t) = reducedExponential(x, 0)
  guard n < 60 else { return scaled(1 + (t.high + t.low), n) }
  let scale = scaled(1, n)
  let less = Pair(sum: scale, -1)
  let sum = Pair(sum: less.high, scale * t.high)
  return sum.high + (sum.low + (less.low + scale * t.low))
}

/// sinh x, error below 3 ulp.
public func sinh(_ x: Double) -> Double {
  guard abs(x) < 22 else { return x < 0 ? -0.5 * exp(-x) : 0.5 * exp(x) }
  let t = expm1(abs(x))
  let value = 0.5 * (t + t / (t + 1))
  return x < 0 ? -value : value
}

/// cosh x, error below 2 ulp.
public func cosh(_ x: Double) -> Double {
  let e = exp(abs(x))
  return 0.5 * e + 0.5 / e
}
