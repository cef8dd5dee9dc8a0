internal import Files
internal import Targets

/// The rows of a source with each column as its kind trains it.
///
/// A number that is not of its column's kind is refused by its row and column.
struct KindedRows: RowSource {
  private let source: any RowSource
  private let kinds: [ColumnKind]

  /// The rows of a source; the kinds are one for each column, or none at all.
  init(_ source: any RowSource, _ kinds: [ColumnKind]) {
    precondition(kinds.isEmpty || kinds.count == source.dimension, "\(kinds.count) kinds, \(source.dimension) columns")
    (self.source, self.kinds) = (source, kinds)
  }

  var rows: Int { source.rows }
  var dimension: Int { source.dimension }
  var columnNames: [String]? { source.columnNames }
  var isDouble: Bool { source.isDouble }
  var remarks: [String] { source.remarks }

  func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    guard !kinds.isEmpty else { return try source.forEachBlock(body) }
    try source.forEachBlock { first, block in
      var inner = RowBlock(rows: block.rows, columns: block.columns)
      for row in 0..<block.rows {
        for (column, kind) in kinds.enumerated() {
          guard kind.contains(block[row, column]) else {
            throw refusal(block[row, column], row: first + row, column: column, kind)
          }
          inner[row, column] = kind.inner(block[row, column])
        }
      }
      try body(first, inner)
    }
  }

  private func refusal(_ number: Double, row: Int, column: Int, _ kind: ColumnKind) -> ToolError {
    let name = columnNames.map { shortened($0[column]) } ?? "\(column) (from 0)"
    return .configuration(
      Place((source as? any NamedRows)?.path ?? "data.columns"),
      "row \(row) (from 0) holds \(number) in column \(name), which \(kind.levels == nil ? "data.columns" : "data.levels or data.columns") calls \(kind.words): "
        + "\(kind.expectation ?? "a number") is expected; remove the row, or change the kind")
  }
}

extension RowSource {
  /// The kinds of all columns, from those that are named; empty where all are numbers.
  ///
  /// - Parameters:
  ///   - named: kinds by a column's name or number from 0.
  ///   - rest: each column's kind where it is not named.
  ///   - order: the file's number of each column, where they have changed places.
  /// - Returns: a kind for each column, in the source's order.
  /// - Throws: `ToolError.configuration` for a column that does not exist or is named twice.
  func kinds(
    _ named: [(column: String, kind: ColumnKind)], rest: [ColumnKind], order: [Int]
  ) throws(ToolError) -> [ColumnKind] {
    guard (named.map(\.kind) + rest).contains(where: { $0 != .number }) else { return [] }
    var kinds = rest
    var seen = Set<Int>()
    for (column, kind) in named {
      let number = Int(column).flatMap { order.firstIndex(of: $0) }
      guard let index = columnNames?.firstIndex(of: column) ?? number else {
        let names = columnNames.map { "its columns are \(shortened($0.joined(separator: ", ")))" }
        throw .configuration(
          Place("data.columns"),
          "\(quoted(column)) is no column of the data; "
            + (names ?? "its columns have no names: give numbers from 0 to \(dimension - 1)"))
      }
      guard seen.insert(index).inserted else {
        throw .configuration(Place("data.columns"), "names column \(quoted(column)) twice")
      }
      kinds[index] = kind
    }
    return kinds
  }
}
