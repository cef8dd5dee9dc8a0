/// Values of a funnel's posterior at equally spaced nodes.
struct FunnelNodes {
  static let capacity = 512
  // The log density, φ', 1/(e^y + q), minus the second derivative of the log density.
  private var logDensity = [Double](repeating: 0, count: Self.capacity)
  private var slopes = [Double](repeating: 0, count: Self.capacity)
  private var precisions = [Double](repeating: 0, count: Self.capacity)
  private var curvatures = [Double](repeating: 0, count: Self.capacity)

  /// Evaluates the law at low + i·step, i = 0 … count − 1.
  mutating func fill(_ law: FunnelLogPosterior, from low: Double, step: Double, count: Int) {
    Self.fill(law, from: low, step: step, count: count, &logDensity, &slopes, &precisions, &curvatures)
  }

  private static func fill(
    _ law: FunnelLogPosterior, from low: Double, step: Double, count: Int, _ h: inout [Double], _ f: inout [Double],
    _ p: inout [Double], _ c: inout [Double]
  ) {
    let (center, squares, n, q) = (law.center, law.squares, law.n, law.q)
    let inverseWidth = 1 / law.width
    var h = h.mutableSpan
    var f = f.mutableSpan
    var p = p.mutableSpan
    var c = c.mutableSpan
    precondition(count <= h.count && count <= f.count && count <= p.count && count <= c.count, "\(count) nodes")
    for i in 0..<count {
      let y = low.addingProduct(Double(Int32(truncatingIfNeeded: i)), step)
      let e = DoubleMath.exponential(y)
      let variance = e + q
      let inverse = 1 / variance
      let away = y - center
      let ratio = squares * inverse
      let share = e * inverse
      let slope = 0.5 * share * (ratio - n)
      h[i] = -0.5 * (away * away * inverseWidth + n * DoubleMath.logarithm(variance) + ratio)
      f[i] = slope
      p[i] = inverse
      c[i] = inverseWidth - slope - share * share * (0.5 * n - ratio)
    }
  }

  /// The density, φ' and 1/(e^y + q) at a node; after `sum` the density is a weight.
  subscript(i: Int) -> (density: Double, slope: Double, precision: Double) { (logDensity[i], slopes[i], precisions[i]) }

  /// The nodes from the first to the last whose density counts.
  func kept(_ count: Int) -> Range<Int> {
    let threshold = largest(count) - FunnelLogPosterior.cut
    let h = logDensity.span
    var (first, last) = (0, count - 1)
    while h[first] < threshold { first += 1 }
    while h[last] < threshold { last -= 1 }
    return first..<last + 1
  }

  /// The largest curvature among nodes whose density counts.
  func sharpest(_ nodes: Range<Int>) -> Double {
    let threshold = largest(nodes.upperBound) - FunnelLogPosterior.cut
    let (h, c) = (logDensity.span, curvatures.span)
    var sharpest = 0.0
    for i in nodes where h[i] >= threshold { sharpest = max(sharpest, c[i]) }
    return sharpest
  }

  /// Replaces log densities by weights relative to the largest and sums them, alone and with φ' and 1/(e^y + q).
  mutating func sum(_ count: Int) -> (mass: Double, slope: Double, precision: Double, largest: Double) {
    let largest = largest(count)
    Self.exponentiate(&logDensity, minus: largest, count: count)
    // Four partial sums each, so that additions overlap.
    var (mass, slope, precision) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
    let (w, f, p) = (logDensity.span, slopes.span, precisions.span)
    for i in stride(from: 0, to: count, by: 4) {
      let weight = SIMD4(w[i], w[i &+ 1], w[i &+ 2], w[i &+ 3])
      mass += weight
      slope += weight * SIMD4(f[i], f[i &+ 1], f[i &+ 2], f[i &+ 3])
      precision += weight * SIMD4(p[i], p[i &+ 1], p[i &+ 2], p[i &+ 3])
    }
    return (Self.total(mass), Self.total(slope), Self.total(precision), largest)
  }

  private static func exponentiate(_ h: inout [Double], minus largest: Double, count: Int) {
    var h = h.mutableSpan
    precondition(count <= h.count, "\(count) nodes")
    for i in 0..<count { h[i] = DoubleMath.exponential(h[i] - largest) }
  }

  private func largest(_ count: Int) -> Double {
    let h = logDensity.span
    var largest = h[0]
    for i in 1..<count { largest = h[i] > largest ? h[i] : largest }
    return largest
  }

  private static func total(_ x: SIMD4<Double>) -> Double { (x[0] + x[1]) + (x[2] + x[3]) }
}
