import Foundation
import Testing

extension LaunchTests {
  @Suite struct LevelsTests {
    private func experiment(_ workshop: Workshop, last: Int = 3) throws {
      var table = "a,seen,b\n"
      for i in 0..<600 { table += "\(i % 4),\(i % 7),\(i % 4 == 1 ? 4 : i % 3)\n" }
      table += "\(last),0,0\n"
      try workshop.write(table, to: "grey.csv")
      try workshop.write(
        smallExperiment
          .replacingOccurrences(
            of: "{target: funnel, dimension: 5, count: 3000}",
            with: "{file: grey.csv, conditions: [seen], levels: 5, standardise: false}"
          ).replacingOccurrences(
            of: "repeats: 2, count: 500",
            with: "repeats: 2, count: 60, metrics: [sliced-w2, nll], likelihood_steps: 16, likelihood_draws: 2"),
        to: "grey.yaml")
    }

    @Test(
      "levels keep the bytes on 1, 2 and 3 ranks and over a restart; samples are levels, and their NLL is a bound in bits"
    )
    func ranks() throws {
      let workshop = try Workshop()
      try experiment(workshop)
      let output = try workshop.succeed("sgm-train", ["grey.yaml", "--output", "alone"], ranks: 0).output
      #expect(
        output.contains("NLL, upper bound") && output.contains("bits per dimension, upper bound"), "\(output)")
      let alone = try RunFiles(workshop, "alone")
      for ranks in [2, 3] {
        try workshop.succeed("sgm-train", ["grey.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      try workshop.succeed("sgm-train", ["grey.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
      // One block, so that there is a chain: two steps of training do, the bound holds for any network. The noise of x_1 is 0.4
      // cells wide with 8 states, and gives levels a mass; with 1,000 states it is far below a cell.
      let text = String(decoding: try workshop.bytes("grey.yaml"), as: UTF8.self)
      try workshop.write(
        text.replacing("{kind: critically-damped-langevin, epsilon: 0.25}", with: "{kind: variance-preserving}")
          .replacing("splitting", with: "ancestral").replacing("[sliced-w2, nll]", with: "[bound]"), to: "chain.yaml")
      for states in [8, 1000] {
        let bounds = try [0, 3].map { ranks in
          let (run, setting) = ("chain-\(states)-\(ranks)", "process.chain_steps=\(states)")
          let words = ["chain.yaml", "--output", run, "--set", setting, "--set", "training.steps=2"]
          let outcome = try workshop.run("sgm-train", words, ranks: ranks)
          #expect(outcome.output.contains("bits per dimension, upper bound of the chain"), "\(outcome.errors)")
          return String(decoding: try workshop.bytes("\(run)/judgements.jsonl"), as: UTF8.self)
            .replacing(/"seconds":[0-9.e-]+/, with: "")
        }
        #expect(bounds[0] == bounds[1])
      }
      // The run's own chain means nothing to the other metric, and does not stand in its way.
      let other = try workshop.run("sgm-evaluate", ["chain-8-0", "--metrics", "nll"])
      #expect(other.status == 0 && other.output.contains("NLL, upper bound "), "\(other.errors)")
      // 192 bytes of header, 700 rows of two columns in double precision.
      let numbers = unsafe Data(alone.samples.dropFirst(192)).withUnsafeBytes { bytes in
        unsafe Array(bytes.bindMemory(to: Double.self))
      }
      #expect(numbers.count == 1400 && Set(numbers).isSubset(of: [0, 1, 2, 3, 4]) && Set(numbers).count == 5)
    }

    @Test(
      "the Fréchet distance comes with its classifier's accuracy, the same on 1 and 3 ranks; classes must fit the rows")
    func frechet() throws {
      let workshop = try Workshop()
      try experiment(workshop)
      try workshop.write((0..<601).map { "\($0 % 4 == 1 ? 1 : 0)\n" }.joined(), to: "classes.csv")
      let words = ["grey.yaml", "--set", "evaluation.metrics=[frechet]", "--set", "evaluation.classes=classes.csv"]
      var tables: [String] = []
      for ranks in [1, 3] {
        let outcome = try workshop.run("sgm-train", words + ["--output", "on-\(ranks)"], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        tables.append(String(decoding: try workshop.bytes("on-\(ranks)/judgements.jsonl"), as: UTF8.self))
        // Column b alone tells the class: it is 4 where the row is of class 1, and at most 2 elsewhere.
        #expect(outcome.output.contains("names the class of 100.0 % of 54 rows"), "\(outcome.output)")
      }
      #expect(tables[0].contains("Fr\\u00e9chet distance"))
      func values(_ table: String) -> String { table.replacing(/"seconds":[0-9.e-]+/, with: "") }
      #expect(values(tables[0]) == values(tables[1]))
      let none = try workshop.run("sgm-train", ["grey.yaml", "--set", "evaluation.metrics=[frechet]"], ranks: 2)
      #expect(none.status == 78 && none.errors.contains("needs evaluation.classes"), "\(none)")
      try workshop.write("0\n1\n", to: "classes.csv")
      let few = try workshop.run("sgm-train", words, ranks: 2)
      #expect(few.status == 78 && few.errors.contains("classes.csv: has 2 rows of 1 column"), "\(few)")
    }

    @Test("a row beyond the levels is refused by its number, and levels of a target are") func refusals() throws {
      let workshop = try Workshop()
      try experiment(workshop, last: 5)
      let beyond = try workshop.run("sgm-train", ["grey.yaml"], ranks: 2)
      #expect(beyond.status == 65 || beyond.status == 78, "\(beyond)")
      #expect(
        beyond.errors.contains("row 600 (from 0) holds 5.0 in column a") && beyond.errors.contains("from 0 to 4"),
        "\(beyond.errors)")
      try workshop.write(smallExperiment, to: "small.yaml")
      let target = try workshop.run("sgm-train", ["small.yaml", "--set", "data.levels=4"], ranks: 2)
      #expect(target.status == 78 && target.errors.contains("data.levels"), "\(target)")
    }
  }
}
