/// What a simulator has written: a line of names, and rows of finite numbers, with commas between them.
///
/// Programs agree on this form with us, so that nothing is guessed. Lines end with LF or CR LF; names may stand in quotes, as
/// R writes them.
package struct SimulatedTable {
  /// The columns' names, all different.
  package let names: [String]
  /// Rows.
  package let rows: Int
  /// All numbers, row after row.
  package private(set) var numbers: [Double] = []

  /// Reads all that a program has written.
  ///
  /// - Throws: what is wrong, by its line and column from 1.
  package init(_ bytes: [UInt8]) throws(Complaint) {
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
    while lines.last?.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) == true { lines.removeLast() }
    guard let first = lines.first else {
      throw Complaint("wrote nothing; a line of names and rows of numbers are expected")
    }
    names = try Self.names(first)
    rows = lines.count - 1
    numbers.reserveCapacity(rows * names.count)
    for (index, bytes) in lines.enumerated().dropFirst() {
      let line = try Self.line(bytes, index + 1)
      guard line.fields.count == names.count else {
        throw Complaint(
          "wrote \(counted(line.fields.count, "number")) in line \(index + 1), but \(counted(names.count, "name")) in its first "
            + "line")
      }
      for (column, field) in line.fields.enumerated() {
        let text = line.bytes[field.range]
        guard isDecimal(text), let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else {
          throw Complaint(
            "wrote \(quoted(line.text(column))) in line \(index + 1), column \(column + 1) (\(shortened(names[column]))), "
              + "where a finite number is expected")
        }
        numbers.append(number)
      }
    }
  }

  private static func line(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(Complaint) -> TableLine {
    let bytes = bytes.last == 0x0d ? bytes.dropLast() : bytes
    do { return try TableLine(bytes, separator: UInt8(ascii: ",")) } catch {
      throw Complaint("wrote line \(number), which \(error.text)")
    }
  }

  private static func names(_ bytes: ArraySlice<UInt8>) throws(Complaint) -> [String] {
    let line = try line(bytes, 1)
    let names = line.fields.indices.map { line.text($0) }
    guard !line.fields.allSatisfy({ isDecimal(line.bytes[$0.range]) && !$0.isQuoted }) else {
      throw Complaint("wrote no line of names first: its first line is \(quoted(names.joined(separator: ",")))")
    }
    if let column = names.firstIndex(of: "") { throw Complaint("wrote no name for column \(column + 1)") }
    if let name = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) }) {
      throw Complaint("wrote two columns named \(quoted(name.element))")
    }
    return names
  }
}
