internal import Configuration
internal import Files
internal import Glibc
internal import LinearAlgebra
internal import Reports

extension RunRecord {
  /// Densities of the first coordinates and of the rows' norms, data beside samples, on logarithmic axes: a heavy tail
  /// or a missing one shows there and nowhere else.
  package func histograms(_ samples: borrowing Matrix) -> [CurvePanel] {
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
