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
      rows.append(
        [j.name] + [j.value, j.floor, j.baseline].map { cell($0, j.repeats) } + [count(j), j.unit, seconds])
    }
  }
  let table = TextTable(title: "", header: header, rows: rows).plain
  let notes = verdicts.flatMap(\.notes).map { $0 + "\n" }.joined()
  return (table + notes, verdicts.flatMap(\.judgements).map { json($0).description + "\n" }.joined())
}

private func cell(_ spread: Spread?, _ repeats: Int?) -> String {
  guard let spread else { return "–" }
  guard spread.mean.isFinite else { return "\(spread.mean)" }
  // The figure of a single test has no spread.
  return repeats == 1 && spread.deviation == 0
    ? short(spread.mean) : "\(short(spread.mean)) ± \(short(spread.deviation))"
}

/// The rows of a set, of how many that the samples have.
private func count(_ j: Judgement) -> String {
  guard let count = j.count else { return "–" }
  guard let all = j.rowsOfSamples, all > count else { return "\(count)" }
  return "\(count) of \(all)"
}

private func json(_ j: Judgement) -> JSONValue {
  func member(_ name: String, _ spread: Spread?) -> JSONValue.Member {
    guard let spread else { return .init(name, .null) }
    return .init(name, .object([.init("mean", .real(spread.mean)), .init("deviation", .real(spread.deviation))]))
  }
  func member(_ name: String, _ number: Int?) -> JSONValue.Member { .init(name, number.map { .integer($0) } ?? .null) }
  return .object(
    [
      .init("metric", .string(j.name)), member("value", j.value), member("floor", j.floor),
      member("baseline", j.baseline), member("repeats", j.repeats), member("rows", j.count),
      .init("unit", .string(j.unit)),
    ] + (j.rowsOfSamples.map { [.init("rows_of_samples", .integer($0))] } ?? []))
}
