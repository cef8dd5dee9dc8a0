/// The cells of one row of a table, as text.
package struct TableCells {
  fileprivate let line: TableLine
  /// The line in the file, from 1.
  package let number: Int

  /// The text of a column, without quotes.
  package func text(_ column: Int) -> String { line.text(column) }

  /// The bytes of a column as they stand in the file, with their quotes.
  package func bytes(_ column: Int) -> ArraySlice<UInt8> {
    let field = line.fields[column]
    guard field.isQuoted else { return line.bytes[field.range] }
    return line.bytes[field.range.lowerBound - 1..<field.range.upperBound + 1]
  }

  /// The number that a cell holds; nil for any other text.
  package func value(_ column: Int) -> Double? { line.value(column) }

  /// How many decimals a cell shows; nil for an exponent.
  package func decimals(_ column: Int) -> Int? {
    let bytes = line.bytes[line.fields[column].range]
    guard !bytes.contains(UInt8(ascii: "e")), !bytes.contains(UInt8(ascii: "E")) else { return nil }
    return bytes.firstIndex(of: UInt8(ascii: ".")).map { bytes.endIndex - $0 - 1 } ?? 0
  }
}

extension TableLine {
  /// The finite number that a field holds; nil for any other text.
  func value(_ field: Int) -> Double? {
    let bytes = bytes[fields[field].range]
    guard isDecimal(bytes), let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else {
      return nil
    }
    return number
  }
}

extension TableFile {
  /// Reads the file once, row by row, as text.
  ///
  /// - Parameter body: receives the row's index, from 0, and its cells.
  /// - Throws: ``ToolError`` for a file that is not as it was when it was opened; what `body` throws.
  package func forEachRow(_ body: (_ row: Int, _ cells: TableCells) throws -> Void) throws {
    var lines = try LineReader(path)
    var row = 0
    _ = try TableFile.forEachLine(&lines, path, opening) { line, number in
      guard row < rows else { throw changed }
      try body(row, TableCells(line: line, number: number))
      row += 1
    }
    guard row == rows else { throw changed }
  }

  /// The refusal of a file that another program writes.
  var changed: ToolError {
    .data(Place(path), "changed while it was read; let its writer finish, and start again")
  }
}
