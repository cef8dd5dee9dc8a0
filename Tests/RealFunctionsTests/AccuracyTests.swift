import Glibc
import RealFunctions
import Testing

#if arch(x86_64)
  /// The x87 unit's 64 bits of significand are eleven more than a double's.
  typealias Reference = Float80
#else
  typealias Reference = Double
#endif

/// One of our functions beside the C library's in higher precision.
struct Compared: CustomTestStringConvertible, Sendable {
  let name: String
  let own: @Sendable (Double) -> Double
  let reference: @Sendable (Reference) -> Reference
  /// In units in the last place: what the documentation of the function says.
  let bound: Double
  /// Where arguments are drawn from.
  let ranges: [ClosedRange<Double>]
  var testDescription: String { name }

  init(
    _ name: String, _ bound: Double, _ ranges: [ClosedRange<Double>], _ own: @escaping @Sendable (Double) -> Double,
    _ reference: @escaping @Sendable (Reference) -> Reference
  ) {
    (self.name, self.bound, self.ranges, self.own, self.reference) = (name, bound, ranges, own, reference)
  }

  static let all: [Compared] = [
    Compared("exp", 1, [-1...1, -700...700, -1e-5...1e-5], RealFunctions.exp, Glibc.exp),
    Compared("expm1", 1, [-1...1, -1e-8...1e-8, -45...45, 30...700], RealFunctions.expm1, Glibc.expm1),
    Compared("log", 1, [0.5...2, 0.99...1.01, 1e-300...1e-290, 1...1e10], RealFunctions.log, Glibc.log),
    Compared(
      "log1p", 1, [-0.5...1, -1e-8...1e-8, -0.999_999 ... -0.9, 0.4...0.42, 1...1e10], RealFunctions.log1p, Glibc.log1p),
    Compared("log2", 2, [0.5...2, 1...1e10], RealFunctions.log2, Glibc.log2),
    Compared("log10", 2, [0.5...2, 1...1e10], RealFunctions.log10, Glibc.log10),
    Compared("sin", 1, [-1...1, -10...10, -1e9...1e9], RealFunctions.sin, Glibc.sin),
    Compared("cos", 1, [-1...1, -10...10, -1e9...1e9], RealFunctions.cos, Glibc.cos),
    Compared("tan", 3, [-1...1, -10...10, -1e6...1e6], RealFunctions.tan, Glibc.tan),
    Compared("sinh", 3, [-1...1, -1e-4...1e-4, -30...30], RealFunctions.sinh, Glibc.sinh),
    Compared("cosh", 2, [-1...1, -30...30], RealFunctions.cosh, Glibc.cosh),
    Compared("asinh", 3, [-1...1, -1e-6...1e-6, -1e3...1e3, 1e8...1e9], RealFunctions.asinh, Glibc.asinh),
    // Relative errors of 3e-15 and 1e-14 in units of 2.2e-16, or half of that for numbers just below a power of two.
    Compared("erf", 27, [-1...1, -6...6, 1.4...1.6], RealFunctions.erf, Glibc.erf),
    Compared("erfc", 90, [-1...1, 0.4...0.6, 0...6, 5...26], RealFunctions.erfc, Glibc.erfc),
    Compared(
      "0.999^x", 1, [-700...700, 0...1e5], { RealFunctions.pow(0.999, $0) },
      { Glibc.pow(Reference(0.999 as Double), $0) }),
    Compared(
      "x^-0.2", 1, [1e-10...1, 1...1e10], { RealFunctions.pow($0, -0.2) }, { Glibc.pow($0, Reference(-0.2 as Double)) }),
    Compared("2^x", 1, [-6...1, -1000...1000], { RealFunctions.pow(2, $0) }, { Glibc.pow(2, $0) }),
    Compared("hypot(x, 1)", 2, [-3...3, -1e10...1e10], { RealFunctions.hypot($0, 1) }, { Glibc.hypot($0, 1) }),
  ]
}

@Suite struct AccuracyTests {
  @Test("every function is as accurate as it says", arguments: Compared.all)
  func accuracy(function: Compared) {
    // Any generator does: Knuth's linear congruence, its upper bits.
    var state: UInt64 = 1
    for range in function.ranges {
      var (worst, place) = (0.0, 0.0)
      for _ in 0..<100_000 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let x = range.lowerBound + (range.upperBound - range.lowerBound) * Double(state >> 11) * 0x1p-53
        let truth = function.reference(Reference(x))
        let error = Double(abs(Reference(function.own(x)) - truth)) / abs(Double(truth)).ulp
        if !(error <= worst) { (worst, place) = (error, x) }
      }
      #expect(worst < function.bound, "\(function.name)(\(place)) is off by \(worst) ulp")
    }
  }

  @Test("at the ends of their domains functions are what IEEE 754 says")
  func ends() {
    #expect(RealFunctions.exp(-.infinity) == 0 && RealFunctions.exp(710) == .infinity && RealFunctions.exp(.nan).isNaN)
    #expect(RealFunctions.exp(0) == 1 && RealFunctions.expm1(-0.0).sign == .minus)
    #expect(RealFunctions.expm1(-100) == -1 && RealFunctions.expm1(.infinity) == .infinity)
    #expect(RealFunctions.log(0) == -.infinity && RealFunctions.log(-1).isNaN && RealFunctions.log(1) == 0)
    #expect(RealFunctions.log(.infinity) == .infinity && RealFunctions.log1p(-1) == -.infinity)
    #expect(RealFunctions.log1p(-0.0).sign == .minus && RealFunctions.log1p(-2).isNaN)
    #expect(RealFunctions.pow(0, 2) == 0 && RealFunctions.pow(0, -1) == .infinity && RealFunctions.pow(-1, 0.5).isNaN)
    #expect(RealFunctions.pow(2, .infinity) == .infinity && RealFunctions.pow(0.5, .infinity) == 0)
    #expect(RealFunctions.pow(.infinity, -1) == 0 && RealFunctions.pow(.nan, 0) == 1)
    #expect(RealFunctions.sin(-0.0).sign == .minus && RealFunctions.cos(0) == 1 && RealFunctions.sin(0x1p31).isNaN)
    #expect(RealFunctions.erfc(30) == 0 && RealFunctions.erf(-30) == -1 && RealFunctions.erfc(-30) == 2)
    #expect(RealFunctions.hypot(0, 0) == 0 && RealFunctions.hypot(1e300, 1e300).isFinite)
  }

  @Test("subnormal results and arguments keep their digits")
  func subnormal() {
    for x in [-709.5, -720.0, -740.0] {
      let truth = Glibc.exp(Reference(x))
      // Half a unit of the series and half of the second rounding, where the smallest double is the unit.
      #expect(abs(Reference(RealFunctions.exp(x)) - truth) < 1.1 * Reference(Double.leastNonzeroMagnitude))
    }
    for x in [Double.leastNonzeroMagnitude, 1e-300 * 1e-10] {
      let error = Double(abs(Reference(RealFunctions.log(x)) - Glibc.log(Reference(x))))
      #expect(error < RealFunctions.log(x).ulp)  // 1 ulp, as everywhere
    }
  }
}
