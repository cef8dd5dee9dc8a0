internal import Configuration
internal import Files
internal import Randomness
internal import Targets

/// Draws of a prior as rows: row i is draw i, so any rank can make any row.
struct PriorRows: RowSource {
  let laws: [ParameterPriors.Entry]
  let rows: Int
  let seed: UInt64

  var dimension: Int { laws.count }
  var columnNames: [String]? { laws.map(\.name) }
  var isDouble: Bool { true }

  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    let stream = RandomStream(seed: seed, purpose: .prior)
    for first in stride(from: 0, to: rows, by: rowsPerBlock) {
      var block = RowBlock(rows: min(rowsPerBlock, rows - first), columns: dimension)
      for r in 0..<block.rows {
        var variates = stream.row(UInt64(first + r))
        for (j, entry) in laws.enumerated() { block[r, j] = entry.item.draw(&variates) }
      }
      try body(first, block)
    }
  }
}

/// A few rows over and over, for the check of an experiment whose other rows are not there yet.
struct CycledRows: RowSource {
  let numbers: [Double]
  let columnNames: [String]?
  let dimension: Int
  let rows: Int

  var isDouble: Bool { true }

  /// The rows of a source, repeated until there are `rows`.
  init(_ source: any RowSource, rows: Int) throws {
    numbers = try RowBlock(source).numbers
    (columnNames, dimension, self.rows) = (source.columnNames, source.dimension, rows)
  }

  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    for first in stride(from: 0, to: rows, by: rowsPerBlock) {
      var block = RowBlock(rows: min(rowsPerBlock, rows - first), columns: dimension)
      for i in block.numbers.indices { block.numbers[i] = numbers[(first * dimension + i) % numbers.count] }
      try body(first, block)
    }
  }
}
