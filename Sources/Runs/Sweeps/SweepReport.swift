internal import Configuration
internal import Files
internal import Foundation
internal import Metrics
internal import Reports

/// The page of a sweep: for each figure a picture with error bars and a table.
struct SweepReport {
  private let folder: SweepFolder
  private let table: SweepTable

  init(_ folder: SweepFolder, _ table: SweepTable) {
    self.folder = folder
    self.table = table
  }

  /// Writes the sweep's `report.html`.
  package func write() throws {
    try Report(contents).write(to: folder.root.report, plots: folder.root.plots)
  }

  package var contents: ReportContents {
    let text = (try? String(contentsOfFile: folder.root.experiment, encoding: .utf8)) ?? ""
    var contents = ReportContents(title: "\(table.name): sweep", experiment: text)
    let counts = table.axes.map { ReportFact($0.path, $0.values.joined(separator: ", ")) }
    contents.facts = counts + (table.seeds == [""] ? [] : [ReportFact("seed", table.seeds.joined(separator: ", "))])
    contents.errorBars = table.figures.map { panel($0) }
    return contents
  }

  /// The axis with most values runs along the picture; the others' combinations are its curves.
  private func panel(_ figure: SweepTable.Figure) -> ErrorBarPanel {
    let counts = table.axes.map(\.values.count)
    let along = counts.indices.max { counts[$0] < counts[$1] }
    let others = counts.indices.filter { $0 != along }
    var names: [String] = []
    var values: [String: [Spread?]] = [:]
    let places = along.map { table.axes[$0].values } ?? [table.name]
    for entry in figure.entries {
      let indices = Sweep.indices(of: entry.combination, counts: counts)
      let name = others.map { "\(short(table.axes[$0].path)) = \(table.axes[$0].values[indices[$0]])" }
        .joined(separator: ", ")
      if values[name] == nil { names.append(name) }
      values[name, default: Array(repeating: nil, count: places.count)][along.map { indices[$0] } ?? 0] = entry.value
    }
    func mean(_ numbers: [Double]) -> Double? { numbers.isEmpty ? nil : Spread(of: numbers).mean }
    let lines = [
      ("floor", mean(figure.entries.compactMap(\.floor))),
      ("Gaussian baseline", mean(figure.entries.compactMap(\.baseline))),
    ]
    let seeds = table.seeds.count
    return ErrorBarPanel(
      title: figure.name,
      note: "Mean over \(seeds) seed\(seeds == 1 ? "" : "s"), bars of one standard deviation"
        + (figure.unit.isEmpty ? "." : ", in \(figure.unit)."),
      x: along.map { table.axes[$0].path } ?? "", y: figure.name, places: places,
      series: names.map { ErrorBarPanel.Series(name: $0, values: values[$0] ?? []) },
      lines: lines.compactMap { name, value in value.map { (name: name, value: $0) } },
      table: TextTable(
        title: figure.name, header: table.header(of: figure).map(short),
        rows: figure.entries.map { table.row(of: $0, in: figure) }))
  }

  private func short(_ path: String) -> String { String(path.split(separator: ".").last ?? "") }
}
