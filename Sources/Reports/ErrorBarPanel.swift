internal import Files
package import Metrics

/// A figure over the values of one key, a curve for each combination of the others, with error bars.
package struct ErrorBarPanel: Sendable {
  /// One curve; a place without a value has none.
  package struct Series: Sendable {
    /// Its name in the key.
    package var name: String
    /// Mean and standard deviation at each place.
    package var values: [Spread?]

    /// A curve from its parts.
    package init(name: String, values: [Spread?]) {
      self.name = name
      self.values = values
    }
  }

  /// The heading.
  package var title: String
  /// One sentence on what is shown.
  package var note: String
  /// The horizontal axis.
  package var x: String
  /// The vertical axis.
  package var y: String
  /// The texts of the places along the horizontal axis.
  package var places: [String]
  /// The curves.
  package var series: [Series]
  /// Horizontal lines: what they are and where.
  package var lines: [(name: String, value: Double)]
  /// The same numbers, shown below the picture.
  package var table: TextTable?

  /// A panel from its parts.
  package init(
    title: String, note: String, x: String, y: String, places: [String], series: [Series],
    lines: [(name: String, value: Double)], table: TextTable? = nil
  ) {
    self.title = title
    self.note = note
    self.x = x
    self.y = y
    self.places = places
    self.series = series
    self.lines = lines
    self.table = table
  }

  /// The picture: places at equal distances, curves beside one another within a place so that bars do not overlap.
  package func plot(name: String) -> Plot {
    let ticks = places.enumerated().map { "\(Plot.label($1)) \($0)" }.joined(separator: ", ")
    let shift = min(0.08, 0.4 / Double(max(series.count, 1)))
    let blocks = series.enumerated().map { k, one -> [[Double]] in
      let offset = (Double(k) - Double(series.count - 1) / 2) * shift
      let rows = one.values.enumerated().compactMap { place, value in
        value.map { [Double(place) + offset, $0.mean, $0.deviation] }
      }
      return rows.isEmpty ? [[.nan, .nan, .nan]] : rows
    }
    var drawn = series.enumerated().map { k, one in
      "'\(name).dat' index \(k) with yerrorlines pointtype 7 pointsize 0.9 linewidth 1.2 "
        + "linecolor rgb '#\(Plot.colour(Self.colours[k % 4]))' \(series.count > 1 ? "title \(Plot.label(one.name))" : "notitle")"
    }
    drawn += lines.enumerated().map { k, line in
      "\(line.value) with lines dashtype 2 linewidth 1.2 linecolor rgb '#\(k == 0 ? "3a9a5c" : "d07a2d")' "
        + "title \(Plot.label(line.name))"
    }
    return Plot(
      name: name, description: "\(title) over \(x), with error bars", width: 480, height: 340,
      commands: [
        "set xlabel \(Plot.label(x)) textcolor rgb '#7d7d7d'", "set ylabel \(Plot.label(y)) textcolor rgb '#7d7d7d'",
        "set xrange [-0.5:\(Double(max(places.count, 1)) - 0.5)]", "set xtics (\(ticks))",
        // Above the picture: inside it would cover curves.
        "set key outside top center horizontal width -1", range,
        "plot " + (drawn.isEmpty ? "NaN notitle" : drawn.joined(separator: ", \\\n  ")),
      ], blocks: blocks)
  }

  /// Green and orange are floor and baseline on every page.
  private static let colours = [0, 3, 4, 5]

  /// From 0, so that lengths compare, unless values are negative or so far from 0 that nothing could be told apart.
  private var range: String {
    let values = series.flatMap(\.values).compactMap { $0 }
    let ends = values.flatMap { [$0.mean - $0.deviation, $0.mean + $0.deviation] } + lines.map(\.value)
    let finite = ends.filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max(), greatest > 0 || least < 0 else {
      return "set yrange [0:1]"
    }
    if least > 0.5 * greatest, least < greatest {
      let margin = 0.1 * (greatest - least)
      return "set yrange [\(least - margin):\(greatest + margin)]"
    }
    return "set yrange [\(least < 0 ? least * 1.1 : 0):\(max(greatest * 1.08, least < 0 ? 0 : 1e-300))]"
  }
}
