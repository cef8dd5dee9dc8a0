internal import Glibc
internal import LinearAlgebra

extension RunRecord {
  /// Densities of the first coordinates and of the rows' norms, data beside samples, on logarithmic axes: a heavy tail
  /// or a missing one shows there and nowhere else.
  func histograms(_ samples: borrowing Matrix) -> [CurvePanel] {
    var panels = columns.map { column in
      Self.panel(name(column), Self.column(truth.value, column), Self.column(samples, column), isLogarithmic: false)
    }
    guard truth.value.columns > 1 else { return panels }
    panels.append(Self.panel("norm", Self.norms(truth.value), Self.norms(samples), isLogarithmic: true))
    return panels
  }

  private static func column(_ matrix: borrowing Matrix, _ j: Int) -> [Double] {
    (0..<matrix.rows).map { Double(matrix[$0, j]) }
  }

  private static func norms(_ matrix: borrowing Matrix) -> [Double] {
    (0..<matrix.rows).map { r in
      (0..<matrix.columns).reduce(0) { $0 + Double(matrix[r, $1]) * Double(matrix[r, $1]) }.squareRoot()
    }
  }

  private static func panel(
    _ name: String, _ data: [Double], _ samples: [Double], isLogarithmic: Bool
  ) -> CurvePanel {
    let bins = Bins(data + samples, isLogarithmic: isLogarithmic)
    return CurvePanel(
      title: name, x: name, y: "density", logarithmic: true, logarithmicX: bins.isLogarithmic,
      series: [
        CurvePanel.Series(name: "data", points: bins.density(of: data), style: .steps, colour: 2),
        CurvePanel.Series(name: "samples", points: bins.density(of: samples), style: .steps, colour: 0),
      ])
  }
}

/// Equal bins over all values, of their logarithms where these exist and are asked for.
struct Bins {
  let isLogarithmic: Bool
  private let low, width: Double
  private let count = 40

  init(_ values: [Double], isLogarithmic: Bool) {
    let finite = values.filter(\.isFinite)
    self.isLogarithmic = isLogarithmic && finite.allSatisfy { $0 > 0 }
    let mapped = self.isLogarithmic ? finite.map { log($0) } : finite
    let (least, greatest) = (mapped.min() ?? 0, mapped.max() ?? 1)
    low = greatest > least ? least : least - 0.5
    width = greatest > least ? (greatest - least) / Double(count) : 1 / Double(count)
  }

  /// The density at the middle of each bin; one without values stands at half a value, where a logarithm can show it.
  func density(of values: [Double]) -> [(x: Double, y: Double)] {
    var counts = [Double](repeating: 0, count: count)
    for value in values where value.isFinite {
      let place = ((isLogarithmic ? log(value) : value) - low) / width
      counts[min(max(Int(place), 0), count - 1)] += 1
    }
    return counts.enumerated().map { i, n in
      let (from, to) = (low + Double(i) * width, low + Double(i + 1) * width)
      let size = isLogarithmic ? exp(to) - exp(from) : width
      let middle = isLogarithmic ? exp((from + to) / 2) : (from + to) / 2
      return (x: middle, y: max(n, 0.5) / (Double(max(values.count, 1)) * size))
    }
  }
}
