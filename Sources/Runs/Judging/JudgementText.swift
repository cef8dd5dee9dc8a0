internal import Configuration
internal import Files
internal import Glibc
internal import Metrics
internal import Reports

/// Judgements as a table for people and as JSON lines, one a judgement, for programs; times stand in the table alone, so
/// that the lines have the same bits on any number of ranks.
func render(_ verdicts: [Judging.Verdict]) -> (table: String, json: String) {
  let header = ["distance", "value", "floor", "Gaussian baseline", "rows", "unit", "seconds"]
  var rows: [[String]] = []
  for verdict in verdicts {
    for (i, j) in verdict.judgements.enumerated() {
      // The values of one metric share their work: its time stands once.
      let seconds = i == 0 ? short(verdict.seconds) : ""
      let floor = j.floor.mean.isNaN ? "–" : cell(j.floor)
      rows.append([j.name, cell(j.value), floor, cell(j.baseline), "\(j.count)", j.unit, seconds])
    }
  }
  let table = TextTable(title: "", header: header, rows: rows).plain
  return (table, verdicts.flatMap(\.judgements).map { json($0).description + "\n" }.joined())
}

private func cell(_ spread: Spread) -> String {
  spread.mean.isFinite ? "\(short(spread.mean)) ± \(short(spread.deviation))" : "\(spread.mean)"
}

private func json(_ j: Judgement) -> JSONValue {
  func member(_ name: String, _ spread: Spread) -> JSONValue.Member {
    .init(name, .object([.init("mean", .real(spread.mean)), .init("deviation", .real(spread.deviation))]))
  }
  return .object([
    .init("metric", .string(j.name)), member("value", j.value), member("floor", j.floor),
    member("baseline", j.baseline), .init("repeats", .integer(j.repeats)), .init("rows", .integer(j.count)),
    .init("unit", .string(j.unit)),
  ])
}
