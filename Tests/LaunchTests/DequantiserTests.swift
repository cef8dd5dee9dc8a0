import Foundation
import Testing

/// Runs whose levels get noise of a learned law.
extension LaunchTests {
  @Suite(.serialized) struct DequantiserTests {
    private static func prepare(_ workshop: Workshop, widths: String = ", dequantiser_widths: [16, 16]") throws {
      var table = "a,seen,b\n"
      for i in 0..<600 { table += "\(i % 4),\(i % 5),\(i % 4 == 1 ? 4 : i % 3)\n" }
      try workshop.write(table, to: "grey.csv")
      try workshop.write(
        """
        name: grey
        data: {file: grey.csv, levels: 5, conditions: [seen]}
        process: {kind: variance-preserving}
        network: {widths: [24, 24], embedding_features: 8}
        training: {steps: 60, batch: 128, shards: 8, warmup_steps: 5, log_every: 5, held_out_every: 20, audit_every: 20,
          dequantisation: variational\(widths)}
        sampling: {count: 600, steps: 20}
        checkpoints: {every: 20}
        evaluation: {metrics: [sliced-w2, nll], directions: 20, repeats: 2, count: 60, pair_count: 50,
          likelihood_steps: 16, likelihood_draws: 2}

        """, to: "grey.yaml")
    }

    @Test("a dequantiser has the same bytes on 1, 2 and 3 ranks and over restarts, and its law is the judged one")
    func sameBits() throws {
      let workshop = try Workshop()
      try Self.prepare(workshop)
      func run(_ words: [String], ranks: Int) throws { try workshop.succeed("sgm-train", words, ranks: ranks) }
      try run(["grey.yaml", "--output", "alone"], ranks: 0)
      let alone = try RunFiles(workshop, "alone")
      for ranks in [2, 3] {
        try run(["grey.yaml", "--output", "r\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "r\(ranks)"), alone, "\(ranks) ranks")
      }
      try run(["grey.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try run(["--resume", "stopped"], ranks: 1)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
      // The gradient of both networks stands beside differences of their losses.
      let debug = try workshop.run("sgm-train", ["--resume", "alone", "--debug", "--set", "training.steps=61"])
      #expect(debug.status == 0, "\(debug.errors)")
      #expect((debug.output + debug.errors).contains("dequantiser.layers.0.weight"))
      // Likelihoods are the same on any number of ranks, of given rows too.
      func bound(_ run: String) throws -> [String] {
        String(decoding: try workshop.bytes(run + "/judgements.jsonl"), as: UTF8.self).split(separator: "\n")
          .filter { $0.contains("NLL, upper bound") || $0.contains("bits per dimension, upper bound") }
          .map { String($0).replacing(/"seconds":[0-9.e-]+/, with: "") }
      }
      #expect(try bound("r2").count == 2 && bound("r2") == bound("r3"))
      try workshop.write("a,seen,b\n0,1,2\n3,0,4\n", to: "rows.csv")
      let rows = try workshop.run("sgm-evaluate", ["r2", "--rows", "rows.csv"], ranks: 2)
      #expect(rows.status == 0 && rows.output.contains("upper bound"), "\(rows.errors)")
      // Samples are levels, whatever their noise was.
      let numbers = unsafe Data(alone.samples.dropFirst(192)).withUnsafeBytes { bytes in
        unsafe Array(bytes.bindMemory(to: Double.self))
      }
      #expect(numbers.count == 1200 && Set(numbers).isSubset(of: [0, 1, 2, 3, 4]))
    }

    @Test(
      "a dequantiser can be put beside a network that has learned, goes with the bound of a chain, and has students")
    func begun() throws {
      let workshop = try Workshop()
      try Self.prepare(workshop, widths: "")
      let few = [
        "--set", "training.steps=20", "--set", "evaluation.metrics=[bound]", "--set", "data.conditions=[]",
      ]
      try workshop.succeed(
        "sgm-train", ["grey.yaml", "--output", "plain", "--set", "training.dequantisation=uniform"] + few, ranks: 2)
      let words = ["grey.yaml", "--init-from", "plain", "--output", "begun"] + few
      let text = try workshop.succeed("sgm-train", words, ranks: 2).output
      #expect(text.contains("upper bound of the chain"), "\(text)")
      // A student has the network alone.
      try workshop.succeed(
        "sgm-train",
        [
          "--distil", "begun", "--output", "student", "--set", "training.pairs=128", "--set", "training.steps=5",
          "--set",
          "training.teacher_steps=4",
        ], ranks: 2)
    }

    @Test(
      "what goes with no dequantiser is refused with what does",
      arguments: [
        ("data.levels=null", "variational needs columns of levels: set data.levels"),
        ("training.objective=sliced", "training.objective must be hsm, found sliced, with training.dequantisation"),
        ("training.time_law=log-normal", "training.time_law must be one of uniform, log-uniform, importance"),
        ("training.truncation_exponent=1", "training.truncation_exponent must be left out with"),
        ("training.adversary_weight=1", "training.adversary_weight must be 0, found 1"),
        ("training.dequantiser_widths=[]", "training.dequantiser_widths must not be empty"),
        ("latent.dimension=2", "training.dequantisation must be uniform with latent.dimension"),
        ("network.variance=learned", "training.dequantisation needs times"),
        ("process.kind=discrete-uniform", "training.dequantisation is for processes of real numbers"),
      ])
    func refusals(setting: String, words: String) throws {
      let workshop = try Workshop()
      try Self.prepare(workshop)
      let outcome = try workshop.run(
        "sgm-train", ["grey.yaml", "--set", setting], ranks: setting.hasPrefix("data") ? 2 : 0)
      #expect(outcome.status == 78 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.messages.count == 1)
    }
  }
}
