import Foundation
import Testing

extension Workshop {
  /// Trains the small experiment with settings and options, whatever comes of it.
  fileprivate func attempt(
    _ run: String, ranks: Int = 0, set settings: [String] = [], _ options: [String] = []
  ) throws -> Outcome {
    try write(smallExperiment, to: "small.yaml")
    let words = settings.flatMap { ["--set", $0] } + options
    return try self.run("sgm-train", ["small.yaml", "--output", run] + words, ranks: ranks)
  }
}

extension LaunchTests {
  @Suite struct FaultTests {
    @Test(
      "a flipped bit in a rank's parameters or gradient is found at the next audit and named, before a checkpoint",
      arguments: ["parameters", "gradient"])
    func flippedBit(kind: String) throws {
      let workshop = try Workshop()
      let outcome = try workshop.attempt(
        "run", ranks: 3, set: ["training.audit_every=10", "checkpoints.every=10"], ["--inject-fault", "\(kind):1:33"])
      #expect(outcome.status == 71, "\(outcome.errors)")
      #expect(outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("rank 1 on ") && outcome.errors.contains("has other bits than the rest"))
      #expect(outcome.errors.contains(kind == "gradient" ? "shard 4 at step 40" : "parameters "), "\(outcome.errors)")
      let latest = String(decoding: try workshop.bytes("run/checkpoints/latest"), as: UTF8.self)
      #expect(latest == "step-000000030.safetensors\n")
    }

    @Test("of two ranks that differ both are named, since no majority says who is right")
    func twoRanks() throws {
      let workshop = try Workshop()
      let outcome = try workshop.attempt(
        "run", ranks: 2, set: ["training.audit_every=10"], ["--inject-fault", "gradient:1:15"])
      #expect(outcome.status == 71, "\(outcome.errors)")
      #expect(outcome.errors.contains("no majority says who is right"), "\(outcome.errors)")
    }

    @Test("audits change no byte of samples and metrics")
    func audits() throws {
      let workshop = try Workshop()
      let plain = try workshop.train("plain", ranks: 2, settings: ["--set", "training.audit_every=0"])
      let audited = try workshop.train("audited", ranks: 3, settings: ["--set", "training.audit_every=1"])
      #expect(plain.samples == audited.samples && plain.metrics == audited.metrics)
    }

    @Test("a step that is not finite stops the run, names shard and cause, and can be replayed as the message says")
    func stop() throws {
      let workshop = try Workshop()
      let outcome = try workshop.attempt("run", ranks: 3, ["--inject-fault", "not-finite:6:33"])
      #expect(outcome.status == 65 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("step 33: the loss is not finite in shard 6: training diverges"))
      #expect(outcome.errors.contains("the last checkpoint is run/checkpoints/step-000000020.safetensors"))
      #expect(try workshop.names(in: "run/failures/step-000000033") == ["failure.json", "rows.npy", "times.npy"])
      let bytes = try workshop.bytes("run/failures/step-000000033/failure.json")
      let json = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      #expect(json["shard"] as? Int == 6 && json["action"] as? String == "stop" && json["loss"] as? String == "nan")
      let words = try #require(json["replay"] as? String).split(separator: " ").dropFirst().map(String.init)
      let replay = try workshop.run("sgm-train", words + ["--inject-fault", "not-finite:6:33"])
      #expect(replay.status == 65 && replay.errors.contains("step 33"), "\(replay.errors)")
      // The step that fails has a table of its layers, as the last thing before the error.
      let lines = replay.output.split(separator: "\n")
      #expect(lines.last?.hasPrefix("step 33: activations ") == true, "\(replay.output)")
      #expect(replay.output.contains("step 33: root mean square of activations, norm of the gradient, by layer"))
    }

    @Test(
      "skipped steps and rollbacks leave the same bytes for any number of ranks and any restart",
      arguments: ["skip", "rollback"])
    func policies(policy: String) throws {
      let workshop = try Workshop()
      let options = ["--set", "training.on_fault=\(policy)", "--inject-fault", "not-finite:6:33"]
      let alone = try workshop.train("alone", settings: options)
      #expect(alone != (try workshop.train("healthy", settings: ["--set", "training.on_fault=\(policy)"])))
      expectSame(try workshop.train("on-3", ranks: 3, settings: options), alone, "3 ranks")
      let fault = Array(options.suffix(2))
      for (step, ranks) in [("26", 2), ("35", 4), ("52", 3)] {
        let words = step == "26" ? ["small.yaml", "--output", "run"] + options : ["--resume", "run"] + fault
        let part = try workshop.run("sgm-train", words + ["--until", step], ranks: ranks)
        #expect(part.status == 0, "\(part.errors)")
      }
      #expect(try workshop.run("sgm-train", ["--resume", "run"] + fault).status == 0)
      expectSame(try RunFiles(workshop, "run"), alone, "stopped at 26, 35 and 52")
      #expect(alone.metrics.contains { $0.contains("skipped") } == (policy == "skip"))
    }

