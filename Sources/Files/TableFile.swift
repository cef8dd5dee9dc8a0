package import LinearAlgebra

/// A CSV file of numbers, with or without a first line of names, separated throughout by commas, semicolons or tabs.
///
/// Lines and columns are counted from 1 in messages, as editors and spreadsheets do; the line of names is line 1.
package struct TableFile: RowSource {
  /// The path as given.
  package let path: String
  /// Rows.
  package let rows: Int
  /// Numbers in a row.
  package let dimension: Int
  /// The first line, unless it is one of numbers; control characters are escaped.
  package let columnNames: [String]?
  private let separator: UInt8

  /// Reads the file once to learn its shape; numbers are read by ``forEachBlock(_:)``.
  package init(_ path: String) throws(ExperimentError) {
    self.path = path
    var lines = try LineReader(path)
    guard let first = try lines.next() else {
      throw .data(Place(path), "is empty; a table starts with names or numbers")
    }
    separator = TableLine.separator(of: first)
    do {
      let line = try TableLine(first, separator: separator)
      columnNames = try TableFile.names(line)
      dimension = line.fields.count
    } catch {
      throw .data(Place(path, line: 1), error.text)
    }
    var rows = columnNames == nil ? 1 : 0
    do {
      try TableFile.forEachLine(&lines, path, separator, dimension) { _, _ in rows += 1 }
    } catch let error as ExperimentError {
      throw error
    } catch {
      throw .fault("reading \(path) failed: \(error)")
    }
    guard rows > 0 else { throw .data(Place(path), "has no rows; add at least one below the names") }
    self.rows = rows
  }

  /// Reads the file once, block by block; see ``RowSource/forEachBlock(_:)``.
  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing Matrix) throws -> Void) throws {
    var lines = try LineReader(path)
    if columnNames != nil { _ = try lines.next() }
    var block = Matrix(rows: rowsPerBlock, columns: dimension)
    var first = 0
    var filled = 0
    try TableFile.forEachLine(&lines, path, separator, dimension) { line, number in
      guard first + filled < rows else {
        throw ExperimentError.data(Place(path), "changed while it was read; let its writer finish, and start again")
      }
      try fill(&block, filled, line, number)
      filled += 1
      guard filled == block.rows else { return }
      try body(first, block)
      first += filled
      filled = 0
      let next = min(rowsPerBlock, rows - first)
      if next > 0, next < block.rows { block = Matrix(rows: next, columns: dimension) }
    }
    guard first == rows else {
      throw ExperimentError.data(Place(path), "changed while it was read; let its writer finish, and start again")
    }
  }

  private func fill(_ block: inout Matrix, _ row: Int, _ line: TableLine, _ number: Int) throws(ExperimentError) {
    var numbers = block.mutableRow(row)
    for column in 0..<dimension {
      let field = line.bytes[line.fields[column].range]
      var value = Float.nan
      if isDecimal(field), let decimal = Double(String(decoding: field, as: UTF8.self)) { value = Float(decimal) }
      guard value.isFinite else {
        throw .data(Place(path, line: number), "\(title(column)) \(TableFile.complaint(line.text(column), separator))")
      }
      numbers[column] = value
    }
  }

  private func title(_ column: Int) -> String {
    "column \(column + 1)" + (columnNames.map { " (\(shortened($0[column])))" } ?? "")
  }

  private static func complaint(_ text: String, _ separator: UInt8) -> String {
    if text.isEmpty { return "is empty; remove the row" }
    if isNumeric(Array(text.utf8)[...]) {
      return "holds \(quoted(text)), not a finite single-precision number; remove the row"
    }
    let others = ",;\t".unicodeScalars.filter { $0.value != UInt32(separator) && text.unicodeScalars.contains($0) }
    if others.isEmpty { return "holds \(quoted(text)), not a number; correct it, or remove the row" }
    return
      "holds \(quoted(text)), not a number; "
      + "fields are separated by \(separatorName(separator)) and decimals marked by a point"
  }

  private static func separatorName(_ separator: UInt8) -> String {
    switch separator {
    case UInt8(ascii: "\t"): "tabs"
    case UInt8(ascii: ";"): "semicolons"
    default: "commas"
    }
  }

  /// A number, or a word by which programs write that there is none.
  private static func isNumeric(_ bytes: ArraySlice<UInt8>) -> Bool {
    if isDecimal(bytes) { return true }
    let word = String(decoding: bytes.drop { $0 == 0x2b || $0 == 0x2d }, as: UTF8.self).lowercased()
    return ["nan", "inf", "infinity", "na", "null"].contains(word)
  }

  /// The names if no field of the first line is numeric, nil if all are.
  private static func names(_ line: TableLine) throws(Complaint) -> [String]? {
    let isNumber = line.fields.map { isNumeric(line.bytes[$0.range]) }
    if !isNumber.contains(false) { return nil }
    let names = line.fields.indices.map { printable(line.text($0)) }
    if let column = names.firstIndex(of: "") {
      throw Complaint(
        names.count == 1
          ? "is empty; a table starts with names or numbers"
          : "column \(column + 1) has no name; name it, or leave it out (pandas: index=False)")
    }
    if let column = isNumber.firstIndex(of: true) {
      let text = isNumber.firstIndex(of: false).map { quoted(line.text($0)) } ?? ""
      throw Complaint(
        "is neither names nor numbers: \(text) beside \(quoted(line.text(column))); name every column, or none")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw Complaint("names two columns \(quoted(name)); rename one")
    }
    return names
  }

  /// Cuts the remaining lines; those of no characters are allowed at the end only.
  private static func forEachLine(
    _ lines: inout LineReader, _ path: String, _ separator: UInt8, _ dimension: Int,
    _ body: (TableLine, Int) throws -> Void
  ) throws {
    var empty: Int?
    var fields: [TableLine.Field] = []
    while let bytes = try lines.next() {
      let number = lines.line
      if bytes.allSatisfy({ $0 == 0x20 }) {
        empty = empty ?? number
        continue
      }
      if let empty { throw ExperimentError.data(Place(path, line: empty), "is empty; remove the line") }
      let line: TableLine
      do throws(Complaint) { line = try TableLine(bytes, separator: separator, into: fields) } catch {
        throw ExperimentError.data(Place(path, line: number), error.text)
      }
      guard line.fields.count == dimension else {
        throw ExperimentError.data(
          Place(path, line: number),
          "has \(line.fields.count) columns, but line 1 has \(dimension); "
            + "columns are separated by \(separatorName(separator))"
        )
      }
      try body(line, number)
      fields = line.fields
    }
  }
}
