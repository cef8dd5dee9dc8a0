import LinearAlgebra
import Randomness
import RealFunctions
import Targets
import Testing

@Suite struct ColumnKindTests {
  private static let kinds: [ColumnKind] = [
    .number, .positive, .bounded(low: -3, high: 3), .bounded(low: 0.1, high: 0.7), .bounded(low: 1e6, high: 1e6 + 1),
  ]

  @Test("a kind's words are read back, and words that are none are refused") func words() {
    for kind in Self.kinds + [.integer, .levels(count: 2), .levels(count: 65_536)] {
      #expect(ColumnKind(kind.words) == kind)
    }
    #expect(ColumnKind("bounded [ -1 ,2.5e1]") == .bounded(low: -1, high: 25))
    for text in [
      "bounded", "bounded [1, 1]", "bounded [2, 1]", "bounded [0]", "bounded [a, b]", "bounded [-inf, 1]", "Number", "",
      "levels",
      "levels 1", "levels 65537", "levels 2.5", "levels -4",
    ] {
      #expect(ColumnKind(text) == nil, "\(text)")
    }
  }

  @Test("maps to numbers without bounds and back are inverse", arguments: kinds) func roundTrip(kind: ColumnKind) {
    for y in stride(from: -4.0, through: 4, by: 0.37) {
      let x = kind.outer(y)
      #expect(kind.contains(x))
      // dy/dx at 4 deviations is 7,000 over the width: rounding of x is made that much larger, and by the offset of the box.
      let scale = { if case .bounded(let low, let high) = kind { abs(low) / (high - low) + 1 } else { 1.0 } }()
      #expect(abs(kind.inner(x) - y) < 1e-11 * scale, "\(kind.inner(x)) for \(y)")
    }
  }

  @Test("the derivative is that of the map", arguments: kinds) func derivative(kind: ColumnKind) {
    for y in [-2.5, -0.3, 0.9, 2.2] {
      let (x, h) = (kind.outer(y), 1e-5)
      let inverse = (kind.outer(y + h) - kind.outer(y - h)) / (2 * h)
      // Central differences: h², and in the box at 1e6 the rounding of x, 1e-10, over the 4e-7 that it moves by at −2.5.
      #expect(abs(kind.logDerivative(x) + log(inverse)) < 1e-3, "\(kind.words) at \(y)")
    }
  }

  @Test("no number leaves its box, in double or in single precision", arguments: kinds) func box(kind: ColumnKind) {
    for y in [-1e300, -1e4, -40, -9, 9, 40, 1e4, 1e300, -Double.infinity, Double.infinity] {
      guard kind != .number else { continue }
      #expect(kind.contains(kind.outer(y)) || kind.outer(y) == .infinity, "\(kind.words): \(kind.outer(y))")
      #expect(kind.contains(Double(kind.outerSingle(y))), "\(kind.words): \(kind.outerSingle(y))")
    }
  }

  @Test("a bound that single precision has not is not crossed by rounding to it") func roundedBounds() {
    // In single precision the nearest of 0.1 is above it, and that of −0.1 below.
    let kind = ColumnKind.bounded(low: -0.1, high: 0.1)
    #expect(Double(Float(0.1)) > 0.1 && Double(Float(-0.1)) < -0.1)
    #expect(Double(kind.outerSingle(40)) <= 0.1 && Double(kind.outerSingle(-40)) >= -0.1)
  }

  @Test("numbers at a bound are finite, and whole numbers stay whole") func edges() {
    let kind = ColumnKind.bounded(low: -3, high: 3)
    // Φ⁻¹(2⁻²⁴).
    #expect(abs(kind.inner(-3) + 5.294704084854597) < 1e-9 && kind.inner(3) == -kind.inner(-3))
    #expect(ColumnKind.integer.outer(2.6) == 3 && ColumnKind.integer.outerSingle(-0.4) == 0)
    let grey = ColumnKind.levels(count: 256)
    #expect([-0.7, 0.49, 254.5, 300].map(grey.outer) == [0, 0, 255, 255] && grey.outerSingle(1e9) == 255)
    #expect([-1, 0, 0.5, 255, 256].map(grey.contains) == [false, true, false, true, false])
    #expect(!ColumnKind.integer.contains(2.5) && !ColumnKind.positive.contains(0) && !kind.contains(3.0000001))
  }

  @Test("a uniform column becomes standard normal") func uniform() {
    let kind = ColumnKind.bounded(low: 2, high: 5)
    let values = (0..<10_000).map { kind.inner(2 + 3 * (Double($0) + 0.5) / 10_000) }
    let moments = [2, 4].map { power in values.reduce(0) { $0 + pow(abs($1), Double(power)) } / 10_000 }
    // The midpoint rule loses what lies beyond 1 in 20,000.
    #expect(abs(moments[0] - 1) < 1e-3 && abs(moments[1] - 3) < 0.02, "\(moments)")
  }

  @Test("the normal quantile is that of tables") func quantile() {
    // Abramowitz and Stegun 1964, table 26.5 and SciPy's ndtri.
    for (p, x) in [
      (0.975, 1.959963984540054), (0.5, 0), (0.01, -2.3263478740408408), (1e-10, -6.361340902404056),
      (0.02425, -1.972961051311885), (0.3, -0.5244005127080409),
    ] { #expect(abs(normalQuantile(p) - x) < 1e-9, "\(normalQuantile(p)) for \(x)") }
    #expect(normalQuantile(0) == -.infinity && normalQuantile(1) == .infinity && normalQuantile(2).isNaN)
    for p in stride(from: 0.001, to: 1, by: 0.0137) {
      #expect(abs(normalProbability(normalQuantile(p)) - p) < 1e-14)
    }
  }
}
