/// Box–Muller in `Float` without branches or library calls: two words in, two independent N(0, 1) out.
///
///     z₀ = ρ cos θ,  z₁ = ρ sin θ,  ρ = √(−2 ln u),  θ uniform on the circle
///
/// The polynomials are least-maximum (Remez) fits of relative error below 4e-8 before rounding; normals are right to
/// about four units in the last place. u has 31 bits, so |z| reaches 6.66. Every step is one rounding or one fused
/// multiply-add: the bits do not depend on how wide the vectors are.
///
/// Source: Box, Muller, "A note on the generation of random normal deviates", 1958.
enum NormalKernel {
  /// ρ from the upper 31 bits of `word`, and its sign flipped by the lowest.
  @inline(__always)
  static func radius(_ word: UInt32) -> Float {
    // u = (k + ½) 2⁻³¹ is never 0; rounded to 1 it gives ρ = 0.
    let u = Float(Int32(bitPattern: word &>> 1)) + 0.5
    // u = m 2^e with m in [√½, √2): the logarithm keeps full relative accuracy near u = 1, where ρ is small.
    let offset = Int32(bitPattern: u.bitPattern) &- sqrtHalfBits
    let exponent = (offset &>> 23) &- 31
    let f = Float(bitPattern: UInt32(bitPattern: (offset & 0x7F_FFFF) &+ sqrtHalfBits)) - 1
    var p = Float(0.087348394)
    p = Float(-0.14307514).addingProduct(p, f)
    p = Float(0.14917971).addingProduct(p, f)
    p = Float(-0.16570508).addingProduct(p, f)
    p = Float(0.19962072).addingProduct(p, f)
    p = Float(-0.25001755).addingProduct(p, f)
    p = Float(0.3333395).addingProduct(p, f)
    p = Float(-0.4999999).addingProduct(p, f)
    let logarithm = f.addingProduct(f * f, p).addingProduct(Float(exponent), 0.6931472)
    let radius = (-2 * logarithm).squareRoot()
    return Float(bitPattern: radius.bitPattern ^ (word &<< 31))
  }

  /// A point of the right half circle: angle in [−π/4, π/4) from the upper 31 bits, reflected in the diagonal by the
  /// lowest.
  ///
  /// With the sign that `radius` carries this reaches every direction.
  @inline(__always)
  static func direction(_ word: UInt32) -> (x: Float, y: Float) {
    let scale = Float(3.6572952e-10)  // (π/4) / 2³¹
    let angle = Float(Int32(bitPattern: word | 1)) * scale
    let square = angle * angle
    let s = Float(-0.16666655).addingProduct(Float(0.008332205).addingProduct(-0.00019520237, square), square)
    let c = Float(-0.499999).addingProduct(Float(0.04165654).addingProduct(-0.0013600461, square), square)
    let sine = angle.addingProduct(angle * square, s)
    let cosine = Float(1).addingProduct(square, c)
    let reflected = word & 1 != 0
    return reflected ? (sine, cosine) : (cosine, sine)
  }

  private static let sqrtHalfBits: Int32 = 0x3F35_04F3
}
