import LinearAlgebra
import Metrics
import Testing

@Suite struct CorrelationsTests {
  private static func matrix(_ rows: [[Float]]) -> Matrix {
    var matrix = Matrix(rows: rows.count, columns: rows[0].count)
    for (r, row) in rows.enumerated() { for (j, x) in row.enumerated() { matrix[r, j] = x } }
    return matrix
  }

  @Test("errors are those of correlations computed by hand") func known() throws {
    // Columns 1 and 2 rise together, column 3 falls: r = 1, −1, −1; in the other set columns 2 and 3 have r = 0 with 1.
    let reference = Self.matrix([[0, 10, 3], [1, 12, 2], [2, 14, 1], [3, 16, 0]])
    let other = Self.matrix([[0, 1, 1], [1, -1, -1], [2, -1, -1], [3, 1, 1]])
    var distance = Correlations()
    try distance.setReference(reference)
    let own = try distance.values(to: reference)
    #expect(own == [0, 0])
    // |1 − 0|, |−1 − 0| and |−1 − 1|: mean 4/3, worst 2.
    let values = try distance.values(to: other)
    #expect(abs(values[0] - 4.0 / 3) < 1e-12 && abs(values[1] - 2) < 1e-12, "\(values)")
  }

  @Test("a column that never changes correlates with nothing, and one column has no pair") func edges() throws {
    var distance = Correlations()
    try distance.setReference(Self.matrix([[0, 1], [1, 2], [2, 3]]))
    #expect(try distance.values(to: Self.matrix([[5, 1], [5, 2], [5, 3]])) == [1, 1])
    try distance.setReference(Self.matrix([[0], [1], [2]]))
    #expect(try distance.values(to: Self.matrix([[4], [4], [7]])) == [0, 0])
  }
}
