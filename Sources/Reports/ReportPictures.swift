internal import Files

/// Curves over one axis, drawn in one picture.
package struct CurvePanel: Sendable {
  /// One curve.
  package struct Series: Sendable {
    /// Its name in the key.
    package var name: String
    /// Its points (x, y); those not finite are left out.
    package var points: [(x: Double, y: Double)]
    /// How it is drawn.
    package var style: Style
    /// The place of its colour; nil for its place among the curves.
    package var colour: Int?

    /// A curve from its parts.
    package init(
      name: String, points: [(x: Double, y: Double)], style: Style = .lines, colour: Int? = nil
    ) {
      self.name = name
      self.points = points
      self.style = style
      self.colour = colour
    }
  }

  /// How a curve is drawn.
  package enum Style: Sendable {
    /// A line.
    case lines
    /// A line with a mark at each point, on top of others.
    case marked
    /// Steps around each point, as of a histogram.
    case steps
  }

  /// The heading.
  package var title: String
  /// The horizontal axis, for instance `step`.
  package var x: String
  /// The vertical axis, for instance `loss`.
  package var y: String
  /// True for a logarithmic vertical axis; points that are not positive are then left out.
  package var logarithmic: Bool
  /// True for a logarithmic horizontal axis; points that are not positive are then left out.
  package var logarithmicX: Bool
  /// The curves.
  package var series: [Series]

  /// A panel from its parts.
  package init(
    title: String, x: String, y: String, logarithmic: Bool = false, logarithmicX: Bool = false, series: [Series]
  ) {
    self.title = title
    self.x = x
    self.y = y
    self.logarithmic = logarithmic
    self.logarithmicX = logarithmicX
    self.series = series
  }
}

/// Two clouds of points, drawn beside one another with the same axes.
package struct ScatterPair: Sendable {
  /// The names of the two coordinates.
  package var x: String
  /// The name of the vertical coordinate.
  package var y: String
  /// The data's points.
  package var data: [SIMD2<Float>]
  /// The samples' points.
  package var samples: [SIMD2<Float>]

  /// A pair from its parts.
  package init(x: String, y: String, data: [SIMD2<Float>], samples: [SIMD2<Float>]) {
    self.x = x
    self.y = y
    self.data = data
    self.samples = samples
  }

  /// The frame: the data's 0.1 % and 99.9 % quantiles in each coordinate with a tenth of their distance around.
  ///
  /// Heavy tails would otherwise shrink everything else to a dot; the report says how many points lie outside.
  package var frame: (low: SIMD2<Float>, high: SIMD2<Float>) {
    var low = SIMD2<Float>(repeating: 0)
    var high = SIMD2<Float>(repeating: 1)
    for axis in 0..<2 {
      let values = (data.isEmpty ? samples : data).map { $0[axis] }.filter(\.isFinite).sorted()
      guard let least = values.first else { continue }
      let tail = values.count / 1000
      let a = values[tail]
      let b = values[values.count - 1 - tail]
      let margin = b > a ? (b - a) / 10 : max(abs(least) / 10, 1)
      low[axis] = a - margin
      high[axis] = b + margin
    }
    return (low, high)
  }

  /// The number of `points` outside the frame.
  func outside(_ points: [SIMD2<Float>]) -> Int {
    let (low, high) = frame
    return points.count { point in
      !(0..<2).allSatisfy { point[$0] >= low[$0] && point[$0] <= high[$0] }
    }
  }
}

/// Rows that are square grey images, data beside samples.
package struct ImagePair: Sendable {
  /// The number of pixels on a side.
  package let side: Int
  /// The data's first images, each side² grey values, row after row from the top.
  package var data: [[Float]]
  /// The samples' first images.
  package var samples: [[Float]]

  /// Images of side × side pixels; nil unless every row has a square number of values, the same for all.
  package init?(data: [[Float]], samples: [[Float]]) {
    let sizes = Set((data + samples).map(\.count))
    guard sizes.count == 1, let size = sizes.first else { return nil }
    let side = Int(Double(size).squareRoot().rounded())
    guard side > 0, side * side == size else { return nil }
    self.side = side
    self.data = data
    self.samples = samples
  }
}
