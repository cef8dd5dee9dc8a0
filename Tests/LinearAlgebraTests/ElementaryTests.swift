import Foundation
import LinearAlgebra
import Testing

@Suite struct ElementaryTests {
  @Test("exp, log, sin and cos keep their stated accuracy") func accuracy() {
    var worst = (exp: 0.0, log: 0.0, sin: 0.0, cos: 0.0)
    for i in 0..<200_000 {
      let u = (Float(i) + 0.37) / 200_000
      let x = -80 + 160 * u
      let y = Float(Foundation.exp(Double(-20 + 40 * u)))
      let turns = -9 + 18 * u
      worst.exp = max(worst.exp, abs(Double(Elementary.exp(x)) / Foundation.exp(Double(x)) - 1))
      let logarithm = Foundation.log(Double(y))
      worst.log = max(worst.log, abs(Double(Elementary.log(y)) - logarithm) / max(1, abs(logarithm)))
      worst.sin = max(worst.sin, abs(Double(Elementary.sinTurns(turns)) - sin(2 * .pi * Double(turns))))
      worst.cos = max(worst.cos, abs(Double(Elementary.cosTurns(turns)) - cos(2 * .pi * Double(turns))))
    }
    // The accuracies that the functions state.
    #expect(worst.exp < 1.5e-7)
    #expect(worst.log < 1.2e-7)
    #expect(worst.sin < 2e-7)
    #expect(worst.cos < 2e-7)
  }
}
