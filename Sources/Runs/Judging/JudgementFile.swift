internal import Configuration
package import Files
internal import Foundation
package import Metrics

extension RunFolder {
  /// What the run's newest samples were judged to be worth; empty where they were not.
  package func figures() -> [Judgement] {
    let text = (try? String(contentsOfFile: judgements, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { JSONValue(line: String($0)).flatMap { Judgement($0) } }
  }
}

extension Judgement {
  /// A line of `judgements.jsonl`, as sgm-evaluate prints it.
  package init?(_ line: JSONValue) {
    guard case .string(let name)? = line["metric"], let value = Spread(line["value"]) else { return nil }
    func whole(_ key: String) -> Int? { line[key]?.number.flatMap { Int(exactly: $0) } }
    var unit = ""
    if case .string(let text)? = line["unit"] { unit = text }
    self.init(
      name: name, value: value, floor: Spread(line["floor"]), baseline: Spread(line["baseline"]),
      repeats: whole("repeats"), count: whole("rows"), unit: unit, rowsOfSamples: whole("rows_of_samples"))
  }
}

extension Spread {
  /// An object of `mean` and `deviation`.
  fileprivate init?(_ value: JSONValue?) {
    guard let mean = value?["mean"]?.number else { return nil }
    self.init(mean: mean, deviation: value?["deviation"]?.number ?? 0)
  }
}
