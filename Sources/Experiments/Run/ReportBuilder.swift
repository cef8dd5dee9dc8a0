internal import LinearAlgebra
internal import Metrics
internal import Networks
internal import Sampling
internal import Training

/// Gathers what a run's report shows from the run folder and the judgements.
struct ReportBuilder {
  let experiment: Experiment
  let folder: RunFolder
  let data: DataSet.Description

  /// Writes `report.html`.
  ///
  /// - Parameters:
  ///   - judgements: the samples' distances.
  ///   - note: what was compared with what.
  ///   - truth: true rows, shape `[rows, dimension]`, in original units.
  ///   - samples: drawn rows, of the same columns and units.
  ///   - timings: where the run's time went; nil where it was not measured.
  /// - Throws: an error where the metrics cannot be read or the report cannot be written.
  func write(
    _ judgements: [Judgement], note: String, truth: borrowing Matrix,
    samples: borrowing Matrix, timings: ReportTimings?
  ) throws {
    var contents = ReportContents(title: experiment.name, experiment: experiment.yaml)
    contents.facts = facts(samples: samples.rows)
    contents.tables = [FigureTable(title: "Distances", note: note, figures: judgements.map { ReportFigure($0) })]
    contents.scatters = [scatter(truth, samples)]
    if isSquareImages { contents.images = ImagePair(data: rows(of: truth, 40), samples: rows(of: samples, 40)) }
    contents.curves = try curves()
    contents.timings = timings
    try Report(contents).write(to: folder.report, plots: folder.plots)
  }

  private func facts(samples: Int) -> [ReportFact] {
    let layout = ParameterLayout(experiment.model(dimension: data.dimension).network)
    return [
      ReportFact("data", experiment.data.target?.rawValue ?? experiment.data.file ?? ""),
      ReportFact("dimension", "\(data.dimension)"), ReportFact("training rows", "\(data.rows)"),
      ReportFact("process", experiment.process.kind.rawValue), ReportFact("parameters", "\(layout.count)"),
      ReportFact("steps", "\(experiment.training.steps)"), ReportFact("samples", "\(samples)"),
    ]
  }

  private func scatter(_ truth: borrowing Matrix, _ samples: borrowing Matrix) -> ScatterPair {
    // Of images the corners are dark: two pixels from the middle say more.
    let first = isSquareImages ? data.dimension / 2 + 2 : 0
    let second = data.dimension > 1 ? (isSquareImages ? data.dimension / 2 + 4 : 1) : 0
    return ScatterPair(
      x: name(first), y: name(second), data: points(truth, first, second), samples: points(samples, first, second))
  }

  private func name(_ column: Int) -> String { data.columnNames?[column] ?? "x\(column + 1)" }

  private func points(_ matrix: borrowing Matrix, _ first: Int, _ second: Int) -> [SIMD2<Float>] {
    (0..<min(matrix.rows, 5000)).map { SIMD2(matrix[$0, first], matrix[$0, second]) }
  }

  private func rows(of matrix: borrowing Matrix, _ count: Int) -> [[Float]] {
    (0..<min(matrix.rows, count)).map { r in (0..<matrix.columns).map { matrix[r, $0] } }
  }

  /// Rows are shown as pictures where the experiment says that they are.
  private var isSquareImages: Bool { experiment.data.images }

  private func curves() throws -> [CurvePanel] {
    let lines = try MetricsLog.read(folder.metrics)
    func points(_ key: String) -> [(x: Double, y: Double)] {
      lines.compactMap { line in
        guard let step = line["step"]?.number, let value = line[key]?.number else { return nil }
        return (x: step, y: value)
      }
    }
    guard !lines.isEmpty else { return [] }
    let losses = CurvePanel(
      title: "Loss", x: "step", y: "loss",
      series: [
        CurvePanel.Series(name: "training batch", points: points("loss")),
        CurvePanel.Series(name: "held-out rows", points: points("held_out_loss"), marked: true),
      ].filter { !$0.points.isEmpty })
    let norms = CurvePanel(
      title: "Gradient norm", x: "step", y: "norm", logarithmic: true,
      series: [CurvePanel.Series(name: "before clipping", points: points("gradient_norm"))])
    return [losses, norms]
  }
}

extension JSONValue {
  /// The value of a number of either kind.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}
