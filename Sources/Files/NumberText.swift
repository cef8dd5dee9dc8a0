import Foundation

/// A whole number with commas between thousands.
package func grouped(_ number: Int) -> String {
  let digits = Array(String(number.magnitude))
  var result = number < 0 ? "−" : ""
  for (i, digit) in digits.enumerated() {
    if i > 0 && (digits.count - i) % 3 == 0 { result += "," }
    result.append(digit)
  }
  return result
}

/// A number for sentences and the report's page: three significant digits, commas between thousands, a minus sign.
///
/// `short` is for tables of text, whose figures a reader may copy into a program.
package func rounded(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
  guard value != 0 else { return "0" }
  let exponent = Int(log10(abs(value)).rounded(.down))
  guard (-4...6).contains(exponent) else { return minus(String(format: "%.2e", value)) }
  if exponent >= 3 { return grouped(Int(value.rounded())) }
  return minus(String(format: "%.\(max(0, 2 - exponent))f", value))
}

/// A mean and its deviation, both to the deviation's second digit: `0.0431 ± 0.0021`.
package func rounded(_ mean: Double, _ deviation: Double) -> String {
  guard mean.isFinite, deviation.isFinite, deviation > 0 else { return rounded(mean) }
  let exponent = Int(log10(deviation).rounded(.down))
  guard (-6...2).contains(exponent), abs(mean) < 1e6 else { return "\(rounded(mean)) ± \(rounded(deviation))" }
  let places = max(0, 1 - exponent)
  return minus(String(format: "%.\(places)f ± %.\(places)f", mean, deviation))
}

private func minus(_ text: String) -> String { text.replacingOccurrences(of: "-", with: "−") }

/// A number for tables of text and for what scripts read: four significant digits in ASCII, as programs take them.
///
/// `rounded` is for sentences and the report's page.
package func short(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  let size = abs(value)
  if size >= 1e6 || (size > 0 && size < 1e-3) { return String(format: "%.3g", value) }
  return String(format: size >= 1000 ? "%.0f" : size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : "%.4f", value)
}

/// A number of three digits, as one may type it into an experiment file.
package func roundedDecimal(_ number: Double) -> String {
  guard number.isFinite, number != 0 else { return decimal(number) }
  let unit = pow(10, 2 - log10(abs(number)).rounded(.down))
  return decimal((number * unit).rounded() / unit)
}

/// Hours, minutes and seconds.
package func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e8 else { return "?" }
  let s = Int(seconds.rounded())
  if s >= 3600 { return "\(s / 3600) h \(s / 60 % 60) min" }
  return s >= 60 ? "\(s / 60) min \(s % 60) s" : "\(s) s"
}

/// Bytes in words.
package func gigabytes(_ bytes: Double) -> String { short(bytes / 1e9) + " GB" }

/// A step number as file names carry it: nine digits, so that names sort.
package func padded(_ step: Int) -> String {
  let digits = String(step)
  return String(repeating: "0", count: max(9 - digits.count, 0)) + digits
}

/// A number with so many decimals, by a point, as tables of data show it.
package func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
