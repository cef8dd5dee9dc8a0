/// What the header of an NPY file says (NumPy's format versions 1.0, 2.0 and 3.0).
package struct ArrayHeader: Equatable {
  /// NumPy's type code, such as `<f4`.
  package var code: String
  /// Whether columns are contiguous.
  var isFortranOrder: Bool
  /// The lengths of the axes.
  package var shape: [Int]

  /// The longest header read; NumPy itself refuses beyond 10,000 characters.
  static let longest = 65_536

  /// The bytes before the data of an array `[rows, columns]` of float32, or float64.
  ///
  /// They are those of NumPy 2, padded to 64 bytes with room for the rows to grow, and 64 blanks more: so this program
  /// knows the files that it has written from those of others.
  package static func bytes(rows: Int, columns: Int, isDouble: Bool = false) -> [UInt8] {
    var text = "{'descr': '\(isDouble ? "<f8" : "<f4")', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    text += String(repeating: " ", count: max(0, 21 - String(rows).utf8.count))
    let length = text.utf8.count + 1
    text += String(repeating: " ", count: 64 + 64 - (10 + length) % 64) + "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xff), UInt8(count >> 8)] + Array(text.utf8)
  }

  /// Whether the file at `path` is an array that this program wrote.
  package static func isOwn(_ path: String) -> Bool {
    guard let file = try? Descriptor.reading(path), let start = try? file.read(longest, at: 0), start.count > 128,
      start[6] == 1
    else { return false }
    let end = 10 + (Int(start[8]) | Int(start[9]) << 8)
    guard end <= start.count, end > 128, let header = try? ArrayHeader(parsing: start[10..<end]),
      header.shape.count == 2
    else { return false }
    return start.prefix(end)
      == bytes(rows: header.shape[0], columns: header.shape[1], isDouble: header.code == "<f8")[...]
  }

  /// Reads the dictionary, a Python literal with exactly the keys `descr`, `fortran_order` and `shape`.
  init(parsing bytes: ArraySlice<UInt8>) throws(Complaint) {
    var scanner = LiteralScanner(rest: bytes)
    var code: String?
    var order: Bool?
    var shape: [Int]?
    try scanner.expect("{")
    while !scanner.skip("}") {
      let key = try scanner.string()
      try scanner.expect(":")
      switch key {
      case "descr" where code == nil: code = try scanner.typeCode()
      case "fortran_order" where order == nil: order = try scanner.boolean()
      case "shape" where shape == nil: shape = try scanner.tuple()
      default: throw Complaint("its header has the key \(quoted(key)), unknown or repeated; save it with numpy.save")
      }
      if !scanner.skip(",") {
        try scanner.expect("}")
        break
      }
    }
    guard let code, let order, let shape, scanner.isAtEnd else { throw LiteralScanner.malformed }
    self.code = code
    isFortranOrder = order
    self.shape = shape
  }
}

/// Scans the few kinds of Python literals that NPY headers hold.
private struct LiteralScanner {
  static let malformed = Complaint("its header is malformed; save it with numpy.save")
  package var rest: ArraySlice<UInt8>

  private mutating func skipSpace() { rest = rest.drop { $0 == 0x20 || $0 == 0x0a } }

  package var isAtEnd: Bool { rest.allSatisfy { $0 == 0x20 || $0 == 0x0a } }

  package mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard let first = rest.first, first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(Complaint) {
    guard skip(character) else { throw Self.malformed }
  }

  package mutating func string() throws(Complaint) -> String {
    skipSpace()
    guard let quote = rest.first, quote == 0x27 || quote == 0x22 else { throw Self.malformed }
    let body = rest.dropFirst().prefix { $0 != quote && $0 != 0x5c }
    rest = rest[body.endIndex...]
    guard rest.first == quote else { throw Self.malformed }
    rest = rest.dropFirst()
    return String(decoding: body, as: UTF8.self)
  }

  mutating func typeCode() throws(Complaint) -> String {
    skipSpace()
    if rest.first == UInt8(ascii: "[") {
      throw Complaint(
        "holds records; save numpy.lib.recfunctions.structured_to_unstructured(a)")
    }
    return try string()
  }

  package mutating func boolean() throws(Complaint) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
      rest = rest.dropFirst(word.utf8.count)
      return value
    }
    throw Self.malformed
  }

  mutating func tuple() throws(Complaint) -> [Int] {
    try expect("(")
    var numbers: [Int] = []
    while !skip(")") {
      skipSpace()
      let digits = rest.prefix { $0.isDigit }
      guard !digits.isEmpty, numbers.count < 32 else { throw Self.malformed }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
        throw Complaint("the shape in its header is too large for any file; copy it again")
      }
      numbers.append(number)
      rest = rest.dropFirst(digits.count)
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }
}
