import Foundation
import Testing

extension LaunchTests {
  @Suite struct TheoryTests {
    static let studies: [[String]] = [
      ["errors", "gaussian", "--steps", "20"],
      ["errors", "ornstein-uhlenbeck", "mg25", "--count", "300", "--steps", "5"],
      ["errors", "mixture", "--steps", "10"],
      ["contract", "gaussian"], ["contract", "log-lipschitz"],
      ["contract", "diamond", "--count", "8", "--steps", "20"],
      ["epsilon", "funnel", "--set", "data.dimension=3", "--set", "evaluation.directions=70"]
        + ["--count", "600", "--repeats", "2", "--steps", "4", "--learned", "--set", "training.steps=3"]
        + ["--set", "training.batch=64", "--set", "data.count=500", "--set", "network.widths=[8]"],
      ["schedule", "gaussian", "--steps", "20"], ["annealed", "gaussian"], ["constants", "gaussian"],
      // Two components: the default mixture takes twice the time.
      ["annealed", "mixture", "--mean", "0,1", "--variance", "1,1", "--weights", "1,1"],
      ["annealed", "diamond", "--count", "64", "--steps", "8"],
      ["constants", "double-well"], ["constants", "mg25", "--count", "200"],
      ["constants", "mixture", "--count", "200"],
      ["constants", "log-lipschitz"], ["constants", "two-moons"],
    ]

