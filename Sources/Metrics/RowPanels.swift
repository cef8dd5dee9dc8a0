internal import LinearAlgebra

/// The rows of a set in Double, sixteen beside one another, for distances and products with one row at a time.
///
/// Every distance and product is a sum over coordinates in their order by fused multiply-adds in Double: it depends on
/// its two rows alone, not on which rows stand beside them.
struct RowPanels {
  /// The number of rows.
  let count: Int
  /// The number of coordinates.
  let dimension: Int
  // Panel p holds rows 16p … 16p + 15; coordinate k of its halves stands in elements 2(pd + k) and 2(pd + k) + 1.
  private var panels: [SIMD8<Double>]

  /// Packs the rows of a matrix.
  init(_ rows: borrowing Matrix) {
    self.init(rows, count: rows.rows) { $0 }
  }

  /// Packs `count` rows of a matrix: row r is row `number(r)` there.
  init(_ rows: borrowing Matrix, count: Int, number: (Int) -> Int) {
    self.count = count
    let d = rows.columns
    dimension = d
    panels = Array(repeating: .zero, count: (count + 15) / 16 * 2 * d)
    for r in 0..<count {
      let row = rows.row(number(r))
      let start = r / 16 * 2 * d + r / 8 % 2
      for k in 0..<d { panels[start + 2 * k][r % 8] = Double(row[k]) }
    }
  }

  /// Row `index` as numbers.
  func point(_ index: Int) -> [Double] {
    let start = index / 16 * 2 * dimension + index / 8 % 2
    return (0..<dimension).map { panels[start + 2 * $0][index % 8] }
  }

  /// Writes the squared Euclidean distances from `point` to all rows into the first `count` elements.
  func squaredDistances(from point: [Double], into distances: inout [Double]) {
    combine(point, into: &distances) { sum, x, row in
      let difference = row - x
      sum.addProduct(difference, difference)
    }
  }

  /// Writes the inner products of `point` with all rows into the first `count` elements.
  func products(with point: [Double], into products: inout [Double]) {
    combine(point, into: &products) { sum, x, row in sum.addProduct(x, row) }
  }

  @inline(__always)
  private func combine(
    _ point: [Double], into results: inout [Double],
    _ add: (inout SIMD8<Double>, SIMD8<Double>, SIMD8<Double>) -> Void
  ) {
    precondition(point.count == dimension, "\(point.count) coordinates in \(dimension) dimensions")
    precondition(results.count >= count, "\(count) numbers into \(results.count)")
    let panels = panels.span
    let point = point.span
    for first in stride(from: 0, to: count, by: 16) {
      let panel = panels.extracting(first / 16 * 2 * dimension..<(first / 16 + 1) * 2 * dimension)
      var low = SIMD8<Double>.zero
      var high = low
      for k in 0..<point.count {
        let x = SIMD8(repeating: point[k])
        add(&low, x, panel[2 &* k])
        add(&high, x, panel[2 &* k &+ 1])
      }
      for lane in 0..<min(8, count - first) { results[first + lane] = low[lane] }
      for lane in 0..<min(8, max(count - first - 8, 0)) { results[first + 8 + lane] = high[lane] }
    }
  }
}

/// A row of a matrix as Doubles.
func doubles(_ rows: borrowing Matrix, _ index: Int) -> [Double] {
  let row = rows.row(index)
  return (0..<row.count).map { Double(row[$0]) }
}
