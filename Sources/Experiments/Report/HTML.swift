import Foundation

/// Text as it may stand in an HTML page or attribute: marked-up characters escaped, control characters replaced.
func escapedHTML(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\n", "\t": result.unicodeScalars.append(scalar)
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A whole number with commas between thousands.
func grouped(_ number: Int) -> String {
  let digits = Array(String(number.magnitude))
  var result = number < 0 ? "−" : ""
  for (i, digit) in digits.enumerated() {
    if i > 0 && (digits.count - i) % 3 == 0 { result += "," }
    result.append(digit)
  }
  return result
}

/// A number with three significant digits.
func rounded(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
  guard value != 0 else { return "0" }
  let exponent = Int(log10(abs(value)).rounded(.down))
  guard (-4...6).contains(exponent) else { return minus(String(format: "%.2e", value)) }
  if exponent >= 3 { return grouped(Int(value.rounded())) }
  return minus(String(format: "%.\(max(0, 2 - exponent))f", value))
}

/// A mean and its deviation, both to the deviation's second digit: `0.0431 ± 0.0021`.
func rounded(_ mean: Double, _ deviation: Double) -> String {
  guard mean.isFinite, deviation.isFinite, deviation > 0 else { return rounded(mean) }
  let exponent = Int(log10(deviation).rounded(.down))
  guard (-6...2).contains(exponent), abs(mean) < 1e6 else { return "\(rounded(mean)) ± \(rounded(deviation))" }
  let places = max(0, 1 - exponent)
  return minus(String(format: "%.\(places)f ± %.\(places)f", mean, deviation))
}

private func minus(_ text: String) -> String { text.replacingOccurrences(of: "-", with: "−") }
