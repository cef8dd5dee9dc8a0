internal import Configuration
package import Files
internal import Foundation
internal import Metrics
package import Reports

extension RunFolder {
  /// What the run's newest samples were judged to be worth; empty where they were not.
  package func figures() -> [ReportFigure] {
    let text = (try? String(contentsOfFile: judgements, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { JSONValue(line: String($0)).flatMap { ReportFigure($0) } }
  }
}

extension ReportFigure {
  /// A judgement, as its line in `judgements.jsonl` would be read.
  init(_ j: Judgement) {
    func known(_ spread: Spread) -> Spread? { spread.mean.isFinite ? spread : nil }
    self.init(
      name: j.name, value: j.value, floor: known(j.floor), baseline: known(j.baseline), unit: j.unit,
      note: Self.note(j.unit, rows: j.count, repeats: j.repeats))
  }

  /// A line of `judgements.jsonl`, as sgm-evaluate prints it.
  package init?(_ line: JSONValue) {
    guard case .string(let name)? = line["metric"], let value = Spread(line["value"]) else { return nil }
    func whole(_ key: String) -> Int? { line[key]?.number.flatMap { Int(exactly: $0) } }
    var unit = ""
    if case .string(let text)? = line["unit"] { unit = text }
    self.init(
      name: name, value: value, floor: Spread(line["floor"]), baseline: Spread(line["baseline"]), unit: unit,
      note: Self.note(unit, rows: whole("rows"), repeats: whole("repeats")))
  }
}

extension Spread {
  /// An object of `mean` and `deviation`.
  fileprivate init?(_ value: JSONValue?) {
    guard let mean = value?["mean"]?.number else { return nil }
    self.init(mean: mean, deviation: value?["deviation"]?.number ?? 0)
  }
}
