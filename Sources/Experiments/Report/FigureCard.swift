import Metrics

extension ReportFigure {
  /// One figure: its number, and where floor and baseline exist a bar that places the number between them.
  var html: String {
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
    guard let floor, let baseline, value.mean.isFinite else { return nil }
    let width = baseline.mean - floor.mean
    guard abs(width) > floor.deviation + baseline.deviation else { return "floor and Gaussian cannot be told apart" }
    // Also where less is worse, as with a p-value: the baseline then lies below the floor.
    let position = (value.mean - floor.mean) / width
    if position <= floor.deviation / abs(width) { return "as good as true samples" }
    if position >= 1 { return "no better than a Gaussian" }
    return "\(Int((100 * position).rounded()))&nbsp;% of the way from floor to Gaussian"
  }

  /// The bar: from 0 to a little beyond the largest of the three, bands of one standard deviation each way.
  private var bar: String? {
    guard let floor, let baseline else { return nil }
    let ends = [floor, baseline, value].map { $0.mean + $0.deviation }
    guard let last = ends.max(), last.isFinite, last > 0, value.mean.isFinite else { return nil }
    let scale = 94 / last
    func percent(_ x: Double) -> String { hundredths(min(max(x * scale, 0), 100)) }
    func band(_ spread: Spread, _ kind: String) -> String {
      let from = max(spread.mean - spread.deviation, 0)
      let width = spread.mean + spread.deviation - from
      return "<i class=\"band \(kind)\" style=\"left:\(percent(from))%;width:\(percent(width))%\"></i>"
        + "<i class=\"tick \(kind)\" style=\"left:\(percent(spread.mean))%\"></i>"
    }
    let label = "\(name): \(rounded(value.mean)), floor \(rounded(floor.mean)), Gaussian \(rounded(baseline.mean))"
    return "<div class=\"bar\" role=\"img\" aria-label=\"\(escapedHTML(label))\">"
      + "<i class=\"fill\" style=\"width:\(percent(value.mean))%\"></i>"
      + band(floor, "floor") + band(baseline, "baseline") + band(value, "value") + "</div>"
  }
}

private func hundredths(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

extension ReportTimings {
  /// Rates, and one bar divided by kinds of work.
  var html: String {
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
