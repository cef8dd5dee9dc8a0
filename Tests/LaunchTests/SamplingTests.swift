import Foundation
import Testing

extension LaunchTests {
  @Suite(.serialized) struct SamplingTests {
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
      // 128 bytes of header, 1000 rows of 5 numbers.
      #expect(alone.count == 128 + 1000 * 5 * 4)
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
      let few = try workshop.bytes("300.npy").dropFirst(128)
      let isPrefix = try workshop.bytes("777.npy").dropFirst(128).starts(with: few)
      #expect(few.count == 300 * 5 * 4 && isPrefix)
    }

    @Test("every sampler and grid runs, and --seed changes the samples")
    func samplers() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      var seen: Set<Data> = []
      let samplers = [
        "euler-maruyama", "exponential-integrator", "splitting", "splitting-midpoint", "leapfrog", "baoab", "obabo",
        "stochastic-heun", "ancestral", "adaptive-euler", "probability-flow-euler", "probability-flow-heun", "ddim",
        "dpm-solver-2m", "exponential-multistep", "dormand-prince", "predictor-corrector", "annealed-langevin", "ula",
        "mala", "kinetic-langevin",
      ]
      let grids = ["uniform", "edm", "log-snr"]
      let choices =
        samplers.map { ["--sampler", $0] } + grids.map { ["--grid", $0] } + [["--seed", "9"], ["--steps", "5"]]
        + [["--set", "sampling.start=moments"]]
      for choice in choices {
        let words = ["small.yaml", "--score", "exact", "--count", "50", "--output", "x.npy"] + choice
        let outcome = try workshop.run("sgm-sample", words)
        #expect(outcome.status == 0, "\(choice): \(outcome.errors)")
        seen.insert(try workshop.bytes("x.npy"))
      }
      // The second choice is the experiment's own.
      #expect(seen.count == choices.count)
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
