/// Seconds of a span such as `90`, `90s`, `3h50m` or `1d2h`.
///
/// - Parameters:
///   - text: the span.
///   - option: the option, for the message.
///   - orZero: whether a span of nothing means something.
/// - Returns: seconds.
/// - Throws: `ToolError.usage` naming the option.
package func seconds(of text: String, option: String, orZero: Bool = false) throws -> Double {
  let wrong = ToolError.usage("\(option) \(text): a span such as 90s, 45m, 3h50m or 1d is expected")
  var total = 0.0
  var digits = ""
  var units = ["d": 86_400.0, "h": 3_600, "m": 60, "s": 1]
  for character in text {
    if character.isASCII, character.isNumber || character == "." {
      digits.append(character)
    } else {
      guard let number = Double(digits), let unit = units.removeValue(forKey: String(character)) else { throw wrong }
      total += number * unit
      digits = ""
    }
  }
  if !digits.isEmpty {
    guard let number = Double(digits), units.count == 4 else { throw wrong }
    total = number
  }
  guard total > 0 || orZero && !text.isEmpty, total < 1e9 else { throw wrong }
  return total
}
