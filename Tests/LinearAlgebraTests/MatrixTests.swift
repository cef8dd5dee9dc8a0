import LinearAlgebra
import Testing

@Suite struct MatrixTests {
  @Test("a new matrix is zero and keeps what is written") func writes() {
    var m = Matrix(rows: 3, columns: 5)
    m[2, 4] = 7
    do {
      var row = m.mutableRow(1)
      for j in 0..<5 { row[j] = Float(j) }
    }
    let sum = (0..<15).reduce(Float(0)) { $0 + m.span[$1] }
    #expect(sum == 17)
    let last = m.row(2)[4]
    #expect(last == 7)
  }

  @Test("a copy has every element, and is a copy") func copies() {
    var m = Matrix(rows: 2, columns: 3)
    for r in 0..<2 { for k in 0..<3 { m[r, k] = Float(10 * r + k + 1) } }
    var other = Matrix(rows: 2, columns: 3)
    other.copy(from: m)
    m.fill(-1)
    #expect((0..<6).map { other.span[$0] } == [1, 2, 3, 11, 12, 13])
    #expect((0..<6).allSatisfy { m.span[$0] == -1 })
  }

  @Test("a matrix of more than two million bytes is as any other") func large() {
    var m = Matrix(rows: 600, columns: 1000)
    #expect(m[599, 999] == 0 && m[0, 0] == 0)
    m[599, 999] = 3
    #expect(m.row(599)[999] == 3)
  }
}
