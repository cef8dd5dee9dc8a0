internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Reports

/// Several runs on one page.
struct RunComparison {
  private let records: [RunRecord]
  /// The runs' names: the folders', whole where their last parts agree.
  private let names: [String]

  init(_ records: [RunRecord]) {
    self.records = records
    let short = records.map { String($0.folder.path.split(separator: "/").last ?? "") }
    names = Set(short).count == short.count ? short : records.map(\.folder.path)
  }

  package var contents: ReportContents {
    var contents = ReportContents(
      title: names.joined(separator: " · "),
      experiment: zip(names, records).map { "# \($0)\n\($1.experiment.yaml)" }.joined(separator: "\n"))
    contents.texts = [statements, differences, times].filter { !$0.rows.isEmpty }
    contents.tables = tables
    contents.snapshots = points
    contents.curves = [
      panel("Held-out loss", "held_out_loss", style: .marked), panel("Training loss", "loss"),
      panel("Learning rate", "learning_rate"), panel("Gradient norm", "gradient_norm", logarithmic: true),
    ].filter { panel in panel.series.contains { !$0.points.isEmpty } }
    return contents
  }

  private var statements: TextTable {
    let facts = records.map(\.facts)
    var kinds: [String] = []
    for fact in facts.joined() where !kinds.contains(fact.name) { kinds.append(fact.name) }
    return TextTable(
      title: "Runs", header: [""] + names,
      rows: kinds.map { kind in [kind] + facts.map { list in list.first { $0.name == kind }?.value ?? "–" } })
  }

  /// The keys in which the experiments differ.
  private var differences: TextTable {
    let rows = ExperimentKey.all.compactMap { key -> [String]? in
      let values = records.map { record -> String in
        key.condition?.holds(record.experiment) == false ? "–" : spelled(key.get(record.experiment), as: key.shape)
      }
      return Set(values).count > 1 ? [key.path] + values : nil
    }
    return TextTable(title: "Keys that differ", header: [""] + names, rows: rows)
  }

  private var times: TextTable {
    let timings = records.map(\.timings)
    func row(_ name: String, _ text: (ReportTimings) -> String) -> [String] {
      [name] + timings.map { $0.map(text) ?? "–" }
    }
    guard timings.contains(where: { $0 != nil }) else { return TextTable(title: "Time", header: [], rows: []) }
    let kinds = timings.compactMap { $0 }.first?.shares.map(\.name) ?? []
    let shares = kinds.map { kind in
      row("\(kind), s") { one in one.shares.first { $0.name == kind }.map { rounded($0.seconds) } ?? "–" }
    }
    return TextTable(
      title: "Time", header: [""] + names,
      rows: [
        row("steps a second") { rounded($0.stepsPerSecond) }, row("GFLOP/s and rank") { rounded($0.gigaflops) },
        row("ranks") { "\($0.ranks)" },
      ] + shares)
  }

  /// For each figure the runs beside one another, each on its own scale between floor and baseline.
  private var tables: [FigureTable] {
    var kinds: [String] = []
    for figure in records.flatMap(\.figures) where !kinds.contains(figure.name) { kinds.append(figure.name) }
    return kinds.map { kind in
      let figures = zip(names, records).compactMap { name, record -> Judgement? in
        guard var figure = record.figures.first(where: { $0.name == kind }) else { return nil }
        figure.name = name
        return figure
      }
      return FigureTable(title: kind, figures: figures)
    }
  }

  /// Data and each run's samples in the first two coordinates, on common axes where the runs learn the same rows.
  private var points: [PointPanels] {
    guard let first = records.first else { return [] }
    let isSame = records.allSatisfy { $0.experiment.data == first.experiment.data }
    let (a, b) = first.firstPair
    var panels: [PointPanels.Panel] = []
    if isSame { panels.append(.init(caption: "data", sets: [first.points(first.truth.value, a, b, most: 3000)])) }
    for (name, record) in zip(names, records) {
      guard let samples = record.samples else { continue }
      let (a, b) = record.firstPair
      let data = isSame ? first.points(first.truth.value, a, b, most: 3000) : []
      panels.append(
        .init(caption: name, sets: [data, record.points(samples.value, a, b, most: 3000)]))
    }
    guard panels.count > (isSame ? 1 : 0) else { return [] }
    return [
      PointPanels(
        title: "Data and samples",
        note: "\(first.name(b)) over \(first.name(a)); data in green below, samples in blue.",
        hasCommonFrame: false, colours: [2, 0], panels: panels)
    ]
  }

  private func panel(
    _ title: String, _ key: String, style: CurvePanel.Style = .lines, logarithmic: Bool = false
  ) -> CurvePanel {
    CurvePanel(
      title: title, x: "step", y: title.lowercased(), logarithmic: logarithmic,
      series: zip(names, records).map { CurvePanel.Series(name: $0, points: $1.curve(key), style: style) })
  }
}
