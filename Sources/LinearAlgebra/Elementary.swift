/// Elementary functions of single precision in pure arithmetic.
///
/// They are branch-free, so that loops over them vectorise, and free of libm, so that every machine rounds alike. Coefficients are minimax fits (Remez, weighted for relative error).
public enum Elementary {
  /// eˣ, relative error below 1.5e-7; the argument is clamped to ±87.
  @inlinable @inline(__always)
  public static func exp(_ x: Float) -> Float {
    let clamped = max(min(x, 87), -87)
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits: no conversion that could trap.
    let magic: Float = 12_582_912
    let shifted = magic.addingProduct(clamped, 1.442_695_040_888_963_4)
    let n = shifted - magic
    // ln 2 in two parts, the first exact in products with |n| ≤ 126.
    let r = clamped.addingProduct(n, -0.693_359_375).addingProduct(n, 2.121_944_400_546_905_8e-4)
    var q: Float = 0.001_381_167_521_41
    q = Float(0.008_370_134_959_11).addingProduct(q, r)
    q = Float(0.041_668_528_022_2).addingProduct(q, r)
    q = Float(0.166_665_087_155).addingProduct(q, r)
    q = Float(0.499_999_926_308).addingProduct(q, r)
    let p = (1 + r).addingProduct(r * r, q)
    return Float(bitPattern: p.bitPattern &+ (shifted.bitPattern &- magic.bitPattern) &<< 23)
  }

  /// e⁻ˣ, relative error below 1.5e-7; the argument is clamped to ±87.
  ///
  /// The same as `exp(-x)` in fewer operations.
  @inlinable @inline(__always)
  public static func expNegative(_ x: Float) -> Float {
    let below: Float = x < 87 ? x : 87
    let clamped: Float = below > -87 ? below : -87
    let magic: Float = 12_582_912
    let shifted = magic.addingProduct(clamped, -1.442_695_040_888_963_4)
    let n = shifted - magic
    // x + n ln 2, the negative of what `exp` has: odd powers change their signs.
    let r = clamped.addingProduct(n, 0.693_359_375).addingProduct(n, -2.121_944_400_546_905_8e-4)
    var q: Float = 0.001_381_167_521_41
    q = Float(-0.008_370_134_959_11).addingProduct(q, r)
    q = Float(0.041_668_528_022_2).addingProduct(q, r)
    q = Float(-0.166_665_087_155).addingProduct(q, r)
    q = Float(0.499_999_926_308).addingProduct(q, r)
    let p = (1 - r).addingProduct(r * r, q)
    return Float(bitPattern: p.bitPattern &+ (shifted.bitPattern &- magic.bitPattern) &<< 23)
  }

  /// ln x for normal positive x, absolute error below 1.2e-7 near 1 and relative elsewhere.
  @inlinable @inline(__always)
  public static func log(_ x: Float) -> Float {
    // x = 2ᵉ·(1 + f) with 1 + f in [√½, √2).
    let offset: UInt32 = 0x3f35_04f3
    let shifted = x.bitPattern &- offset
    let e = Float(Int32(bitPattern: shifted) &>> 23)
    let f = Float(bitPattern: (shifted & 0x007f_ffff) &+ offset) - 1
    var q: Float = -0.076_347_677_177_1
    q = Float(0.127_617_010_111).addingProduct(q, f)
    q = Float(-0.131_601_335_413).addingProduct(q, f)
    q = Float(0.142_017_351_364).addingProduct(q, f)
    q = Float(-0.166_233_601_839).addingProduct(q, f)
    q = Float(0.200_012_281_722).addingProduct(q, f)
    q = Float(-0.250_008_209_859).addingProduct(q, f)
    q = Float(0.333_333_316_863).addingProduct(q, f)
    let f2 = f * f
    let tail = (f2 * f) * q
    let low = tail.addingProduct(e, -2.121_944_400_546_905_8e-4).addingProduct(f2, -0.5)
    return (f + low).addingProduct(e, 0.693_359_375)
  }

  /// sin 2πu for |u| < 2²¹, absolute error below 2e-7.
  @inlinable @inline(__always)
  public static func sinTurns(_ u: Float) -> Float {
    let magic: Float = 12_582_912
    let t = u - ((u + magic) - magic)
    // Reflect the outer quarters: sin 2πt = sin 2π(½ − t). The sign goes by bits, or the loop would not vectorise.
    let size = abs(t)
    let reflected = min(size, 0.5 - size)
    return sinQuarter(Float(bitPattern: reflected.bitPattern | (t.bitPattern & 0x8000_0000)))
  }

  /// cos 2πu for |u| < 2²¹, absolute error below 2e-7.
  @inlinable @inline(__always)
  public static func cosTurns(_ u: Float) -> Float {
    let magic: Float = 12_582_912
    return sinQuarter(0.25 - abs(u - ((u + magic) - magic)))
  }

  /// sin 2πv for |v| ≤ ¼.
  @inlinable @inline(__always)
  static func sinQuarter(_ v: Float) -> Float {
    let s = v * v
    var p: Float = -14.381_391_621_8
    p = Float(42.007_797_295_1).addingProduct(p, s)
    p = Float(-76.704_170_262_1).addingProduct(p, s)
    p = Float(81.605_223_690_4).addingProduct(p, s)
    p = Float(-41.341_702_096_9).addingProduct(p, s)
    p = Float(6.283_185_307_05).addingProduct(p, s)
    return p * v
  }
}
