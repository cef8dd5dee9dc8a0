/// The rows of a file with its columns in another order.
package struct OrderedRows: RowSource {
  private let source: any RowSource
  /// The file's number of each column.
  package let order: [Int]

  /// - Parameters:
  ///   - source: the file's rows.
  ///   - last: the names or numbers, from 0, of the columns that go to the end, in this order; the others keep theirs.
  ///   - key: the key to blame in errors.
  /// - Throws: `ToolError.configuration` for a column that does not exist or is named twice, or if none is left.
  package init(_ source: any RowSource, last: [String], key: String) throws(ToolError) {
    self.source = source
    var chosen: [Int] = []
    for name in last {
      guard let index = source.columnNames?.firstIndex(of: name) ?? Int(name), (0..<source.dimension).contains(index)
      else {
        let names = source.columnNames.map { "its columns are \($0.joined(separator: ", "))" }
        throw .configuration(
          Place(key),
          "\(quoted(name)) is no column of the data file; "
            + (names ?? "its columns have no names: give numbers from 0 to \(source.dimension - 1)"))
      }
      guard !chosen.contains(index) else { throw .configuration(Place(key), "names column \(quoted(name)) twice") }
      chosen.append(index)
    }
    guard chosen.count < source.dimension else {
      throw .configuration(Place(key), "names every column of the data file: leave at least one to be learned")
    }
    order = (0..<source.dimension).filter { !chosen.contains($0) } + chosen
  }

  package var rows: Int { source.rows }
  package var dimension: Int { source.dimension }
  package var columnNames: [String]? { source.columnNames.map { names in order.map { names[$0] } } }

  package var isDouble: Bool { source.isDouble }
  package var remarks: [String] { source.remarks }

  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    try source.forEachBlock { first, block in
      var ordered = RowBlock(rows: block.rows, columns: block.columns)
      for row in 0..<block.rows {
        for (column, index) in order.enumerated() { ordered[row, column] = block[row, index] }
      }
      try body(first, ordered)
    }
  }
}
