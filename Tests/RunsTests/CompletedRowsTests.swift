import Communication
import Diffusion
import Foundation
import TestSupport
import Testing

@testable import Configuration
@testable import Runs

/// Rows of a table whose missing cells are filled in by draws of an exact score.
@Suite struct CompletedRowsTests {
  /// A column of one word with gaps, one of two words with gaps, and a number.
  private static let text =
    "sex,kind,x\n" + (0..<60).map { "\(["", "a"][$0 % 2]),\(["", "b", "c"][$0 % 3]),\($0).25000\n" }.joined()

  /// The rows that one given row becomes, if the law of all trained columns is N(`mean`, 0.3).
  private func completed(_ row: String, count: Int, mean: Double) throws -> [[String]] {
    let folder = try TemporaryFolder()
    let (table, given, output) = (folder.path + "/table.csv", folder.path + "/given.csv", folder.path + "/full.csv")
    try Self.text.write(toFile: table, atomically: false, encoding: .utf8)
    try ("sex,kind,x\n" + row + "\n").write(toFile: given, atomically: false, encoding: .utf8)
    let experiment = try Experiment(
      yaml: "data: {file: \(table), held_out: 0}\ntraining: {shards: 4, batch: 64}", file: "a.yaml")
    let data = try DataSource(experiment, base: "").load(.single).description
    // sex = a; kind = (nothing), b and c; x.
    try #require(data.dimension == 5, "\(data.columnNames ?? [])")
    var request = SampleRequest(source: "run")
    (request.output, request.count, request.settings) = (output, count, ["sampling.steps=20"])
    let drawn = try Experiment(yaml: experiment.yaml, file: "a.yaml", settings: request.settings)
    let score = GaussianScore(process: experiment.process.make(), dimension: 5, mean: mean)
    _ = try complete(given, request, drawn, data, score, inputs: [], .single)
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").dropFirst()
    return lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  @Test("a gap is never filled in by the word for a gap", arguments: [-3.0, 0.0]) func gaps(mean: Double) throws {
    // At a mean of −3 both words of `kind` lie below the gap's own number, which is known to be 0.
    let rows = try completed(",,3.25000", count: 64, mean: mean)
    #expect(rows.count == 64 && rows.allSatisfy { $0[0] == "a" && ["b", "c"].contains($0[1]) && $0[2] == "3.25000" })
    #expect(Set(rows.map { $0[1] }).count == 2)
  }

  @Test("draws beyond the first 256 of a row are no copies of these") func batches() throws {
    let numbers = try completed("a,b,", count: 300, mean: 0).map { $0[2] }
    #expect(numbers.count == 300 && Set(numbers.suffix(44)).isDisjoint(with: numbers.prefix(44)))
  }
}
