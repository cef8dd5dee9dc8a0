import LinearAlgebra
import TestSupport
import Testing

@testable import Randomness

@Suite struct FillTests {
  private let stream = RandomStream(seed: 7, purpose: .diffusionNoise, step: 12)

  enum Law: CaseIterable { case normal, uniform }

  private func rows(_ law: Law, count: Int, columns: Int, firstIndex: UInt64) -> [[Float]] {
    var matrix = Matrix(rows: count, columns: columns)
    switch law {
    case .normal: stream.fillNormals(&matrix, firstIndex: firstIndex)
    case .uniform: stream.fillUniforms(&matrix, firstIndex: firstIndex)
    }
    return (0..<count).map { row in (0..<columns).map { matrix[row, $0] } }
  }

  @Test(arguments: Law.allCases, [1, 2, 3, 4, 5, 7, 8, 63, 100, 257])
  func `a row is the same however rows are grouped into calls`(law: Law, columns: Int) {
    // Across 2³², where an index that lost its upper bits would repeat rows.
    let first: UInt64 = 1 << 32 - 70
    let whole = rows(law, count: 150, columns: columns, firstIndex: first)
    var pieces: [[Float]] = []
    for count in [1, 2, 66, 17, 64] {
      pieces += rows(law, count: count, columns: columns, firstIndex: first + UInt64(pieces.count))
    }
    #expect(whole == pieces)
    #expect(Set(whole.map(\.[0])).count == 150)
  }

  @Test(arguments: Law.allCases) func `fewer columns cut a row off and change nothing else`(law: Law) {
    let wide = rows(law, count: 70, columns: 13, firstIndex: 5)
    for columns in 1...12 {
      let narrow = rows(law, count: 70, columns: columns, firstIndex: 5)
      #expect(narrow == wide.map { Array($0.prefix(columns)) })
    }
  }

  @Test func `uniforms in Float come from the stream's words and lie strictly between 0 and 1`() {
    let draws = rows(.uniform, count: 200, columns: 6, firstIndex: 9)
    for row in 0..<200 {
      for column in 0..<6 {
        let word = stream.words(index: UInt64(9 + row), block: UInt32(column / 4))[column % 4]
        #expect(draws[row][column] == (Float(word >> 9) + 0.5) * 0x1p-23)
      }
    }
    var lanes = WordLanes()
    lanes.word0[1] = .max
    var numbers = FloatLanes()
    numbers.fillUniforms(from: lanes)
    #expect(numbers.values[0] == 0x1p-24)
    #expect(numbers.values[4] == 1 - 0x1p-24)
  }

  @Test func `uniforms pass Kolmogorov–Smirnov, in Float and in Double`() {
    let single = rows(.uniform, count: 50_000, columns: 6, firstIndex: 0).joined().map(Double.init)
    #expect(kolmogorovSmirnov(single, { $0 }) < kolmogorovSmirnovBound)
    var double = [Double](repeating: 0, count: 300_000)
    var span = double.mutableSpan
    stream.uniforms(firstIndex: 1 << 33, into: &span)
    #expect(kolmogorovSmirnov(double, { $0 }) < kolmogorovSmirnovBound)
  }

  @Test func `one uniform per index equals the first of its row, in any grouping`() {
    var all = [Double](repeating: 0, count: 200)
    var span = all.mutableSpan
    stream.uniforms(firstIndex: 100, into: &span)
    var part = [Double](repeating: 0, count: 67)
    var partSpan = part.mutableSpan
    stream.uniforms(firstIndex: 133, into: &partSpan)
    #expect(Array(all[33..<100]) == part)
    for i in 0..<200 {
      var row = stream.row(UInt64(100 + i))
      #expect(all[i] == row.nextUniform())
      #expect(all[i] > 0 && all[i] < 1)
    }
  }
}
