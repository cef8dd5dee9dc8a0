internal import Configuration
internal import Files
internal import Foundation
internal import Metrics
internal import Reports

/// A sweep's figures: for each combination of values mean and standard deviation over the seeds.
///
/// It is made from the cells' files alone, in the order of the axes: who ran which cell when leaves no trace.
struct SweepTable {
  /// One figure of one combination.
  package struct Entry {
    /// The combination, a place on each of ``SweepTable/axes``.
    package let combination: Int
    /// The value in each cell that has one, in the order of seeds.
    package let values: [Double]
    /// Over the cells; nil where none has a value.
    package let value: Spread?
    /// Means over the cells.
    package let floor: Double?
    package let baseline: Double?
  }

  /// One figure of all combinations.
  package struct Figure {
    package let name: String
    package let unit: String
    package let entries: [Entry]
  }

  package let name: String
  /// The axes but the seed.
  package let axes: [Sweep.Axis]
  /// The seeds of each combination; one that is not named where seeds are not swept.
  package let seeds: [String]
  package let figures: [Figure]

  /// Reads the cells of a sweep.
  package init(_ folder: SweepFolder) throws {
    let (name, all) = try folder.read()
    self.name = name
    axes = all.filter { $0.path != "seed" }
    seeds = all.first { $0.path == "seed" }?.values ?? [""]
    let counts = all.map(\.values.count)
    let judged = (0..<counts.reduce(1, *)).map { Self.judgements(of: folder.cell($0, axes: all)) }
    // Cells in the order of their combinations, whatever the place of the seed among the axes.
    let varied = all.indices.filter { all[$0].path != "seed" }
    var groups = [[Int]](repeating: [], count: varied.reduce(1) { $0 * counts[$1] })
    for cell in judged.indices {
      let indices = Sweep.indices(of: cell, counts: counts)
      groups[varied.reduce(0) { $0 * counts[$1] + indices[$1] }].append(cell)
    }
    var names: [String] = []
    for one in judged.joined() where !names.contains(one.name) { names.append(one.name) }
    figures = names.map { name in
      let entries = groups.enumerated().map { number, cells in
        Entry(combination: number, cells.compactMap { cell in judged[cell].first { $0.name == name } })
      }
      let unit = judged.joined().first { $0.name == name }?.unit ?? ""
      return Figure(name: name, unit: unit, entries: entries)
    }
  }

  /// A cell's distances and its last held-out loss.
  private static func judgements(of folder: RunFolder) -> [Judgement] {
    let judged = folder.figures()
    let lines = (try? MetricsLog.read(folder.metrics)) ?? []
    guard !judged.isEmpty, let loss = lines.last(where: { $0["held_out_loss"] != nil })?["held_out_loss"]?.number,
      loss.isFinite
    else { return judged }
    return judged + [Judgement(name: "held-out loss", value: Spread(mean: loss))]
  }

  /// The values of combination `number`.
  package func values(of number: Int) -> [String] {
    zip(axes, Sweep.indices(of: number, counts: axes.map(\.values.count))).map { $0.values[$1] }
  }

  /// Writes the table for people and the one for programs.
  package func write(to folder: SweepFolder) throws {
    try folder.root.write(text, to: folder.table)
    try folder.root.write(lines, to: folder.lines)
  }
}

extension SweepTable.Entry {
  fileprivate init(combination: Int, _ judged: [Judgement]) {
    func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : Spread(of: values).mean }
    self.combination = combination
    values = judged.map(\.value.mean)
    value = values.isEmpty ? nil : Spread(of: values)
    floor = mean(judged.compactMap { $0.floor?.mean })
    baseline = mean(judged.compactMap { $0.baseline?.mean })
  }
}

extension SweepTable {
  /// For people: a block for each figure, a line for each combination.
  package var text: String {
    figures.map { figure in
      TextTable(title: "", header: header(of: figure), rows: figure.entries.map { row(of: $0, in: figure) }).plain
    }.joined(separator: "\n")
  }

  /// The headings of a figure's table.
  package func header(of figure: Figure) -> [String] {
    axes.map(\.path) + [figure.name] + (hasBounds(figure) ? ["floor", "Gaussian baseline"] : []) + ["cells"]
  }

  private func hasBounds(_ figure: Figure) -> Bool {
    figure.entries.contains { $0.floor != nil || $0.baseline != nil }
  }

  /// The cells of one line of a figure's table.
  package func row(of entry: Entry, in figure: Figure) -> [String] {
    let value = entry.value.map { short($0.mean) + (entry.values.count > 1 ? " ± \(short($0.deviation))" : "") }
    let bounds = [entry.floor, entry.baseline].map { $0.map { short($0) } ?? "–" }
    let count = entry.values.count == seeds.count ? "\(seeds.count)" : "\(entry.values.count) of \(seeds.count)"
    return values(of: entry.combination) + [value ?? "–"] + (hasBounds(figure) ? bounds : []) + [count]
  }

  /// For programs: a JSON object for each figure of each combination.
  private var lines: String {
    figures.flatMap { figure in
      figure.entries.map { entry in
        let cell = zip(axes, values(of: entry.combination)).map { axis, text in
          JSONValue.Member(axis.path, JSONValue(line: text) ?? .string(text))
        }
        func number(_ value: Double?) -> JSONValue { value.map { .real($0) } ?? .null }
        return JSONValue.object([
          .init("metric", .string(figure.name)), .init("unit", .string(figure.unit)), .init("keys", .object(cell)),
          .init("mean", number(entry.value?.mean)), .init("deviation", number(entry.value?.deviation)),
          .init("values", .array(entry.values.map { .real($0) })), .init("floor", number(entry.floor)),
          .init("baseline", number(entry.baseline)),
        ]).description + "\n"
      }
    }.joined()
  }
}
