import Configuration
import Files
import Glibc
import Runs

/// Results as text.
enum Table {
  /// A table for people.
  static func text(_ results: [Measurement], peak: Double) -> String {
    let header = "peak of a core: \(number(peak / 1e9)) GFLOP/s in fused multiply-adds"
    let rows = results.map { [$0.name, "\(number($0.value)) \($0.unit)", share($0, peak: peak)] }
    let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let name = row[0] + String(repeating: " ", count: widths[0] - row[0].count)
      let value = String(repeating: " ", count: widths[1] - row[1].count) + row[1]
      return "\(name)  \(value)  \(row[2])"
    }
    return ([header, ""] + lines).joined(separator: "\n")
  }

  /// One JSON object a line, the peak first.
  static func lines(_ results: [Measurement], peak: Double) -> String {
    let first = #"{"name": "peak", "value": \#(number(peak / 1e9)), "unit": "GFLOP/s"}"#
    let lines = results.map { result in
      var line = #"{"name": "\#(result.name)", "value": \#(number(result.value)), "unit": "\#(result.unit)""#
      if let rate = result.rate {
        line += #", "gflops": \#(number(rate / 1e9)), "fraction": \#(number(rate / peak))"#
      }
      if let ratio = result.ratio { line += #", "ratio": \#(number(ratio.value)), "to": "\#(ratio.to)""# }
      return line + "}"
    }
    return ([first] + lines).joined(separator: "\n")
  }

  private static func share(_ result: Measurement, peak: Double) -> String {
    if let rate = result.rate {
      return "\(number(rate / 1e9)) GFLOP/s  \(number(100 * (result.share ?? rate / peak))) % of peak"
    }
    if let ratio = result.ratio { return "\(number(ratio.value)) × \(ratio.to)" }
    return ""
  }

  /// Four significant digits; whole numbers in full.
  static func number(_ x: Double) -> String {
    guard x.isFinite, x != 0, x != x.rounded() || abs(x) >= 1e15 else { return x == x.rounded() ? "\(Int(x))" : "\(x)" }
    let digits = max(3 - Int(floor(log10(abs(x)))), 0)
    let scale = pow(10, Double(digits))
    let rounded = (x * scale).rounded() / scale
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
