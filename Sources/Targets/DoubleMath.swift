/// e^x and ln x in pure Double arithmetic: loops over them are vectorised, and bits do not depend on the C library.
enum DoubleMath {
  /// e^x to a relative accuracy of 1e-15 for |x| ≤ 700, beyond which x is cut off.
  ///
  /// ```
  /// e^x = 2^k e^r,   |r| ≤ ½ ln 2,   e^r by its Taylor polynomial of degree 13 (remainder below 5e-18)
  /// ```
  @inline(__always)
  static func exponential(_ x: Double) -> Double {
    let x = x < -700 ? -700 : (x > 700 ? 700 : x)
    // Adding 1.5 · 2⁵² rounds to a whole number, whose bits then stand at the low end.
    let shifted = roundingShift.addingProduct(x, 1.4426950408889634074)
    let k = shifted - roundingShift
    let r = x.addingProduct(k, -log2High).addingProduct(k, -log2Low)
    var p = 1.0 / 6_227_020_800
    p = (1.0 / 479_001_600).addingProduct(p, r)
    p = (1.0 / 39_916_800).addingProduct(p, r)
    p = (1.0 / 3_628_800).addingProduct(p, r)
    p = (1.0 / 362_880).addingProduct(p, r)
    p = (1.0 / 40_320).addingProduct(p, r)
    p = (1.0 / 5_040).addingProduct(p, r)
    p = (1.0 / 720).addingProduct(p, r)
    p = (1.0 / 120).addingProduct(p, r)
    p = (1.0 / 24).addingProduct(p, r)
    p = (1.0 / 6).addingProduct(p, r)
    p = 0.5.addingProduct(p, r)
    p = 1.0.addingProduct(p, r)
    p = 1.0.addingProduct(p, r)
    return p * Double(bitPattern: (shifted.bitPattern &+ 1023) &<< 52)
  }

  /// ln x to an accuracy of 1e-15 max(1, |ln x|), for positive normal numbers.
  ///
  /// ```
  /// ln x = e ln 2 + 2 artanh s,   x = m 2^e,   m in [√½, √2),   s = (m − 1) / (m + 1)
  /// ```
  /// with the series of artanh to s¹⁷ (remainder below 1e-15).
  @inline(__always)
  static func logarithm(_ x: Double) -> Double {
    let biased = (x.bitPattern &- sqrtHalfBits &+ (1023 &<< 52)) &>> 52
    let exponent = Double(bitPattern: biased | 0x4330_0000_0000_0000) - 0x1.00000000003ffp52
    let m = Double(bitPattern: x.bitPattern &- (biased &<< 52) &+ (1023 &<< 52))
    let s = (m - 1) / (m + 1)
    let square = s * s
    var p = 1.0 / 17
    p = (1.0 / 15).addingProduct(p, square)
    p = (1.0 / 13).addingProduct(p, square)
    p = (1.0 / 11).addingProduct(p, square)
    p = (1.0 / 9).addingProduct(p, square)
    p = (1.0 / 7).addingProduct(p, square)
    p = (1.0 / 5).addingProduct(p, square)
    p = (1.0 / 3).addingProduct(p, square)
    p = 1.0.addingProduct(p, square)
    return (2 * s * p).addingProduct(exponent, log2Low).addingProduct(exponent, log2High)
  }

  private static let roundingShift = 0x1.8p52
  private static let sqrtHalfBits: UInt64 = 0x3FE6_A09E_667F_3BCD
  // ln 2 in two parts; products of the upper one with whole numbers below 2¹⁹ are exact.
  private static let log2High = 0x1.62e42fefa0000p-1
  private static let log2Low = 0x1.cf79abc9e3b3ap-40
}
