import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Training

/// Parts of conditions in random order: one column of data, then three parts of two columns.
@Suite struct ExchangeableTests {
  private static let stream = RandomStream(seed: 5, purpose: .conditionOrder, step: 3)
  private static let mean = [7.0, 1, -2, 3, 4, -5, 6]
  private static let scale = [2.0, 0.5, 2, 4, 1, 8, 0.25]
  private static let exchangeable = ExchangeableConditions(parts: 3, dimension: 1, mean: mean, scale: scale)

  /// Rows whose numbers say where they were: part p of row r is (100 r + 10 p + 1, 100 r + 10 p + 2), the data is r.
  private static func original(_ row: Int) -> [Double] {
    let places = [1, 2, 11, 12, 21, 22]
    return [Double(row)] + places.map { Double(100 * row + $0) }
  }

  private static func trained(_ rows: [Int]) -> Matrix {
    var matrix = Matrix(rows: rows.count, columns: 7)
    for (r, row) in rows.enumerated() {
      let numbers = original(row)
      for j in 0..<7 { matrix[r, j] = Float((numbers[j] - mean[j]) / scale[j]) }
    }
    return matrix
  }

  private static func restored(_ rows: borrowing Matrix, _ r: Int) -> [Double] {
    var numbers: [Double] = []
    for j in 0..<7 {
      let x = Double(rows[r, j]) * scale[j]
      numbers.append((x + mean[j]).rounded())
    }
    return numbers
  }

  /// The three parts of a row.
  private static func parts(_ numbers: [Double]) -> [[Double]] {
    [Array(numbers[1..<3]), Array(numbers[3..<5]), Array(numbers[5..<7])]
  }

  @Test("parts move whole, in original units, and the data stays") func whole() {
    var rows = Self.trained(Array(0..<40))
    Self.exchangeable.shuffle(&rows, firstIndex: 0, Self.stream)
    for r in 0..<40 {
      let found = Self.restored(rows, r)
      #expect(found[0] == Double(r))
      let same = Set(Self.parts(found)) == Set(Self.parts(Self.original(r)))
      #expect(same, "row \(r) is \(found)")
    }
  }

  @Test("all six orders of three parts come equally often") func uniform() {
    let count = 60_000
    var rows = Self.trained(Array(repeating: 0, count: count))
    Self.exchangeable.shuffle(&rows, firstIndex: 0, Self.stream)
    var counts: [[Double]: Int] = [:]
    for r in 0..<count { counts[Self.restored(rows, r), default: 0] += 1 }
    #expect(counts.count == 6)
    let expected = Double(count) / 6
    var statistic = 0.0
    for found in counts.values { statistic += (Double(found) - expected) * (Double(found) - expected) / expected }
    // χ² of five degrees of freedom exceeds 15.1 once in a hundred streams.
    #expect(statistic < 15.1, "\(counts)")
  }

  @Test("a row's order belongs to its index and the step, whatever rows are drawn with it") func keyed() {
    var all = Self.trained(Array(0..<100))
    var part = Self.trained(Array(77..<82))
    var other = Self.trained(Array(0..<100))
    Self.exchangeable.shuffle(&all, firstIndex: 0, Self.stream)
    Self.exchangeable.shuffle(&part, firstIndex: 77, Self.stream)
    Self.exchangeable.shuffle(&other, firstIndex: 0, RandomStream(seed: 5, purpose: .conditionOrder, step: 4))
    var differs = false
    for r in 0..<100 where Self.restored(all, r) != Self.restored(other, r) { differs = true }
    #expect(differs)
    for r in 0..<5 { #expect(Self.restored(part, r) == Self.restored(all, 77 + r)) }
  }
}
