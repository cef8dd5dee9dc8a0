import Foundation
import Testing

extension LaunchTests {
  @Suite struct SamplingTests {
    @Test(
      "sgm-sample writes the same bytes on 1, 2 and 3 ranks, from a run and from an exact score",
      arguments: [false, true])
    func ranks(isExact: Bool) throws {
      let workshop = try Workshop()
      _ = try workshop.train("run")
      let source = isExact ? ["small.yaml", "--score", "exact"] : ["run"]
      func sample(_ ranks: Int) throws -> Data {
        let file = "samples-\(ranks).npy"
        let outcome = try workshop.run("sgm-sample", source + ["--count", "1000", "--output", file], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try workshop.bytes(file)
      }
      let alone = try sample(0)
      // 192 bytes of header, 1000 rows of 5 numbers.
      #expect(alone.count == 192 + 1000 * 5 * 4)
      for ranks in 1...3 {
        let isSame = try sample(ranks) == alone
        #expect(isSame, "\(ranks) ranks")
      }
    }

    @Test("fewer samples are the first of more")
    func prefix() throws {
      let workshop = try Workshop()
      _ = try workshop.train("run")
      for count in [300, 777] {
        let words = ["run", "--count", "\(count)", "--output", "\(count).npy"]
        #expect(try workshop.run("sgm-sample", words, ranks: 2).status == 0)
      }
      let few = try workshop.bytes("300.npy").dropFirst(192)
      let isPrefix = try workshop.bytes("777.npy").dropFirst(192).starts(with: few)
      #expect(few.count == 300 * 5 * 4 && isPrefix)
    }

    @Test("every sampler for the process and every grid runs, and --seed changes the samples")
    func samplers() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      var seen: Set<Data> = []
      var refused = 0
      let samplers = try workshop.values(of: "sampling.sampler")
      let grids = try workshop.values(of: "sampling.grid").filter { $0 != "quadratic" }
      let choices =
        samplers.map { ["--sampler", $0] } + grids.map { ["--grid", $0] } + [["--seed", "9"], ["--steps", "5"]]
        + [["--set", "sampling.start=moments"]]
      for choice in choices {
        let words = ["small.yaml", "--score", "exact", "--count", "50", "--output", "x.npy"] + choice
        let outcome = try workshop.run("sgm-sample", words)
        // Three samplers are for processes without velocities; EveryChoiceTests finds a process for each.
        if outcome.errors.contains("on the data alone, without velocities") {
          refused += 1
          continue
        }
        #expect(outcome.status == 0, "\(choice): \(outcome.errors)")
        seen.insert(try workshop.bytes("x.npy"))
      }
      #expect(seen.count == choices.count - 3 && refused == 3)
    }

    @Test("adaptive samplers, chains, conditions and trajectories give the same bytes on 1, 2 and 3 ranks")
    func further() throws {
      let workshop = try Workshop()
      let experiment = smallExperiment.replacingOccurrences(of: "target: funnel", with: "target: gaussian")
      try workshop.write(experiment, to: "small.yaml")
      try workshop.write("1,0,0,0,0.5,0.7,0.1\n0,1,0,0,0,-0.2,0\n", to: "observed.csv")
      try workshop.write("2,0.5\n", to: "fixed.csv")
      let choices: [([String], String)] = [
        (["--sampler", "dormand-prince"], " (at most "),
        (["--sampler", "adaptive-euler", "--set", "sampling.relative_tolerance=0.05"], " (at most "),
        (["--sampler", "mala", "--set", "sampling.step_size=0.3"], " % accepted, split-R̂ "),
        (["--observe", "observed.csv"], "251 evaluations each"),
        (["--observe", "observed.csv", "--set", "sampling.observing=guidance"], "11 evaluations each"),
        (["--fix", "fixed.csv", "--trajectory", "3"], "251 evaluations each"),
        (["--fix", "fixed.csv", "--sampler", "ancestral", "--steps", "40"], "by particles, 41 evaluations each"),
        (
          ["--fix", "fixed.csv", "--sampler", "annealed-langevin", "--set", "sampling.observing=guidance"],
          "by annealed-langevin, 11 evaluations each"
        ),
      ]
      for (words, said) in choices {
        var outputs: [Data] = []
        for ranks in 1...3 {
          let outcome = try workshop.run(
            "sgm-sample", ["small.yaml", "--score", "exact", "--count", "600", "--output", "x.npy"] + words,
            ranks: ranks)
          #expect(outcome.status == 0 && outcome.output.contains(said), "\(words): \(outcome.output) \(outcome.errors)")
          outputs.append(try workshop.bytes("x.npy"))
          if words.contains("--trajectory") { outputs[outputs.count - 1] += try workshop.bytes("x-trajectories.npy") }
        }
        let isSame = outputs[0] == outputs[1] && outputs[0] == outputs[2]
        #expect(isSame, "\(words)")
        // 192 bytes of header; three paths of 251 times with number, time and two blocks of 5.
        let length = 192 + 600 * 5 * 4 + (words.contains("--trajectory") ? 192 + 3 * 251 * 12 * 4 : 0)
        #expect(outputs[0].count == length)
      }
    }

    @Test("sgm-evaluate finds the same figures on 1 and 3 ranks, of a run, against a target and against a file")
    func evaluation() throws {
      let workshop = try Workshop()
      _ = try workshop.train("run")
      let file = "run/samples/step-000000060.npy"
      let few = ["--set", "evaluation.directions=30", "--set", "evaluation.repeats=2", "--json"]
      for words in [["run"], [file, "--against", "funnel"], [file, "--against", file]] {
        let alone = try workshop.run("sgm-evaluate", words + few)
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(alone.output.contains("\"sliced W2\"") && alone.output.contains("\"max-sliced W2\""))
        for ranks in [1, 3] {
          let outcome = try workshop.run("sgm-evaluate", words + few, ranks: ranks)
          #expect(outcome.output == alone.output, "\(words)")
        }
      }
    }
  }
}
