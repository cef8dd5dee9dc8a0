import LinearAlgebra
import Testing

@testable import Sampling

@Suite struct ChainDiagnosticsTests {
  /// Two chains that move upwards together: their means agree, the means of their halves do not.
  private let rising = [
    [0.3, -1.2, 0.8, 1.9, 0.4, -0.6, 2.2, 3.1], [-0.5, 0.1, -1.4, 0.2, 1.0, 1.7, 0.9, 2.6],
  ]
  /// ArviZ's rhat(method="split") of them, and that of whole chains.
  private let split = 1.140117065464412
  private let whole = 0.9472920306907544

  @Test("R̂ is that of the chains' halves") func halves() {
    let found = chainDiagnostics(rising)
    #expect(abs(found.splitRHat - split) < 1e-12 && found.splitRHat > whole)  // rounding
    #expect(found.draws == 16)
    // Of one constant chain, halves included, nothing is left to mix.
    #expect(chainDiagnostics([[2, 2, 2, 2]]).splitRHat == 1)
  }

  @Test("the worst of all quantities is told, log π among them", arguments: 0..<3) func worst(quantity: Int) throws {
    // The rising chains stand in a coordinate or in log π; the other two quantities go up and down.
    var history = ChainHistory(chains: 2, steps: 8, dimension: 2)
    var state = Matrix(rows: 2, columns: 2)
    for draw in 0..<8 {
      var density = [0.0, 0]
      for chain in 0..<2 {
        let other = (draw + chain) % 2 == 0 ? 1.0 : -1.0
        for k in 0..<2 { state[chain, k] = Float(k == quantity ? rising[chain][draw] : other) }
        density[chain] = quantity == 2 ? rising[chain][draw] : other
      }
      history.append(state, density)
    }
    let found = try #require(history.diagnostics)
    // Single precision of draws below 4.
    #expect(abs(found.splitRHat - split) < 1e-6 && found.draws == 16)
    #expect(abs(found.effectiveSampleSize - chainDiagnostics(rising).effectiveSampleSize) < 1e-4)
  }
}
