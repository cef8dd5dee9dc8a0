internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Networks
internal import Reports
internal import Sampling
internal import Targets
internal import Training

extension RunRecord {
  /// Everything that the report of this run alone shows.
  package var contents: ReportContents {
    var contents = ReportContents(title: experiment.name, experiment: experiment.yaml)
    contents.facts = facts
    if !figures.isEmpty {
      contents.tables = [FigureTable(title: "Distances", note: comparison, figures: figures)]
    }
    if let ranks, ranks.value.columns == truth.value.columns + 2, ranks.value.rows > 0 {
      contents.calibration = Calibration(ranks.value, names: (0..<truth.value.columns).map(name)).curves
    }
    if let samples {
      contents.scatters = [scatter(samples.value)]
      contents.pairs = pairs(samples.value)
      contents.clouds = clouds(samples.value)
      contents.images = images(samples.value)
      contents.histograms = histograms(samples.value)
    }
    contents.snapshots = [forward, reverse].compactMap { $0 }
    contents.curves = curves
    contents.timings = timings
    return contents
  }

  /// Short statements on what was run.
  package var facts: [ReportFact] {
    let layout = experiment.layout(dimension: truth.value.columns, conditions: data?.conditions)
    let training = experiment.training
    var facts = [
      ReportFact("data", experiment.data.target?.rawValue ?? experiment.data.simulator ?? experiment.data.file ?? ""),
      ReportFact("dimension", "\(truth.value.columns)"),
    ]
    if let data { facts.append(ReportFact("training rows", grouped(data.rows))) }
    facts += [
      ReportFact("process", experiment.process.choice.rawValue), ReportFact("objective", objective),
      ReportFact("parameters", grouped(layout.count)), ReportFact("batch", grouped(training.batch)),
      ReportFact("steps", taken),
      ReportFact(
        "sampler",
        experiment.samplerWords + (experiment.training.teacher == nil ? ", \(experiment.sampling.steps) steps" : "")),
      ReportFact("samples", grouped(experiment.sampling.count)), ReportFact("seed", "\(experiment.seed)"),
    ]
    if let loss = curve("held_out_loss").last?.y { facts.append(ReportFact("held-out loss", rounded(loss))) }
    return facts
  }

  private var objective: String {
    let training = experiment.training
    if let teacher = training.teacher { return "distillation of \(teacher)" }
    if let latents = experiment.latent.dimension {
      return "\(training.objective.rawValue) on \(latents) latents"
        + (experiment.latent.joint ? ", then with the autoencoder" : ", after the autoencoder")
    }
    guard experiment.process.chain != nil else {
      let isLearned = training.options.dequantisation.kind == .variational
      return training.objective.rawValue + (isLearned ? ", variational dequantisation" : "")
    }
    return "bound and \(rounded(training.options.crossEntropy)) of cross entropy"
  }

  private var taken: String {
    let steps = experiment.training.steps
    return step.map { $0 < steps ? "\(grouped($0)) of \(grouped(steps))" : grouped(steps) } ?? grouped(steps)
  }

  private var comparison: String {
    let kind = experiment.data.target != nil ? "fresh draws of the target" : "held-out rows"
    let units = experiment.evaluation.units == .data ? "in units of the data" : "each column in its standard deviation"
    return "Samples \(samplesFile ?? "") against \(kind), \(units)."
  }

  /// Loss, learning rate and gradient norm.
  package var curves: [CurvePanel] {
    guard !lines.isEmpty else { return [] }
    let losses = [
      CurvePanel.Series(name: "training batch", points: curve("loss")),
      CurvePanel.Series(name: "held-out rows", points: curve("held_out_loss"), style: .marked),
    ]
    return [
      CurvePanel(title: "Loss", x: "step", y: "loss", series: losses.filter { !$0.points.isEmpty }),
      CurvePanel(
        title: "Learning rate", x: "step", y: "learning rate",
        series: [CurvePanel.Series(name: "learning rate", points: curve("learning_rate"))]),
      CurvePanel(
        title: "Gradient norm", x: "step", y: "norm", logarithmic: true,
        series: [CurvePanel.Series(name: "before clipping", points: curve("gradient_norm"))]),
    ]
  }

  /// Rows are shown as pictures where the experiment says that they are.
  var isSquareImages: Bool { experiment.data.images }

  /// The coordinates that are shown: the first five that are not constant, of images from the middle on, since their
  /// corners are dark.
  package var columns: [Int] {
    let d = truth.value.columns
    let varied = (isSquareImages ? d / 2..<d : 0..<d).filter { data?.constantColumns[$0] != true }
    return varied.isEmpty ? [0] : Array(varied.prefix(5))
  }

  /// The two coordinates that are shown first; twice the same of data with one.
  var firstPair: (Int, Int) { (columns[0], columns[min(1, columns.count - 1)]) }

  private func scatter(_ samples: borrowing Matrix) -> ScatterPair {
    let (first, second) = firstPair
    return ScatterPair(
      x: name(first), y: name(second), data: points(truth.value, first, second), samples: points(samples, first, second)
    )
  }

  /// The other pairs of the first four coordinates, data and samples in one picture each.
  private func pairs(_ samples: borrowing Matrix) -> [PointPanels] {
    let shown = Array(columns.prefix(4))
    guard shown.count > 2, !isSquareImages else { return [] }
    let chosen = shown.indices.flatMap { i in shown[(i + 1)...].map { (shown[i], $0) } }.dropFirst()
    let panels = chosen.map { a, b in
      PointPanels.Panel(
        caption: "\(name(b)) over \(name(a))",
        sets: [points(truth.value, a, b, most: 2000), points(samples, a, b, most: 2000)])
    }
    return [
      PointPanels(
        title: "Pairs of the first coordinates",
        note: "Data in green, samples in blue, drawn in turns; at most 2,000 points each.",
        hasCommonFrame: false, colours: [2, 0], panels: Array(panels))
    ]
  }

  private func clouds(_ samples: borrowing Matrix) -> [CloudPair] {
    let shown = Array(columns.prefix(3))
    guard shown.count > 2, !isSquareImages else { return [] }
    func cloud(_ matrix: borrowing Matrix) -> [SIMD3<Float>] {
      (0..<min(matrix.rows, 5000)).map { SIMD3(matrix[$0, shown[0]], matrix[$0, shown[1]], matrix[$0, shown[2]]) }
    }
    return [CloudPair(names: shown.map(name), data: cloud(truth.value), samples: cloud(samples))]
  }

  private func images(_ samples: borrowing Matrix) -> ImagePair? {
    guard isSquareImages else { return nil }
    func rows(_ matrix: borrowing Matrix) -> [[Float]] {
      (0..<min(matrix.rows, ImagePair.mostImages)).map { r in (0..<matrix.columns).map { matrix[r, $0] } }
    }
    return ImagePair(data: rows(truth.value), samples: rows(samples))
  }

  package func points(_ matrix: borrowing Matrix, _ first: Int, _ second: Int, most: Int = 5000) -> [SIMD2<Float>] {
    (0..<min(matrix.rows, most)).map { SIMD2(matrix[$0, first], matrix[$0, second]) }
  }
}
