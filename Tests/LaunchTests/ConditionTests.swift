import Foundation
import Testing

extension LaunchTests {
  @Suite(.serialized) struct ConditionTests {
    private func experiment(_ workshop: Workshop) throws {
      var table = "a,seen,b\n"
      for i in 0..<600 { table += "\(sin(Double(i))),\(i % 7),\(cos(2.5 * Double(i)) + Double(i % 7))\n" }
      try workshop.write(table, to: "table.csv")
      try workshop.write(
        smallExperiment.replacingOccurrences(
          of: "{target: funnel, dimension: 5, count: 3000}", with: "{file: table.csv, conditions: [seen]}"),
        to: "conditional.yaml")
    }

    private func train(_ workshop: Workshop, _ run: String, ranks: Int) throws {
      try experiment(workshop)
      let outcome = try workshop.run("sgm-train", ["conditional.yaml", "--output", run], ranks: ranks)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("a network with conditions trains and samples to the same bytes on 1, 2 and 3 ranks")
    func ranks() throws {
      let workshop = try Workshop()
      try train(workshop, "run", ranks: 1)
      let alone = try RunFiles(workshop, "run")
      for ranks in 2...3 {
        try train(workshop, "on-\(ranks)", ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      // 128 bytes of header, 700 rows of the two columns that are learned.
      #expect(alone.samples.count == 128 + 700 * 2 * 4)
      func sample(_ condition: String, ranks: Int, _ file: String) throws -> Data {
        let outcome = try workshop.run(
          "sgm-sample", ["run", "--count", "600", "--condition", condition, "--output", file], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try workshop.bytes(file)
      }
      try workshop.write((0..<600).map { "\($0 < 300 ? 0 : 6)\n" }.joined(), to: "seen.csv")
      let (low, high) = (try sample("0", ranks: 1, "low.npy"), try sample("6", ranks: 2, "high.npy"))
      let (both, again) = (try sample("seen.csv", ranks: 3, "both.npy"), try sample("seen.csv", ranks: 1, "again.npy"))
      #expect(both == again && low != high)
      // Sample i depends on its own condition alone.
      #expect(both.prefix(128 + 300 * 8) == low.prefix(128 + 300 * 8))
      #expect(both.suffix(300 * 8) == high.suffix(300 * 8))
    }

    @Test("conditions that do not fit are refused in words")
    func refusals() throws {
      let workshop = try Workshop()
      try train(workshop, "run", ranks: 0)
      for (words, message) in [
        ([], "--condition is needed: the network was trained with 1 conditions; give their numbers, or a file"),
        (
          ["--condition", "1,2"],
          "--condition 1,2: has 2 columns, but the network was trained with 1 condition (seen)"
        ),
        (
          ["--condition", "table.csv"],
          "--condition table.csv: has 3 columns, but the network was trained with 1 condition (seen)"
        ),
      ] as [([String], String)] {
        let outcome = try workshop.run("sgm-sample", ["run"] + words)
        #expect(outcome.status != 0 && outcome.errors.contains(message), "\(outcome.errors)")
      }
      for (columns, message) in [
        ("[sen]", "data.conditions: \"sen\" is no column of the data file; its columns are a, seen, b"),
        ("[seen, 1]", "data.conditions: names column \"1\" twice"),
        ("[a, b, seen]", "data.conditions: names every column of the data file: leave at least one to be learned"),
      ] {
        let outcome = try workshop.run("sgm-train", ["conditional.yaml", "--set", "data.conditions=\(columns)"])
        #expect(outcome.status != 0 && outcome.errors.contains(message), "\(outcome.errors)")
      }
    }
  }
}
