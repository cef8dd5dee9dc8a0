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
}
