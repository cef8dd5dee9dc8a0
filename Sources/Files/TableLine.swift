/// How one line of a table is cut into fields: RFC 4180 with any of three separators, or runs of blanks.
struct TableLine {
  /// A field's bytes in the line; quotes and the blanks around are outside.
  struct Field {
    package let range: Range<Int>
    /// Whether the field stands in quotes.
    var isQuoted = false
    /// Whether the field holds a doubled quote, which stands for one.
    var hasDoubledQuote = false
  }

  /// The most columns of a table, as many as `data.dimension` allows.
  static let mostFields = 1_000_000

  package let bytes: ArraySlice<UInt8>
  package private(set) var fields: [Field] = []

  /// The separator that stands for a run of blanks.
  static let blank = UInt8(ascii: " ")

  /// Cuts `bytes` at `separator`.
  init(_ line: ArraySlice<UInt8>, separator: UInt8, into old: consuming [Field] = []) throws(Complaint) {
    var bytes = line
    while separator == Self.blank, let last = bytes.last, isBlank(last, separator) { bytes.removeLast() }
    self.bytes = bytes
    fields = old
    fields.removeAll(keepingCapacity: true)
    var index = bytes.startIndex
    while true {
      index = skipBlanks(from: index, separator)
      if index < bytes.endIndex, bytes[index] == 0x22 {
        index = try quotedField(from: index + 1)
        index = skipBlanks(from: index, separator)
        guard index == bytes.endIndex || bytes[index] == separator || separator == Self.blank else {
          throw Complaint("column \(fields.count) has text after its closing quote; a quote within quotes is doubled")
        }
      } else {
        let isBlankSeparated = separator == Self.blank
        let next =
          bytes[index...].firstIndex { $0 == separator || (isBlankSeparated && $0 == 0x09) } ?? bytes.endIndex
        var last = next
        while last > index, isBlank(bytes[last - 1], separator) { last -= 1 }
        fields.append(Field(range: index..<last))
        index = next
      }
      if index == bytes.endIndex { return }
      guard fields.count < Self.mostFields else {
        throw Complaint("has more than \(Self.mostFields) columns; is this a table?")
      }
      // A run of blanks is one separator, skipped as a whole.
      if separator != Self.blank { index += 1 }
    }
  }

  /// A field's text; bytes that are not UTF-8 are taken for ISO 8859-1, Latin-1.
  package func text(_ field: Int) -> String {
    let text = latinText(bytes[fields[field].range])
    return fields[field].hasDoubledQuote ? text.replacing("\"\"", with: "\"") : text
  }

  /// Whether the line is UTF-8 text.
  var isUnicode: Bool { String(validating: bytes, as: UTF8.self) != nil }

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
        fields.append(Field(range: start..<index, isQuoted: true, hasDoubledQuote: isDoubled))
        return index + 1
      }
    }
    throw Complaint("column \(fields.count + 1) has no closing quote; a field in quotes must end on its line")
  }

  private func skipBlanks(from start: Int, _ separator: UInt8) -> Int {
    var index = start
    while index < bytes.endIndex, isBlank(bytes[index], separator) { index += 1 }
    return index
  }

  /// The separator of a table by one of its lines: a tab if there is one outside quotes, else a semicolon, else a comma;
  /// nil where the line has none of them.
  ///
  /// Commas come last because they are decimal signs where semicolons separate.
  package static func separator(of line: ArraySlice<UInt8>) -> UInt8? {
    var isQuoted = false
    var found: Set<UInt8> = []
    for byte in line {
      if byte == 0x22 { isQuoted.toggle() } else if !isQuoted { found.insert(byte) }
    }
    return [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ",")].first { found.contains($0) }
  }

  /// A separator in words, for messages.
  static func name(of separator: UInt8) -> String {
    switch separator {
    case UInt8(ascii: "\t"): "tabs"
    case UInt8(ascii: ";"): "semicolons"
    case blank: "blanks"
    default: "commas"
    }
  }
}

/// Whether a byte is blank space beside a field.
private func isBlank(_ byte: UInt8, _ separator: UInt8) -> Bool {
  (byte == 0x20 || byte == 0x09) && (byte != separator || separator == TableLine.blank)
}

/// Text of bytes that are UTF-8, or else ISO 8859-1, in which every byte is a character.
func latinText(_ bytes: ArraySlice<UInt8>) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var text = ""
  for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
  return text
}
