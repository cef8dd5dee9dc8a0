/// Reads an integer: decimal digits, optionally signed, with `_` allowed between digits (`50_000`).
package func integer(from text: some StringProtocol) -> Int? {
  guard isWhole(text), let plain = withoutUnderscores(text.utf8) else { return nil }
  return Int(plain)
}

/// Whether the text spells a whole number of any size, as ``integer(from:)`` reads it.
package func isWhole(_ text: some StringProtocol) -> Bool {
  guard let plain = withoutUnderscores(text.utf8) else { return false }
  let digits = plain.first == "-" || plain.first == "+" ? plain.dropFirst() : plain[...]
  return !digits.isEmpty && digits.utf8.allSatisfy { $0.isDigit }
}

/// Reads a finite decimal number such as `3`, `-1.5`, `.5` or `1e-3`; neither hexadecimal nor words.
///
/// A number too large for `Double` is infinite, which callers refuse with their own message.
package func real(from text: some StringProtocol) -> Double? {
  guard let plain = withoutUnderscores(text.utf8), isDecimal(plain.utf8) else { return nil }
  return Double(plain)
}

/// Whether bytes spell a decimal number: `[+-] digits [. digits] [e [+-] digits]` with a digit before or after the
/// point.
package func isDecimal(_ bytes: some Collection<UInt8>) -> Bool {
  var rest = bytes[...]
  func digits() -> Int {
    let run = rest.prefix { $0.isDigit }.count
    rest = rest.dropFirst(run)
    return run
  }
  if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
  var mantissa = digits()
  if rest.first == UInt8(ascii: ".") {
    rest = rest.dropFirst()
    mantissa += digits()
  }
  guard mantissa > 0 else { return false }
  guard let letter = rest.first else { return true }
  guard letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") else { return false }
  rest = rest.dropFirst()
  if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
  return digits() > 0 && rest.isEmpty
}

/// The shortest decimal that reads back as the same number, for YAML of any version and JSON.
package func decimal(_ number: Double) -> String {
  let text = number.description
  // YAML 1.1 readers take 1e-05 for a word: the mantissa must have a point.
  guard let letter = text.firstIndex(of: "e"), !text[..<letter].contains(".") else { return text }
  return text[..<letter] + ".0" + text[letter...]
}

extension UInt8 {
  /// Whether the byte is an ASCII digit.
  package var isDigit: Bool { self >= 0x30 && self <= 0x39 }
  /// Whether the byte is an ASCII letter.
  package var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7a }
  /// Whether the byte is an ASCII letter or digit.
  package var isLetterOrDigit: Bool { isLetter || isDigit }
}

/// The text without underscores, or nil if one stands elsewhere than between digits.
private func withoutUnderscores(_ bytes: some Collection<UInt8>) -> String? {
  let underscore = UInt8(ascii: "_")
  var plain: [UInt8] = []
  var previous: UInt8 = 0
  for byte in bytes {
    if byte == underscore, !previous.isDigit { return nil }
    if previous == underscore, !byte.isDigit { return nil }
    if byte != underscore { plain.append(byte) }
    previous = byte
  }
  return previous == underscore ? nil : String(decoding: plain, as: UTF8.self)
}
