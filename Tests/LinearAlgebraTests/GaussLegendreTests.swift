import Foundation
import LinearAlgebra
import Testing

@Suite struct GaussLegendreTests {
  @Test("polynomials of degree 15 are exact, and 16 is not") func degree() {
    func error(of degree: Int) -> Double {
      let sum = GaussLegendre.nodes.reduce(0) { $0 + $1.weight * pow($1.node, Double(degree)) }
      return abs(sum * Double(degree + 1) - 1)
    }
    for degree in 0...15 { #expect(error(of: degree) < 1e-14, "\(degree)") }  // rounding
    #expect(error(of: 16) > 1e-10)  // the rule errs at the first degree beyond: 6e-9, (8!)⁴/(16!)²
  }

  @Test("panels add up over their interval") func panels() {
    var sum = 0.0
    GaussLegendre.forEachNode(from: -1, to: 2, panels: 3) { x, weight in sum += weight * exp(x) }
    #expect(abs(sum / (exp(2) - exp(-1)) - 1) < 1e-14)  // rounding
  }
}