    @Test("beside a hundred kept failures no rank keeps another, and the message says so")
    func hundred() throws {
      let workshop = try Workshop()
      let begun = try workshop.attempt("run", ranks: 2, set: ["training.on_fault=skip"], ["--until", "20"])
      try #require(begun.status == 0, "\(begun.errors)")
      for k in 1...100 {
        try FileManager.default.createDirectory(
          atPath: workshop.path + "/run/failures/step-\(k)", withIntermediateDirectories: true)
      }
      // The last rank holds the shard.
      let words = ["--resume", "run", "--inject-fault", "not-finite:14:33"]
      let resumed = try workshop.run("sgm-train", words, ranks: 3)
      #expect(resumed.status == 0, "\(resumed.errors)")
      let said = resumed.output + resumed.errors
      #expect(said.contains("nothing of it was kept: run/failures holds 100 steps already"), "\(said)")
      #expect(try workshop.names(in: "run/failures").count == 100)
    }

    @Test("after training.fault_limit rollbacks to one checkpoint the run stops")
    func limit() throws {
      let workshop = try Workshop()
      let settings = [
        "training.on_fault=rollback", "training.fault_limit=2", "training.rollback_factor=1", "training.audit_every=0",
      ]
      let outcome = try workshop.attempt("run", ranks: 2, set: settings, ["--inject-fault", "not-finite:6:33"])
      #expect(outcome.status == 65, "\(outcome.errors)")
      #expect(outcome.errors.contains("fault 3 in a row"))
    }

    @Test("a loss far above its highest average stops the run as diverging")
    func divergence() throws {
      let workshop = try Workshop()
      let outcome = try workshop.attempt("run", ranks: 2, set: ["training.divergence=0.5"])
      #expect(outcome.status == 65, "\(outcome.errors)")
      #expect(outcome.errors.contains("more than training.divergence times the highest average"), "\(outcome.errors)")
    }

    @Test("other data are refused on resume, naming each difference, unless --allow-data-change")
    func data() throws {
      let workshop = try Workshop()
      let rows = (0..<400).map { "\($0 % 7),\($0 % 11)\n" }.joined()
      try workshop.write(rows, to: "rows.csv")
      try workshop.write(
        smallExperiment.replacing("{target: funnel, dimension: 5, count: 3000}", with: "{file: rows.csv}"),
        to: "small.yaml")
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "run", "--until", "20"]).status == 0)
      try workshop.write(rows + "300,5\n4,500\n", to: "rows.csv")
      let refused = try workshop.run("sgm-train", ["--resume", "run"], ranks: 2)
      #expect(refused.status == 78 && refused.messages.count == 1, "\(refused.errors)")
      for part in ["rows to train on, not 360", "fingerprint", "--allow-data-change"] {
        #expect(refused.errors.contains(part), "\(refused.errors)")
      }
      let other = try workshop.run(
        "sgm-train", ["--resume", "run", "--set", "network.widths=[9]", "--set", "process.a=2"])
      #expect(other.errors.contains("process.a: cannot change on resume, nor can network.widths"), "\(other.errors)")
      try FileManager.default.copyItem(atPath: workshop.path + "/run", toPath: workshop.path + "/twice")
      let allowed = try workshop.run("sgm-train", ["--resume", "run", "--allow-data-change"], ranks: 2)
      #expect(
        allowed.status == 0 && allowed.output.contains("the scaling of the old data is kept"), "\(allowed.errors)")
      // The scaling stays that of the first data through later resumes.
      let first = ["--resume", "twice", "--allow-data-change", "--until", "40"]
      #expect(try workshop.run("sgm-train", first).status == 0)
      let behind = try workshop.run("sgm-train", ["--resume", "twice", "--until", "30"], ranks: 2)
      #expect(behind.status == 64 && behind.errors.contains("--until 30: the run has reached step 40"))
      #expect(try workshop.run("sgm-train", ["--resume", "twice"]).status == 0)
      expectSame(try RunFiles(workshop, "twice"), try RunFiles(workshop, "run"), "resumed twice after a change of data")
    }
  }
}
