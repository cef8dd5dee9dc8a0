internal import Metrics
internal import Reports

extension Calibration {
  /// How far the distribution function of each order's ranks lies from the diagonal, with the band that holds all of a right
  /// posterior's curve with a probability of 95 %.
  var curves: [CurvePanel] {
    let shown = names.count <= 8 ? Array(names.indices) : worst(8)
    let parameters = panel("Simulation-based calibration", shown.map { (names[$0], $0) })
    return [
      parameters,
      panel(
        "Coverage of regions of highest density, and of balls around points (TARP)",
        [
          ("regions", names.count), ("balls", names.count + 1),
        ]),
    ]
  }

  private func worst(_ count: Int) -> [Int] {
    names.indices.sorted { UniformityTest(numbers($0)).statistic > UniformityTest(numbers($1)).statistic }
      .prefix(count).sorted()
  }

  private func panel(_ title: String, _ orders: [(name: String, order: Int)]) -> CurvePanel {
    let band = KolmogorovLaw(count: ranks.count).quantile(tail: 0.05)
    let levels = (0...100).map { Double($0) / 100 }
    var series = orders.map { name, order in
      let sorted = numbers(order).sorted()
      var next = 0
      let points = levels.map { level in
        while next < sorted.count, sorted[next] <= level { next += 1 }
        return (x: level, y: Double(next) / Double(sorted.count) - level)
      }
      return CurvePanel.Series(name: name, points: points)
    }
    for sign in [1.0, -1] {
      series.append(
        CurvePanel.Series(
          name: sign > 0 ? "95 % band" : "", points: [(x: 0, y: sign * band), (x: 1, y: sign * band)], colour: 7))
    }
    return CurvePanel(title: title, x: "level", y: "share of pairs − level", series: series)
  }
}
