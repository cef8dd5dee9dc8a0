package import LinearAlgebra

/// Consecutive rows in double precision, as a file holds them.
package struct RowBlock: ~Copyable {
  /// Rows.
  package let rows: Int
  /// Numbers in a row.
  package let columns: Int
  /// All numbers, row after row.
  package var numbers: [Double]

  /// Rows of zeros.
  package init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a block of \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    numbers = [Double](repeating: 0, count: rows * columns)
  }

  /// Rows of single precision, widened.
  package init(_ matrix: borrowing Matrix) {
    self.init(rows: matrix.rows, columns: matrix.columns)
    let from = matrix.span
    for i in from.indices { numbers[i] = Double(from[i]) }
  }

  /// All rows of a source.
  package init(_ source: any RowSource) throws {
    var all = RowBlock(rows: source.rows, columns: source.dimension)
    try source.forEachBlock { first, block in
      for r in 0..<block.rows { all.copyRow(first + r, from: block, r) }
    }
    self = all
  }

  /// The number in row `row` and column `column`.
  package subscript(_ row: Int, _ column: Int) -> Double {
    get { numbers[row * columns + column] }
    set { numbers[row * columns + column] = newValue }
  }

  /// Row `index` becomes row `other` of `source`.
  package mutating func copyRow(_ index: Int, from source: borrowing RowBlock, _ other: Int) {
    precondition(columns == source.columns, "\(source.columns) columns into \(columns)")
    for j in 0..<columns { numbers[index * columns + j] = source.numbers[other * columns + j] }
  }
}
