internal import Communication
internal import Configuration
package import Files
package import LinearAlgebra
internal import Metrics
internal import Reports
internal import Training

extension Matrix {
  /// The first `count` rows, or all.
  package func head(_ count: Int) -> Matrix {
    var head = Matrix(rows: min(count, rows), columns: columns)
    for i in 0..<head.rows { head.copyRow(i, from: self, i) }
    return head
  }

  /// The first rows of a source, or all, less `origin` in each column, rounded to single precision.
  package init(_ source: any RowSource, less origin: [Double] = [], most: Int = .max) throws {
    let name = (source as? any NamedRows)?.path ?? "data"
    let count = Swift.min(source.rows, most)
    try MemoryNeed.Part(rows: count, columns: source.dimension, from: name).check()
    var all = Matrix(rows: count, columns: source.dimension)
    do {
      try source.forEachBlock { first, block in
        for r in 0..<Swift.min(block.rows, count - first) {
          for j in 0..<block.columns {
            let number = Float(block[r, j] - (origin.isEmpty ? 0 : origin[j]))
            guard number.isFinite else {
              throw ToolError.data(
                Place(name),
                "row \(first + r), column \(j) (both from 0) holds \(block[r, j]), beyond single precision (3.4e38), in "
                  + "which distances are computed; measure the column in a larger unit")
            }
            all[first + r, j] = number
          }
        }
        if first + block.rows >= count { throw EnoughRows() }
      }
    } catch is EnoughRows {}
    self = all
  }

  /// Row `index` becomes row `other` of `source`.
  package mutating func copyRow(_ index: Int, from source: borrowing Matrix, _ other: Int) {
    let from = source.row(other)
    var to = mutableRow(index)
    for j in 0..<from.count { to[j] = from[j] }
  }
}

extension Matrix {
  /// The first columns of all rows.
  func firstColumns(_ count: Int) -> Matrix {
    var part = Matrix(rows: rows, columns: count)
    for r in 0..<rows { for k in 0..<count { part[r, k] = self[r, k] } }
    return part
  }

  /// The last columns of all rows.
  borrowing func lastColumns(_ count: Int) -> Matrix {
    var part = Matrix(rows: rows, columns: count)
    for r in 0..<rows { for k in 0..<count { part[r, k] = self[r, columns - count + k] } }
    return part
  }
}