    @Test("a study prints the same bytes alone and on 3 ranks, one that trains on 1 to 4", arguments: studies)
    func ranks(words: [String]) throws {
      let workshop = try Workshop()
      let alone = try workshop.run("sgm-theory", words + ["--json"])
      #expect(alone.status == 0, "\(alone.errors)")
      let lines = alone.output.split(separator: "\n")
      #expect(!lines.isEmpty)
      for line in lines { #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) } }
      for ranks in words.contains("--learned") ? [1, 2, 3, 4] : [3] {
        #expect(try workshop.run("sgm-theory", words + ["--json"], ranks: ranks).output == alone.output)
      }
      let table = try workshop.run("sgm-theory", words)
      #expect(table.status == 0 && table.output != alone.output)
    }

    @Test("a trained run's errors, and runs side by side, are the same bytes on any number of ranks") func runs() throws
    {
      let workshop = try Workshop()
      for epsilon in ["0", "0.25"] {
        let text = """
          name: e
          data: {target: mg25, dimension: 2, count: 600}
          process: {kind: critically-damped-langevin, epsilon: \(epsilon)}
          network: {widths: [16]}
          training: {steps: 20, batch: 64, shards: 4, warmup_steps: 2}
          sampling: {sampler: euler-maruyama, steps: 8, count: 64}
          checkpoints: {every: 20}
          evaluation: {count: 64}

          """
        try workshop.write(text, to: "e.yaml")
        let outcome = try workshop.run("sgm-train", ["e.yaml", "--output", "run-\(epsilon)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      for (words, column) in [
        (["errors", "run-0.25", "--count", "300"], "network's score"),
        (
          ["errors", "run-0", "--count", "300", "--set", "sampling.sampler=dpm-solver-2m"],
          "steps of euler-maruyama in place of dpm-solver-2m"
        ),
        (["epsilon", "run-0", "run-0.25", "--count", "300", "--repeats", "2", "--steps", "4"], "stationary, exact"),
      ] {
        let alone = try workshop.run("sgm-theory", words + ["--json"])
        #expect(alone.status == 0 && alone.output.contains(column), "\(alone.errors)")
        for ranks in [2, 3] {
          #expect(try workshop.run("sgm-theory", words + ["--json"], ranks: ranks).output == alone.output)
        }
      }
      let words = ["epsilon", "run-0", "run-0.25", "--count", "300", "--repeats", "1", "--steps", "4", "--json"]
      func table(_ sampler: String, ranks: Int = 0) throws -> String {
        try workshop.succeed("sgm-theory", words + ["--set", "sampling.sampler=\(sampler)"], ranks: ranks).output
      }
      let plain = try table("euler-maruyama")
      #expect(plain.contains("sliced W2 of runs, Euler-Maruyama on each") && !plain.contains("\"sampler\""), "\(plain)")
      let midpoint = try table("splitting-midpoint")
      #expect(
        midpoint.contains("sliced W2 of runs, splitting-midpoint on each")
          && midpoint.contains("\"sampler\":\"splitting-midpoint\""), "\(midpoint)")
      #expect(try table("splitting-midpoint", ranks: 3) == midpoint)
      // No other sampler stands in for the run's in silence.
      let other = try table("dormand-prince")
      #expect(
        other.contains("Euler-Maruyama on each")
          && other.contains("\"sampler\":\"euler-maruyama in place of dormand-prince\""), "\(other)")
      let outcome = try workshop.run("sgm-theory", ["schedule", "run-0"])
      #expect(outcome.status == 64 && outcome.errors.contains("schedule takes no run folder"))
    }

    @Test("the study of schedules says in what its steps are equal, and the one of ε takes the built-in Gaussian")
    func words() throws {
      let workshop = try Workshop()
      let schedule = try workshop.run("sgm-theory", ["schedule", "gaussian", "--steps", "20"])
      #expect(schedule.output.contains("20 Euler-Maruyama steps equal in t, each of the length of its own integral of"))
      let epsilon = try workshop.run(
        "sgm-theory", ["epsilon", "gaussian", "--count", "300", "--repeats", "1", "--steps", "4"])
      #expect(epsilon.status == 0 && epsilon.output.contains("sliced W2"), "\(epsilon.errors) \(epsilon.output)")
    }

    @Test("a run whose columns are bent has no exact law") func bent() throws {
      let workshop = try Workshop()
      try workshop.write(
        """
        name: bent
        data: {target: mg25, dimension: 2, count: 600, columns: {0: "bounded [-50, 50]"}}
        network: {widths: [16]}
        training: {steps: 2, batch: 64, shards: 4}
        sampling: {steps: 8, count: 8}
        evaluation: {metrics: []}

        """, to: "bent.yaml")
      try workshop.succeed("sgm-train", ["bent.yaml", "--output", "run"])
      for ranks in [0, 2] {
        let outcome = try workshop.run("sgm-theory", ["errors", "run"], ranks: ranks)
        #expect(outcome.status == 64 && outcome.errors.contains("data.columns bend"), "\(outcome.errors)")
      }
    }

    @Test("plots leave scripts and data") func plots() throws {
      let workshop = try Workshop()
      let outcome = try workshop.run("sgm-theory", ["schedule", "gaussian", "--plots", "plots"], pictures: true)
      #expect(outcome.status == 0)
      let names = try workshop.names(in: "plots")
      #expect(names.contains("schedule-kl.gp") && names.contains("schedule-kl.dat"))
    }

    @Test(
      "mistakes are named",
      arguments: [
        (["heat", "gaussian"], "the first word must be a study: errors, contract"),
        (["errors"], "errors takes a target"), (["errors", "double-well"], "known to the study constants alone"),
        (["schedule", "mg25"], "knows the target gaussian alone"),
        (["constants", "two-moons-simulator"], "the constants of two-moons-simulator are not known"),
        (["errors", "mixture", "--weights", "1,0"], "--weights: positive numbers are expected"),
        (
          ["errors", "mixture", "--mean", "1,2,3", "--weights", "1,2"],
          "as many --mean as --variance and --weights: 3, 3"
        ),
        (["epsilon", "mixture"], "epsilon takes a built-in target"),
        (["errors", "gaussian", "--variance", "1,x"], "--variance 1,x: numbers separated by commas"),
        (["errors", "gaussian", "--steps", "0"], "--steps 0: at least 2"),
        (["errors", "mg25", "--mean", "1"], "--mean and --variance belong to the targets gaussian and mixture"),
        (["epsilon", "gaussian", "--mean", "1", "--learned"], "leave out --mean and --variance"),
      ])
    func mistakes(words: [String], says: String) throws {
      for ranks in [0, 2] {
        let outcome = try Workshop().run("sgm-theory", words, ranks: ranks)
        #expect(outcome.status == 64)
        #expect(outcome.messages.count == 1 && outcome.errors.contains(says), "\(outcome.errors)")
      }
    }
  }
}
