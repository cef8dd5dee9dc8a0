import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Metrics

@Suite struct KnownValuesTests {
  private func matrix(_ rows: [[Float]]) -> Matrix {
    var matrix = Matrix(rows: rows.count, columns: rows[0].count)
    for (r, row) in rows.enumerated() { for (k, x) in row.enumerated() { matrix[r, k] = x } }
    return matrix
  }

  @Test("a row between a narrow mode and a wide one belongs to the likelier, not to the nearer in deviations")
  func modes() throws {
    // At x = 1: narrow N(0, 0.1²) is 10 deviations away; wide N(3, 2²) one. At 0.25 the narrow mode has 2.5 deviations and
    // the density e^{−3.125}/0.1 = 0.44, the wide one 1.375 and e^{−0.945}/2 = 0.19.
    var distance = ModeCoverage(weights: [0.5, 0.5], means: [[0], [3]], variances: [[0.01], [4]])
    try distance.setReference(matrix([[0], [1]]))
    #expect(try Array(distance.values(to: matrix([[0.25], [1]])).prefix(3)) == [0, 0, 0])
    // Weights 1 : 9 reverse the first: 0.044 against 0.17.
    var weighted = ModeCoverage(weights: [0.1, 0.9], means: [[0], [3]], variances: [[0.01], [4]])
    try weighted.setReference(matrix([[0], [1]]))
    let found = try weighted.values(to: matrix([[0.25], [1]]))
    // All rows in the second: the first is missed, and the error is ½(0.1 + 0.1).
    #expect(found[0] == 0.5 && abs(found[1] - 0.1) < 1e-15 && found[2] == 0)
  }

  @Test("rows are outside beyond the 99.9 % radius of their own mode, and a mode is missed below a tenth of its weight")
  func coverage() throws {
    var distance = ModeCoverage(weights: [0.5, 0.5], means: [[0, 0], [10, 0]], variances: [[1, 1], [1, 1]])
    try distance.setReference(matrix([[0, 0], [1, 1]]))
    // χ² of two degrees: 99.9 % within 13.82; Wilson and Hilferty's formula gives 13.72.
    #expect(try Array(distance.values(to: matrix([[0, 3.6], [10, 3.8]])).prefix(3)) == [0, 0, 0.5])
    // 1 of 21 rows in the second mode, whose tenth is 1.05.
    var rows = [[Float]](repeating: [0, 0], count: 20)
    rows.append([10, 0])
    #expect(try distance.values(to: matrix(rows))[0] == 0.5)
    rows.append([10, 1])
    #expect(try distance.values(to: matrix(rows))[0] == 0)
  }

  @Test("equal laws in 20 dimensions cannot be told apart, and a part of the coordinates moved can") func classifier()
    throws
  {
    func accuracy(shift: Float) throws -> Double {
      let a = normals(400, 20, seed: 1)
      let b = normals(400, 20, seed: 2)
      var moved = Matrix(rows: 400, columns: 20)
      for r in 0..<400 { for k in 0..<20 { moved[r, k] = b[r, k] + (k < 4 ? shift : 0) } }
      var test = ClassifierTest(seed: 5)
      try test.setReference(a)
      return try test.values(to: moved)[0]
    }
    // 800 answers: a deviation of √(¼/800) = 0.018, four of them; memory of the rows it is asked about would give 0.8.
    #expect(abs(try accuracy(shift: 0) - 0.5) < 0.071)
    // The best rule for a shift of 4 coordinates by 1 is right with Φ(1) = 0.84.
    #expect(try accuracy(shift: 1) > 0.75)
  }

  @Test("scales of the coordinates do not matter to the classifier") func scales() throws {
    func accuracy(_ scale: Float) throws -> Double {
      var a = normals(300, 2, seed: 1)
      var b = normals(300, 2, seed: 2)
      for r in 0..<300 {
        b[r, 1] += 1.5
        (a[r, 1], b[r, 1]) = (a[r, 1] * scale, b[r, 1] * scale)
      }
      var test = ClassifierTest(seed: 5)
      try test.setReference(a)
      return try test.values(to: b)[0]
    }
    // Standardised inputs are the same but for Float rounding, which may move a few of 600 answers.
    #expect(abs(try accuracy(1e-4) - accuracy(1)) < 0.02)
    #expect(try accuracy(1e-4) > 0.7)
  }

  @Test("exact W2 of rows in another order is by optimal partners, its unit that of the rows") func exact() throws {
    var distance = ExactWasserstein()
    try distance.setReference(matrix([[0, 0], [10, 0], [0, 10]]))
    // Partners at distances 1, 2 and 2: √(9/3).
    let found = try distance.values(to: matrix([[0, 12], [1, 0], [10, -2]]))
    #expect(abs(found[0] - 3.0.squareRoot()) < 1e-9)
  }

  @Test("quantiles, ties and the worst of two columns are those counted by hand") func marginals() throws {
    var distance = Marginals()
    try distance.setReference(matrix([[0, 0], [1, 0], [2, 0], [3, 0]]))
    let found = try distance.values(to: matrix([[0.5, 0], [1, 0], [2, 1], [2, 1]]))
    // First column: F is ¼, ½, ¾, 1 at 0, 1, 2, 3; G is ¼ at 0.5, ½ at 1, 1 at 2: the gap is ¼. Second: ½ at 0.
    #expect(abs(found[0] - 0.375) < 1e-15 && found[1] == 0.5)
    // Levels 0.01 … 0.99 of (0, 1, 2, 3) are 3q. Of (½, 1, 2, 2): 0.515, 0.575, 0.875, 1.5, 2, 2, 2.
    // Errors 0.485, 0.425, 0.125, 0, 0.25, 0.85, 0.97; of the second column 0, 0, 0, 0.5, 1, 1, 1.
    let (first, second) = (3.105 / 7, 3.5 / 7)
    #expect(abs(found[2] - (first + second) / 2) < 1e-7 && abs(found[3] - second) < 1e-7)  // Float rounding of rows
  }

  @Test("Hill's index takes the largest twentieth of the rows") func tail() throws {
    // Norms 2^k for the 5 largest of 100, 1 for the rest: (1/5)Σ ln 2^k = 3 ln 2.
    var rows = [[Float]](repeating: [1], count: 100)
    for k in 1...5 { rows[10 * k] = [Float(1 << k)] }
    #expect(abs(TailIndex.index(of: matrix(rows), around: [0]) - 3 * log(2)) < 1e-12)
  }

  @Test("the kernel Stein discrepancy does not depend on the units of the rows") func stein() throws {
    func value(_ unit: Float) throws -> Double {
      let rows = normals(60, 2, seed: 1)
      let reference = normals(80, 2, seed: 2)
      var scaled = Matrix(rows: 60, columns: 2)
      var other = Matrix(rows: 80, columns: 2)
      for r in 0..<60 { for k in 0..<2 { scaled[r, k] = rows[r, k] * unit + 5 } }
      for r in 0..<80 { for k in 0..<2 { other[r, k] = reference[r, k] * unit + 5 } }
      var distance = SteinDiscrepancy { rows, score in
        for r in 0..<rows.rows { for k in 0..<2 { score[r, k] = -(rows[r, k] - 5) / (unit * unit) } }
      }
      try distance.setReference(other)
      return try distance.values(to: scaled)[0]
    }
    // Float rounding of rows around 5.
    #expect(abs(try value(8) / value(1) - 1) < 1e-3)
  }
}
