/// Philox4x32-10, a counter-based generator: ten rounds of a keyed bijection of 128-bit counters.
///
/// Any output is computed from its counter alone, so draws can be keyed by the global position of a row and never
/// depend on who computes them or in which order.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public enum Philox {
  static let multiplier0: UInt64 = 0xD251_1F53
  static let multiplier1: UInt64 = 0xCD9E_8D57
  static let weyl0: UInt32 = 0x9E37_79B9
  static let weyl1: UInt32 = 0xBB67_AE85
  static let rounds = 10

  /// Four random words: the image of `counter` under the bijection of `key`.
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (x0, x1) = (UInt64(counter[0]), UInt64(counter[1]))
    var (x2, x3) = (UInt64(counter[2]), UInt64(counter[3]))
    var (k0, k1) = (key[0], key[1])
    for _ in 0..<rounds {
      round(&x0, &x1, &x2, &x3, UInt64(k0), UInt64(k1))
      k0 &+= weyl0
      k1 &+= weyl1
    }
    return SIMD4(
      UInt32(truncatingIfNeeded: x0), UInt32(truncatingIfNeeded: x1),
      UInt32(truncatingIfNeeded: x2), UInt32(truncatingIfNeeded: x3))
  }

  // Words travel in the low halves of 64-bit lanes: the product of two such lanes is one vector instruction.
  @inline(__always)
  static func round(
    _ x0: inout UInt64, _ x1: inout UInt64, _ x2: inout UInt64, _ x3: inout UInt64, _ k0: UInt64, _ k1: UInt64
  ) {
    let low: UInt64 = 0xFFFF_FFFF
    let product0 = (x0 & low) &* multiplier0
    let product1 = (x2 & low) &* multiplier1
    let y0 = (product1 &>> 32) ^ (x1 & low) ^ k0
    let y2 = (product0 &>> 32) ^ (x3 & low) ^ k1
    (x0, x1, x2, x3) = (y0, product1 & low, y2, product0 & low)
  }
}
