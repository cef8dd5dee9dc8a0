internal import Files
import Metrics

extension Judgement {
  /// One figure: its number, and where floor and baseline exist a bar that places the number between them.
  package var html: String {
    let number = rounded(value.mean, value.deviation)
    var lines = [
      "<div class=\"card\">",
      "<div class=\"head\"><span>\(escapedHTML(name))</span><strong>\(escapedHTML(number))</strong></div>",
    ]
    if let bar { lines.append(bar) }
    var parts: [String] = []
    if let floor { parts.append("<span class=\"floor\">floor</span> \(rounded(floor.mean, floor.deviation))") }
    if let baseline {
      parts.append("<span class=\"baseline\">Gaussian</span> \(rounded(baseline.mean, baseline.deviation))")
    }
    parts += [unit, note].filter { !$0.isEmpty }.map(escapedHTML)
    if let verdict { parts.append("<em>\(verdict)</em>") }
    let texts = parts.map { "<span class=\"part\">\($0)</span>" }
    if !texts.isEmpty { lines.append("<p>" + texts.joined(separator: " ") + "</p>") }
    return (lines + ["</div>"]).joined(separator: "\n")
  }

  /// What the place of the number between floor and baseline means, in words.
  private var verdict: String? {
    guard let baseline, value.mean.isFinite else { return nil }
    guard let floor else {
      let gain = baseline.mean - value.mean
      return gain > 0 ? "\(rounded(gain)) below the Gaussian" : "no better than a Gaussian"
    }
    guard let position else {
      let highest = max(floor.mean, baseline.mean)
      let spread = max(floor.deviation, baseline.deviation)
      let error = (value.deviation * value.deviation + spread * spread).squareRoot()
      return value.mean - highest > 2 * error
        ? "worse than true samples and a Gaussian" : "floor and Gaussian cannot be told apart"
    }
    if position <= floor.deviation / abs(baseline.mean - floor.mean) {
      return isLikelihood ? "as good as the law itself" : "as good as true samples"
    }
    if position >= 1 { return "no better than a Gaussian" }
    return "\(Int((100 * position).rounded()))&nbsp;% of the way from floor to Gaussian"
  }

  /// The bar: from 0, or for a likelihood a little below the least, to a little beyond the largest of the three, bands of
  /// one standard deviation each way.
  private var bar: String? {
    guard let baseline else { return nil }
    let shown = [value, baseline] + (floor.map { [$0] } ?? [])
    let (least, last) = shown.reduce((Double.infinity, -Double.infinity)) {
      (min($0.0, $1.mean - $1.deviation), max($0.1, $1.mean + $1.deviation))
    }
    let origin = isLikelihood ? least - 0.2 * (last - least) : 0
    guard last.isFinite, last > origin, value.mean.isFinite else { return nil }
    let scale = 94 / (last - origin)
    func percent(_ x: Double) -> String { hundredths(min(max((x - origin) * scale, 0), 100)) }
    func band(_ spread: Spread, _ kind: String) -> String {
      let from = max(spread.mean - spread.deviation, origin)
      let width = spread.mean + spread.deviation - from
      return "<i class=\"band \(kind)\" style=\"left:\(percent(from))%;width:\(hundredths(width * scale))%\"></i>"
        + "<i class=\"tick \(kind)\" style=\"left:\(percent(spread.mean))%\"></i>"
    }
    let lowest = floor.map { ", floor \(rounded($0.mean))" } ?? ""
    let label = "\(name): \(rounded(value.mean))\(lowest), Gaussian \(rounded(baseline.mean))"
    return "<div class=\"bar\" role=\"img\" aria-label=\"\(escapedHTML(label))\">"
      + "<i class=\"fill\" style=\"width:\(percent(value.mean))%\"></i>"
      + (floor.map { band($0, "floor") } ?? "") + band(baseline, "baseline") + band(value, "value") + "</div>"
  }
}

private func hundredths(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

extension ReportTimings {
  /// Rates, and one bar divided by kinds of work.
  package var html: String {
    let total = shares.reduce(0) { $0 + max($1.seconds, 0) }
    var lines = [
      "<section><h2>Time</h2>",
      "<dl><div><dt>steps a second</dt><dd>\(rounded(stepsPerSecond))</dd></div>"
        + "<div><dt>GFLOP/s and rank</dt><dd>\(rounded(gigaflops))</dd></div>"
        + "<div><dt>ranks</dt><dd>\(ranks)</dd></div>"
        + "<div><dt>seconds</dt><dd>\(rounded(total))</dd></div></dl>",
    ]
    if total > 0 {
      let parts = shares.enumerated().map { i, share in
        "<i style=\"width:\(hundredths(100 * max(share.seconds, 0) / total))%;background:#\(Plot.colour(i))\"></i>"
      }
      let keys = shares.enumerated().map { i, share in
        "<span class=\"part\"><i class=\"dot\" style=\"background:#\(Plot.colour(i))\"></i>\(escapedHTML(share.name)) "
          + "\(rounded(share.seconds))&nbsp;s, \(tenths(100 * max(share.seconds, 0) / total))&nbsp;%</span>"
      }
      lines.append("<div class=\"shares\" aria-hidden=\"true\">" + parts.joined() + "</div>")
      lines.append("<p>" + keys.joined(separator: " ") + "</p>")
    }
    return (lines + ["</section>"]).joined(separator: "\n")
  }
}
