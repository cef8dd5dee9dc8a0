import Foundation
import Testing

extension LaunchTests {
  @Suite struct SameBitsTests {
    @Test("checkpoint, samples and metrics are the same bytes on 1, 2, 3 and 4 ranks and without mpirun")
    func ranks() throws {
      let workshop = try Workshop()
      let alone = try workshop.train("alone")
      #expect(alone.metrics.count == 12)
      for ranks in 1...4 {
        expectSame(try workshop.train("on-\(ranks)", ranks: ranks), alone, "\(ranks) ranks")
      }
    }

    @Test("stopped on 4 ranks, resumed on 3 and then alone, a run leaves the bytes of an undisturbed one")
    func resume() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("undisturbed")
      let stages: [(words: [String], ranks: Int)] = [
        (["small.yaml", "--output", "run", "--until", "20"], 4), (["--resume", "run", "--until", "40"], 3),
        (["--resume", "run"], 1),
      ]
      for stage in stages {
        let outcome = try workshop.run("sgm-train", stage.words, ranks: stage.ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
      }
      expectSame(try RunFiles(workshop, "run"), undisturbed, "stopped at 20 and 40")
    }

    @Test("a run stopped between checkpoints and log lines goes on without a trace")
    func oddStop() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("undisturbed")
      _ = try workshop.run("sgm-train", ["small.yaml", "--output", "run", "--until", "33"], ranks: 2)
      #expect(try workshop.run("sgm-train", ["--resume", "run"], ranks: 3).status == 0)
      expectSame(try RunFiles(workshop, "run"), undisturbed, "stopped at 33")
    }

    @Test("debug mode changes no byte, and replays a step of 4 ranks with the hashes recorded there")
    func debug() throws {
      let workshop = try Workshop()
      let recorded = try workshop.train("run", ranks: 4, settings: ["--hashes-at", "30"])
      expectSame(try workshop.train("debug", settings: ["--debug"]), recorded, "--debug")
      let replay = try workshop.run("sgm-train", ["--resume", "run", "--debug", "--until", "30"])
      #expect(replay.status == 0, "\(replay.errors)")
      #expect(replay.output.contains("as recorded"))
      expectSame(try RunFiles(workshop, "run"), recorded, "the replayed run's files")
    }

    @Test("--init-from begins a run with another's average, the same on 1 and 3 ranks")
    func initialise() throws {
      let workshop = try Workshop()
      let first = try workshop.train("first")
      let settings = ["--init-from", "first"]
      let alone = try workshop.train("alone", settings: settings)
      #expect(alone.checkpoint != first.checkpoint)
      expectSame(try workshop.train("on-3", ranks: 3, settings: settings), alone, "3 ranks")
    }

    @Test(
      "objectives and laws of times that draw or learn more keep the bytes on 1, 2 and 3 ranks and over a restart",
      arguments: [
        ["time_law: importance", "truncation_exponent: 1.2"],
        ["time_law: uniform", "truncation_exponent: 1", "time_spread: low-discrepancy", "objective: sliced"],
        ["kind: flow-matching", "coupling: optimal-transport"],
      ])
    func learned(keys: [String]) throws {
      let workshop = try Workshop()
      let isFlow = keys[0] == "kind: flow-matching"
      let training = isFlow ? keys.dropFirst() : keys[...]
      var text = smallExperiment.replacingOccurrences(
        of: "training: {", with: "training: {" + training.joined(separator: ", ") + ", ")
      if isFlow {
        text = text.replacingOccurrences(
          of: "{kind: critically-damped-langevin, epsilon: 0.25}", with: "{kind: flow-matching}"
        ).replacingOccurrences(of: "sampler: splitting", with: "sampler: probability-flow-heun")
      }
      try workshop.write(text, to: "objective.yaml")
      try workshop.succeed("sgm-train", ["objective.yaml", "--output", "undisturbed"], ranks: 2)
      try workshop.succeed("sgm-train", ["objective.yaml", "--output", "run", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "run"], ranks: 1)
      expectSame(try RunFiles(workshop, "run"), try RunFiles(workshop, "undisturbed"), "\(keys)")
    }

    @Test(
      "ranks of several threads leave the same bytes, and a run may go on with another number of them",
      arguments: [(0, 2), (2, 2), (3, 1), (1, 16)])
    func threads(ranks: Int, threads: Int) throws {
      let workshop = try Workshop()
      let alone = try workshop.train("alone")
      let options = ["--threads", "\(threads)"]
      expectSame(try workshop.train("whole", ranks: ranks, settings: options), alone, "\(ranks) × \(threads)")
      try workshop.succeed(
        "sgm-train", ["small.yaml", "--output", "run", "--until", "33"] + options, ranks: ranks)
      try workshop.succeed("sgm-train", ["--resume", "run", "--threads", "3"])
      expectSame(try RunFiles(workshop, "run"), alone, "\(ranks) × \(threads), then 3 threads")
    }

    @Test("threads change no sample, density, debug check or skipped step; the start and --status name them")
    func threadsElsewhere() throws {
      let workshop = try Workshop()
      let threads = ["--threads", "3"]
      let alone = try workshop.train("alone", settings: ["--debug"])
      let outcome = try workshop.succeed(
        "sgm-train", ["small.yaml", "--output", "run", "--debug"] + threads)
      #expect(outcome.output.contains("1 rank of 3 threads, from step 0"))
      expectSame(try RunFiles(workshop, "run"), alone, "--debug on 3 threads")
      #expect(try workshop.run("sgm-train", ["--status", "run"]).output.contains("  ranks       1 of 3 threads on "))
      func both(_ program: String, _ words: [String], file: String? = nil) throws {
        let one = try workshop.succeed(program, words + (file.map { ["--output", "one" + $0] } ?? []))
        let many = try workshop.succeed(program, words + threads + (file.map { ["--output", "many" + $0] } ?? []))
        if let file {
          #expect(try workshop.bytes("one" + file) == workshop.bytes("many" + file), "\(words)")
          #expect(many.output.hasPrefix("700 samples by "), "\(many.output)")
        }
        if file == nil { #expect(one.output == many.output, "\(words)") }
      }
      // 700 samples are three chunks, one of them in part.
      try both("sgm-sample", ["run", "--count", "700"], file: ".npy")
      try both("sgm-sample", ["run", "--count", "700", "--sampler", "adaptive-euler"], file: "-adaptive.npy")
      try both("sgm-evaluate", ["run", "--metrics", "nll,sliced-w2", "--json"])
      let skipping = ["--set", "training.on_fault=skip", "--inject-fault", "not-finite:1:5"]
      let one = try workshop.train("skipped-one", settings: skipping)
      expectSame(try workshop.train("skipped-many", settings: skipping + threads), one, "a skipped step")
      let refused = try workshop.run("sgm-train", ["small.yaml", "--output", "none", "--threads", "0"])
      #expect(refused.status == 64 && refused.errors.contains("--threads 0: 1 to 1,024 is expected"))
    }

    @Test("the seed changes every file: equality of bytes is no accident")
    func seed() throws {
      let workshop = try Workshop()
      let one = try workshop.train("one")
      let two = try workshop.train("two", settings: ["--set", "seed=2"])
      #expect(one.checkpoint != two.checkpoint && one.samples != two.samples && one.metrics != two.metrics)
    }
  }
}
