/// A table of numbers in text, with or without a line of names, separated throughout by commas, semicolons, tabs or runs
/// of blanks.
///
/// Lines and columns are counted from 1 in messages, as editors and spreadsheets do; the line of names is line 1. Lines
/// that begin with `#` are comments, of which the last before the numbers may hold the names, as `numpy.savetxt` writes
/// them.
package struct TableFile: RowSource {
  /// The path as given.
  package let path: String
  /// Rows.
  package let rows: Int
  /// Numbers in a row.
  package let dimension: Int
  /// The names, where there are any; control characters are escaped.
  package let columnNames: [String]?
  /// What was guessed and left out.
  package let remarks: [String]
  /// Decimals need double precision.
  package var isDouble: Bool { true }
  let opening: TableOpening
  /// Whether any cell holds anything but a number.
  package let hasText: Bool

  /// Reads the file once to learn its shape; numbers are read by ``forEachBlock(_:)``.
  package init(_ path: String, header: TableHeader = .automatic) throws(ToolError) {
    self.path = path
    let opening = try TableOpening(path, header: header)
    self.opening = opening
    columnNames = opening.names
    dimension = opening.dimension
    var lines = try LineReader(path)
    var (rows, comments, hasText) = (0, 0, false)
    do {
      comments = try TableFile.forEachLine(&lines, path, opening) { line, _ in
        rows += 1
        hasText = hasText || !line.fields.allSatisfy { isDecimal(line.bytes[$0.range]) }
      }
    } catch let error as ToolError {
      throw error
    } catch {
      throw .fault("reading \(path) failed: \(error)")
    }
    guard rows > 0 else { throw .data(Place(path), "has no rows; add at least one below the names") }
    (self.rows, self.hasText) = (rows, hasText)
    remarks = opening.remarks(comments: comments)
  }

  /// Reads the file once, block by block; see ``RowSource/forEachBlock(_:)``.
  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    var lines = try LineReader(path)
    var block = RowBlock(rows: rowsPerBlock, columns: dimension)
    var first = 0
    var filled = 0
    _ = try TableFile.forEachLine(&lines, path, opening) { line, number in
      guard first + filled < rows else { throw changed }
      try fill(&block, filled, line, number)
      filled += 1
      guard filled == block.rows else { return }
      try body(first, block)
      first += filled
      filled = 0
      let next = min(rowsPerBlock, rows - first)
      if next > 0, next < block.rows { block = RowBlock(rows: next, columns: dimension) }
    }
    guard first == rows else { throw changed }
  }

  private func fill(_ block: inout RowBlock, _ row: Int, _ line: TableLine, _ number: Int) throws(ToolError) {
    for column in 0..<dimension {
      let field = line.bytes[line.fields[column].range]
      var value = Double.nan
      if isDecimal(field), let decimal = Double(String(decoding: field, as: UTF8.self)) { value = decimal }
      guard value.isFinite else {
        let complaint = TableFile.complaint(line.text(column), opening.separator)
        throw .data(Place(path, line: number), "\(title(column)) \(complaint)")
      }
      block[row, column] = value
    }
  }

  private func title(_ column: Int) -> String {
    "column \(column + 1)" + (columnNames.map { " (\(shortened($0[column])))" } ?? "")
  }

  private static func complaint(_ text: String, _ separator: UInt8) -> String {
    if text.isEmpty { return "is empty; remove the row" }
    let bytes = Array(text.utf8)
    if isDecimal(bytes) {
      return "holds \(quoted(text)), beyond the largest number of double precision, 1.8e308; measure in a larger unit"
    }
    if isNumeric(bytes[...]) { return "holds \(quoted(text)), not a finite number; remove the row" }
    let words = ["true", "false"].contains(text.lowercased())
    if words { return "holds \(quoted(text)), not a number; write truth values as 1 and 0" }
    let others = ",;\t".unicodeScalars.filter { $0.value != UInt32(separator) && text.unicodeScalars.contains($0) }
    if others.isEmpty { return "holds \(quoted(text)), not a number; correct it, or remove its row or column" }
    return
      "holds \(quoted(text)), not a number; "
      + "fields are separated by \(TableLine.name(of: separator)) and decimals marked by a point"
  }

  /// A number, or a word by which programs write that there is none.
  static func isNumeric(_ bytes: ArraySlice<UInt8>) -> Bool {
    if isDecimal(bytes) { return true }
    let word = String(decoding: bytes.drop { $0 == 0x2b || $0 == 0x2d }, as: UTF8.self).lowercased()
    return ["nan", "inf", "infinity", "na", "null"].contains(word)
  }

  /// Cuts the lines of numbers; those of no characters are allowed at the end only.
  ///
  /// - Returns: the comments among and after them.
  static func forEachLine(
    _ lines: inout LineReader, _ path: String, _ opening: TableOpening, _ body: (TableLine, Int) throws -> Void
  ) throws -> Int {
    var empty: Int?
    var comments = 0
    var fields: [TableLine.Field] = []
    while let bytes = try lines.next() {
      let number = lines.line
      guard number > opening.linesBefore else { continue }
      if bytes.allSatisfy({ $0 == 0x20 }) {
        empty = empty ?? number
        continue
      }
      if TableOpening.isComment(bytes) {
        comments += 1
        continue
      }
      if let empty { throw ToolError.data(Place(path, line: empty), "is empty; remove the line") }
      let line: TableLine
      do throws(Complaint) { line = try TableLine(bytes, separator: opening.separator, into: fields) } catch {
        throw ToolError.data(Place(path, line: number), error.text)
      }
      guard line.fields.count == opening.dimension else {
        throw ToolError.data(Place(path, line: number), opening.complaint(ofCount: line.fields.count))
      }
      try body(line, number)
      fields = line.fields
    }
    return comments
  }
}
