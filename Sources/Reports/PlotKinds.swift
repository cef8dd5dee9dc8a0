internal import Files
import Glibc

extension CurvePanel {
  /// The picture of these curves; the points that a logarithmic axis cannot show are left out.
  package func plot(name: String) -> Plot {
    let shown = series.map { one in
      one.points.filter {
        $0.x.isFinite && $0.y.isFinite && (!logarithmic || $0.y > 0) && (!logarithmicX || $0.x > 0)
      }
    }
    var commands = [
      "set xlabel \(Plot.label(x)) textcolor rgb '#7d7d7d'", "set ylabel \(Plot.label(y)) textcolor rgb '#7d7d7d'",
      // Inside it would cover curves.
      series.count > 1 ? "set key outside top center horizontal width 2" : "set nokey", "set autoscale xfix",
    ]
    if logarithmic { commands.append("set logscale y") }
    if logarithmicX { commands.append("set logscale x") }
    commands += range(of: shown.joined().map(\.y)) + ticks(shown.joined().map(\.x))
    let lines = shown.enumerated().filter { !$0.element.isEmpty }.map { i, points in
      let style =
        switch series[i].style {
        case .lines: "lines linewidth 1"
        // On top of others, and wider.
        case .marked: "linespoints pointtype 7 pointsize 1.2 linewidth 1.6"
        case .steps: "histeps linewidth 1.4"
        }
      let step = points.count > 1000 ? "every every" : "every 1"
      return "'\(name).dat' index \(i) \(step) with \(style) linecolor rgb '#\(Plot.colour(series[i].colour ?? i))' "
        + (series.count > 1 ? "title \(Plot.label(series[i].name))" : "notitle")
    }
    commands.append("plot " + (lines.isEmpty ? "NaN notitle" : lines.joined(separator: ", \\\n  ")))
    return Plot(
      name: name, description: title + ": " + series.map(\.name).joined(separator: ", "), width: 360, height: 260,
      commands: commands, blocks: shown.map { $0.isEmpty ? [[.nan, .nan]] : $0.map { [$0.x, $0.y] } })
  }
}

extension CurvePanel {
  /// About five horizontal ticks: gnuplot's ten run into one another where steps have five digits.
  private func ticks(_ values: [Double]) -> [String] {
    guard let least = values.min(), let greatest = values.max(), least < greatest else { return [] }
    if logarithmicX { return greatest < 100 * least ? [Self.ticks("x", from: least, to: greatest)] : [] }
    let rough = (greatest - least) / 5
    let decade = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * decade }.first { $0 >= rough } ?? rough
    return ["set xtics \(step)"]
  }

  /// The vertical range with a little room, and on a logarithmic axis of less than two decades ticks at 1, 2 and 5.
  private func range(of values: [Double]) -> [String] {
    guard let least = values.min(), let greatest = values.max() else {
      // gnuplot refuses an empty range; a plot without points still shows its axes.
      return ["set xrange [0:1]", "set yrange [\(logarithmic ? 0.1 : 0):1]"]
    }
    guard logarithmic else { return least < greatest ? [] : ["set yrange [\(least - 1):\(greatest + 1)]"] }
    let (low, high) = (least / 1.2, greatest * 1.2)
    var commands = ["set yrange [\(low):\(high)]"]
    // Of many decades gnuplot writes 0.000010, which takes half of a small picture.
    commands.append(high < 100 * low ? Self.ticks("y", from: low, to: high) : "set format y '%.0e'")
    return commands
  }

  /// Ticks of three decades, as many in each as the range needs to have two or more.
  private static func ticks(_ axis: String, from low: Double, to high: Double) -> String {
    let decade = Int(log10(low).rounded(.down))
    let places = high < 4 * low ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : [1, 2, 5]
    let ticks = (decade...decade + 2).flatMap { e in places.map { "\($0)e\(e)" } }
    return "set \(axis)tics (" + ticks.joined(separator: ", ") + ")"
  }
}

extension ScatterPair {
  /// The most points drawn of each set: more only blacken the picture.
  static let mostPoints = 10_000

  /// The pictures of the data and of the samples, with the same axes.
  package func plots(name: String) -> [Plot] {
    let (low, high) = frame
    return [("data", data, 2), ("samples", samples, 0)].map { kind, points, colour in
      let drawn = points.prefix(Self.mostPoints)
      // Few points are drawn larger, many smaller and half transparent.
      let size = drawn.count > 3000 ? 0.35 : drawn.count > 500 ? 0.5 : 0.9
      return Plot(
        name: "\(name)-\(kind)", description: "\(kind): \(y) over \(x)", width: 420, height: 380,
        commands: [
          "set xlabel \(Plot.label(x)) textcolor rgb '#7d7d7d'",
          "set ylabel \(Plot.label(y)) textcolor rgb '#7d7d7d'",
          "set xrange [\(low.x):\(high.x)]", "set yrange [\(low.y):\(high.y)]", "set xtics autofreq", "set nokey",
          "plot '\(name)-\(kind).dat' every every with points pointtype 7 pointsize \(size) "
            + "linecolor rgb '#70\(Plot.colour(colour))'",
        ], blocks: [drawn.isEmpty ? [[.nan, .nan]] : drawn.map { [Double($0.x), Double($0.y)] }])
    }
  }
}

extension ImagePair {
  /// The most images shown of each set.
  package static let mostImages = 48

  /// Mosaics of eight images a row, grey values from the data's least to its greatest.
  package func plots(name: String) -> [Plot] {
    let values = (data.isEmpty ? samples : data).joined().filter(\.isFinite)
    let least = Double(values.min() ?? 0)
    let greatest = max(Double(values.max() ?? 1), least.nextUp)
    return [("data", data), ("samples", samples)].map { kind, images in
      let shown = Array(images.prefix(Self.mostImages))
      let rows = max(1, (shown.count + 7) / 8)
      var mosaic = [[Double]](repeating: Array(repeating: .nan, count: 8 * (side + 1)), count: rows * (side + 1))
      for (k, image) in shown.enumerated() {
        for (i, value) in image.enumerated() {
          mosaic[k / 8 * (side + 1) + i / side][k % 8 * (side + 1) + i % side] = Double(value)
        }
      }
      return Plot(
        name: "\(name)-\(kind)", description: "\(kind) as images", width: 420, height: 420 * rows / 8,
        commands: [
          "unset border", "unset tics", "unset key", "unset colorbox", "unset grid", "set margins 0, 0, 0, 0",
          "set palette gray", "set cbrange [\(least):\(greatest)]", "set yrange [] reverse", "set size ratio -1",
          "plot '\(name)-\(kind).dat' matrix with image pixels",
        ], blocks: [mosaic])
    }
  }
}
