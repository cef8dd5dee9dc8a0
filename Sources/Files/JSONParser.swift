extension JSONValue {
  /// Reads one strict JSON document: no repeated names, at most 64 levels, nothing after it but blanks.
  ///
  /// Memory grows with the text by a factor of about thirty, so callers bound its length.
  package init(parsing bytes: [UInt8]) throws(Complaint) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// One line of a JSON lines file, or nil if it is not JSON.
  package init?(line: String) {
    guard let value = try? JSONValue(parsing: Array(line.utf8)) else { return nil }
    self = value
  }
}

/// A recursive descent over bytes; `position` is where the next one is read.
private struct JSONParser {
  package let bytes: [UInt8]
  package var position = 0

  mutating func document() throws(Complaint) -> JSONValue {
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw fault("something after its end") }
    return value
  }

  private func fault(_ problem: String) -> Complaint { Complaint("bad JSON: \(problem) at byte \(position)") }

  private mutating func skipBlanks() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(Complaint) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw fault("an unknown word") }
    position += word.utf8.count
    return value
  }

  private mutating func value(depth: Int) throws(Complaint) -> JSONValue {
    guard depth < 64 else { throw fault("too deep nesting") }
    skipBlanks()
    guard position < bytes.count else { throw fault("an early end") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(Complaint) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    if skip("}") { return .object([]) }
    repeat {
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw fault("a member without a name")
      }
      let name = try string()
      guard names.insert(name).inserted else { throw fault("the repeated name \(quoted(name))") }
      guard skip(":") else { throw fault("a missing ':'") }
      members.append(JSONValue.Member(name, try value(depth: depth + 1)))
    } while skip(",")
    guard skip("}") else { throw fault("a missing '}'") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(Complaint) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    if skip("]") { return .array([]) }
    repeat { values.append(try value(depth: depth + 1)) } while skip(",")
    guard skip("]") else { throw fault("a missing ']'") }
    return .array(values)
  }

  private mutating func number() throws(Complaint) -> JSONValue {
    let run = bytes[position...].prefix { $0.isDigit || "+-.eE".utf8.contains($0) }
    let digits = run.first == UInt8(ascii: "-") ? run.dropFirst() : run
    let text = String(decoding: run, as: UTF8.self)
    let whole = digits.prefix { $0.isDigit }
    let hasLeadingZero = whole.count > 1 && whole.first == UInt8(ascii: "0")
    let afterWhole = digits.dropFirst(whole.count)
    let isPointless = afterWhole.first == UInt8(ascii: ".") && afterWhole.dropFirst().first?.isDigit != true
    guard !whole.isEmpty, !hasLeadingZero, !isPointless, isDecimal(run) else { throw fault("no value") }
    position = run.endIndex
    if afterWhole.isEmpty, let integer = Int(text) { return .integer(integer) }
    guard let real = Double(text), real.isFinite else { throw fault("a number too large") }
    return .real(real)
  }

  private mutating func string() throws(Complaint) -> String {
    position += 1
    var units: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw fault("text that is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): units += try escape()
      case 0..<0x20: throw fault("a control character")
      default: units.append(byte)
      }
    }
    throw fault("an early end")
  }

  private mutating func escape() throws(Complaint) -> [UInt8] {
    guard position < bytes.count else { throw fault("an early end") }
    let letter = Unicode.Scalar(bytes[position])
    position += 1
    switch letter {
    case "\"", "\\", "/": return [UInt8(letter.value)]
    case "b": return [0x08]
    case "f": return [0x0c]
    case "n": return [0x0a]
    case "r": return [0x0d]
    case "t": return [0x09]
    case "u":
      var code = try hexadecimal()
      if (0xd800..<0xdc00).contains(code), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else { throw fault("half a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      return Array(String(scalar).utf8)
    default: throw fault("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(Complaint) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.count == 4, text.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }), let code = UInt32(text, radix: 16)
    else {
      throw fault("an unknown escape")
    }
    position += 4
    return code
  }
}
