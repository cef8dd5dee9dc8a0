import LinearAlgebra
import Randomness
import TestSupport
import Testing
import Training

@Suite struct DequantisationTests {
  private static let stream = RandomStream(seed: 5, purpose: .dequantisation, step: 3)

  @Test("noise is uniform over one cell, in its columns alone, and belongs to a row's index") func noise() throws {
    let noise = try #require(Dequantisation(widths: [0.5, 0, 2]))
    var rows = Matrix(rows: 20_000, columns: 4)
    for r in 0..<rows.rows { for j in 0..<4 { rows[r, j] = 3 } }
    noise.add(to: &rows, firstIndex: 0, Self.stream)
    for (column, width) in [(0, 0.5), (2, 2.0)] {
      let draws = (0..<rows.rows).map { (Double(rows[$0, column]) - 3) / width + 0.5 }
      // √n times the distance exceeds 1.63 once in a hundred streams.
      #expect(kolmogorovSmirnov(draws) { min(max($0, 0), 1) } < 1.63)
    }
    #expect((0..<rows.rows).allSatisfy { rows[$0, 1] == 3 && rows[$0, 3] == 3 })
    var part = Matrix(rows: 5, columns: 4)
    for r in 0..<5 { for j in 0..<4 { part[r, j] = 3 } }
    noise.add(to: &part, firstIndex: 77, Self.stream)
    for r in 0..<5 { for j in 0..<4 { #expect(part[r, j] == rows[77 + r, j]) } }
  }

  @Test("no column of levels is no noise") func none() { #expect(Dequantisation(widths: [0, 0]) == nil) }
}
