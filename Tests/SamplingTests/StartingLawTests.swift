import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Sampling
import TestSupport
import Testing

@Suite struct StartingLawTests {
  private func rows(_ law: NoiseLaw, _ count: Int, _ columns: Int, seed: UInt64 = 5, first: UInt64 = 0) -> Matrix {
    var rows = Matrix(rows: count, columns: columns)
    law.fill(&rows, columns: columns, seed: seed, firstIndex: first)
    return rows
  }

  @Test("a Student-t start in the plane has its norm's exact law", arguments: [2.0, 5])
  func norm(degrees: Double) {
    let draws = rows(.studentT(degrees: degrees), 50_000, 2)
    let squares = (0..<draws.rows).map {
      Double(draws[$0, 0]) * Double(draws[$0, 0]) + Double(draws[$0, 1]) * Double(draws[$0, 1])
    }
    // ‖g‖² is exponential given w: P(‖g‖²/w > s) = E e^{−sw/2} = (1 + s/ν)^{−ν/2}.
    #expect(kolmogorovSmirnov(squares) { 1 - pow(1 + $0 / degrees, -degrees / 2) } < kolmogorovSmirnovBound)
    // Each coordinate is a Student-t: with two degrees of freedom ½ + x/(2√(2 + x²)).
    guard degrees == 2 else { return }
    let first = (0..<draws.rows).map { Double(draws[$0, 0]) }
    #expect(kolmogorovSmirnov(first) { 0.5 + $0 / (2 * (2 + $0 * $0).squareRoot()) } < kolmogorovSmirnovBound)
  }

  @Test("the scale of a Student-t start is independent of its direction", arguments: [1, 2, 4, 5])
  func independence(columns: Int) {
    let law = NoiseLaw.studentT(degrees: 3)
    let heavy = rows(law, 20_000, columns)
    let plain = rows(.gaussian, 20_000, columns)
    // 1/√w is what the rows are multiplied by; ln w has the mean ψ(3/2) + ln(2/3) = −0.3690 and no correlation with g².
    let scales = (0..<20_000).map { log(Double(heavy[$0, 0] / plain[$0, 0])) }
    for k in 0..<columns {
      let squares = (0..<20_000).map { Double(plain[$0, k]) * Double(plain[$0, k]) - 1 }
      let mean = scales.reduce(0, +) / 20_000
      let spread = scales.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
      let correlation = meanProduct(scales.map { $0 - mean }, squares) / (2 * spread).squareRoot()
      // Five standard errors of 1/√20,000.
      #expect(abs(correlation) < 0.036, "\(correlation)")
      // ½(ln(3/2) − ψ(3/2)) = 0.184487 by SciPy; the deviation of ln w is √ψ'(3/2) = 0.967: five standard errors of half.
      #expect(abs(mean - 0.184487) < 5 * 0.5 * 0.967 / 20_000.squareRoot(), "\(mean)")
    }
  }

  @Test("columns behind those asked for stay normal, and rows are those of their own index") func columns() {
    var whole = Matrix(rows: 20, columns: 6)
    NoiseLaw.studentT(degrees: 3).fill(&whole, columns: 4, seed: 5, firstIndex: 100)
    let plain = rows(.gaussian, 20, 6, first: 100)
    for r in 0..<20 {
      for k in 4..<6 { #expect(whole[r, k] == plain[r, k]) }
      #expect(whole[r, 0] != plain[r, 0])
      // One factor for the row.
      #expect(abs(whole[r, 3] / plain[r, 3] - whole[r, 0] / plain[r, 0]) < 1e-5 * abs(whole[r, 0] / plain[r, 0]))
    }
    var later = Matrix(rows: 5, columns: 6)
    NoiseLaw.studentT(degrees: 3).fill(&later, columns: 4, seed: 5, firstIndex: 115)
    for r in 0..<5 { for k in 0..<6 { #expect(later[r, k] == whole[15 + r, k]) } }
  }
}
