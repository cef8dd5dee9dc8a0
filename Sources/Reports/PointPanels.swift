internal import Files

/// Small pictures of points beside one another.
package struct PointPanels: Sendable {
  /// One picture.
  package struct Panel: Sendable {
    /// What it shows.
    package var caption: String
    /// Sets of points, the last on top.
    package var sets: [[SIMD2<Float>]]
    /// Paths, drawn as lines beneath the points.
    package var paths: [[SIMD2<Float>]]

    /// A picture from its parts.
    package init(caption: String, sets: [[SIMD2<Float>]], paths: [[SIMD2<Float>]] = []) {
      self.caption = caption
      self.sets = sets
      self.paths = paths
    }
  }

  /// The heading.
  package var title: String
  /// One sentence on what is shown; may be empty.
  package var note: String
  /// Whether all pictures have the same axes.
  package var hasCommonFrame: Bool
  /// For each set the place of its colour.
  package var colours: [Int]
  /// The pictures.
  package var panels: [Panel]

  /// Pictures from their parts.
  package init(title: String, note: String, hasCommonFrame: Bool, colours: [Int], panels: [Panel]) {
    self.title = title
    self.note = note
    self.hasCommonFrame = hasCommonFrame
    self.colours = colours
    self.panels = panels
  }

  /// The pictures as plots.
  package func plots(name: String) -> [Plot] {
    let all = panels.flatMap(\.sets).flatMap { $0 }
    return panels.enumerated().map { i, panel in
      let name = "\(name)-\(i + 1)"
      // Of several sets the first, the data, decides what is shown: samples gone astray must not shrink it.
      let framed = hasCommonFrame ? all : panel.sets.first { !$0.isEmpty } ?? []
      let (low, high) = ScatterPair(x: "", y: "", data: framed, samples: []).frame
      // In turns, so that no set covers another.
      let turns = panel.sets.count > 1 ? 8 : 1
      var drawn = (0..<turns).flatMap { turn in
        panel.sets.indices.map { set in
          let tone = Plot.colour(colours.indices.contains(set) ? colours[set] : set)
          return "'\(name).dat' index \(set) every every*\(turns)::every*\(turn) with points pointtype 7 "
            + "pointsize 0.45 linecolor rgb '#60\(tone)'"
        }
      }
      var blocks = panel.sets.map { $0.isEmpty ? [[.nan, .nan]] : $0.map { [Double($0.x), Double($0.y)] } }
      if !panel.paths.isEmpty {
        drawn.insert(
          "'\(name).dat' index \(blocks.count) with lines linewidth 0.5 linecolor rgb '#907d7d7d'", at: 0)
        // An empty row ends a line.
        blocks.append(panel.paths.flatMap { path in path.map { [Double($0.x), Double($0.y)] } + [[]] })
      }
      return Plot(
        name: name, description: "\(title): \(panel.caption)", width: 220, height: 200,
        commands: [
          "set xrange [\(low.x):\(high.x)]", "set yrange [\(low.y):\(high.y)]", "set nokey",
          Plot.ticks("x", from: low.x, to: high.x, count: 5), Plot.ticks("y", from: low.y, to: high.y, count: 5),
          "plot " + (drawn.isEmpty ? "NaN" : drawn.joined(separator: ", \\\n  ")),
        ], blocks: blocks)
    }
  }
}

/// Two clouds of points in three coordinates, with the same axes.
package struct CloudPair: Sendable {
  /// The names of the three coordinates; the first is drawn upwards.
  package var names: [String]
  /// The data's points.
  package var data: [SIMD3<Float>]
  /// The samples' points.
  package var samples: [SIMD3<Float>]

  /// A pair from its parts.
  package init(names: [String], data: [SIMD3<Float>], samples: [SIMD3<Float>]) {
    self.names = names
    self.data = data
    self.samples = samples
  }

  /// The pictures of the data and of the samples: the first coordinate upwards, so that a funnel stands on its neck.
  package func plots(name: String) -> [Plot] {
    let shown = data.isEmpty ? samples : data
    let flat = ScatterPair(x: "", y: "", data: shown.map { SIMD2($0.y, $0.z) }, samples: []).frame
    let upright = ScatterPair(x: "", y: "", data: shown.map { SIMD2($0.x, 0) }, samples: []).frame
    let ranges = [
      ("x", flat.low.x, flat.high.x, 1), ("y", flat.low.y, flat.high.y, 2), ("z", upright.low.x, upright.high.x, 0),
    ]
    func isInside(_ p: SIMD3<Float>) -> Bool {
      p.x >= upright.low.x && p.x <= upright.high.x && p.y >= flat.low.x && p.y <= flat.high.x && p.z >= flat.low.y
        && p.z <= flat.high.y
    }
    return [("data", data, 2), ("samples", samples, 0)].map { kind, points, colour in
      // A cut axis does not hide points of a surface: they would float outside the box.
      let drawn = points.filter(isInside)
      return Plot(
        name: "\(name)-\(kind)", description: "\(kind) in three coordinates: " + names.joined(separator: ", "),
        width: 420, height: 360,
        commands: ranges.flatMap { axis, low, high, column in
          [
            "set \(axis)range [\(low):\(high)]", Plot.ticks(axis, from: low, to: high, count: 4),
            "set \(axis)label \(Plot.label(names.indices.contains(column) ? names[column] : ""))"
              + " textcolor rgb '#7d7d7d'",
          ]
        } + [
          "set nokey", "set view 70, 32, 1.1, 1.0", "set xyplane 0", "set border 127", "set margins 7, 2, 0.5, 0",
          // Labels on the floor's edges would touch them.
          "set xtics offset 0, -0.5", "set ytics offset 1, -0.4",
          "splot '\(name)-\(kind).dat' using 2:3:1 every every with points pointtype 7 pointsize 0.4 "
            + "linecolor rgb '#60\(Plot.colour(colour))'",
        ],
        blocks: [
          drawn.isEmpty ? [[.nan, .nan, .nan]] : drawn.map { [Double($0.x), Double($0.y), Double($0.z)] }
        ])
    }
  }
}
