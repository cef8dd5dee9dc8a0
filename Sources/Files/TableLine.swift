/// How one line of a table is cut into fields (RFC 4180, with any of three separators).
struct TableLine {
  /// A field's bytes in the line; quotes and the blanks around are outside.
  struct Field {
    package let range: Range<Int>
    /// Whether the field holds a doubled quote, which stands for one.
    let hasDoubledQuote: Bool
  }

  /// The most columns of a table, as many as `data.dimension` allows.
  static let mostFields = 1_000_000

  package let bytes: ArraySlice<UInt8>
  package private(set) var fields: [Field] = []

  /// Cuts `bytes` at `separator`.
  init(_ bytes: ArraySlice<UInt8>, separator: UInt8, into old: consuming [Field] = []) throws(Complaint) {
    self.bytes = bytes
    fields = old
    fields.removeAll(keepingCapacity: true)
    var index = bytes.startIndex
    while true {
      index = skipBlanks(from: index, separator)
      if index < bytes.endIndex, bytes[index] == 0x22 {
        index = try quotedField(from: index + 1)
        index = skipBlanks(from: index, separator)
        guard index == bytes.endIndex || bytes[index] == separator else {
          throw Complaint("column \(fields.count) has text after its closing quote; a quote within quotes is doubled")
        }
      } else {
        let end = bytes[index...].firstIndex(of: separator) ?? bytes.endIndex
        var last = end
        while last > index, isBlank(bytes[last - 1], separator) { last -= 1 }
        fields.append(Field(range: index..<last, hasDoubledQuote: false))
        index = end
      }
      if index == bytes.endIndex { return }
      guard fields.count < Self.mostFields else {
        throw Complaint("has more than \(Self.mostFields) columns; is this a table?")
      }
      index += 1
    }
  }

  /// A field's text.
  package func text(_ field: Int) -> String {
    let text = String(decoding: bytes[fields[field].range], as: UTF8.self)
    return fields[field].hasDoubledQuote ? text.replacing("\"\"", with: "\"") : text
  }

  private mutating func quotedField(from start: Int) throws(Complaint) -> Int {
    var index = start
    var isDoubled = false
    while index < bytes.endIndex {
      if bytes[index] != 0x22 {
        index += 1
      } else if index + 1 < bytes.endIndex, bytes[index + 1] == 0x22 {
        isDoubled = true
        index += 2
      } else {
        fields.append(Field(range: start..<index, hasDoubledQuote: isDoubled))
        return index + 1
      }
    }
    throw Complaint("column \(fields.count + 1) has no closing quote; a field ends on its line")
  }

  private func isBlank(_ byte: UInt8, _ separator: UInt8) -> Bool {
    byte != separator && (byte == 0x20 || byte == 0x09)
  }

  private func skipBlanks(from start: Int, _ separator: UInt8) -> Int {
    var index = start
    while index < bytes.endIndex, isBlank(bytes[index], separator) { index += 1 }
    return index
  }

  /// The separator of a table by its first line: a tab if there is one outside quotes, else a semicolon, else a comma.
  ///
  /// Commas come last because they are decimal signs where semicolons separate.
  package static func separator(of line: ArraySlice<UInt8>) -> UInt8 {
    var isQuoted = false
    var found: Set<UInt8> = []
    for byte in line {
      if byte == 0x22 { isQuoted.toggle() } else if !isQuoted { found.insert(byte) }
    }
    return [UInt8(ascii: "\t"), UInt8(ascii: ";")].first { found.contains($0) } ?? UInt8(ascii: ",")
  }
}
