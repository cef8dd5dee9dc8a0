import Foundation
import Testing

/// Runs whose score is one of latents.
extension LaunchTests {
  @Suite(.serialized) struct LatentTests {
    private static let experiment = """
      name: latents
      data: {target: gaussian, dimension: 3, count: 1200}
      process: {kind: variance-preserving}
      network: {widths: [24, 24], embedding_features: 8}
      training: {steps: 60, batch: 128, shards: 8, warmup_steps: 5, log_every: 5, held_out_every: 20, audit_every: 20}
      latent: {dimension: 2, widths: [16, 16], pretrain_steps: 30}
      sampling: {count: 600, steps: 20}
      checkpoints: {every: 20}
      evaluation: {metrics: [sliced-w2, nll], directions: 20, repeats: 2, count: 200, pair_count: 50, likelihood_steps: 20,
        likelihood_draws: 2}

      """

    @Test(
      "encoder, decoder and score have the same bytes on 1, 2 and 3 ranks and over restarts in each phase",
      arguments: ["false", "true"])
    func sameBits(joint: String) throws {
      let workshop = try Workshop()
      try workshop.write(Self.experiment, to: "latents.yaml")
      let words = ["latents.yaml", "--set", "latent.joint=\(joint)", "--output"]
      func run(_ words: [String], ranks: Int) throws { try workshop.succeed("sgm-train", words, ranks: ranks) }
      try run(words + ["alone"], ranks: 0)
      let alone = try RunFiles(workshop, "alone")
      for ranks in [2, 3] {
        try run(words + ["r\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "r\(ranks)"), alone, "\(ranks) ranks")
      }
      for stop in ["13", "47"] {
        try run(words + ["run\(stop)", "--until", stop], ranks: 3)
        try run(["--resume", "run\(stop)"], ranks: 1)
        expectSame(try RunFiles(workshop, "run\(stop)"), alone, "stopped at \(stop)")
      }
      // Gradients of all parts stand beside differences of their losses.
      let debug = try workshop.run(
        "sgm-train", ["--resume", "alone", "--debug", "--set", "training.steps=61"])
      #expect(debug.status == 0, "\(debug.errors)")
      #expect((debug.output + debug.errors).contains("encoder.layers.0.weight") == (joint == "true"))
      // The bound is judged, and of given rows too.
      let judgements = String(decoding: try workshop.bytes("r2/judgements.jsonl"), as: UTF8.self)
      #expect(judgements.contains("NLL, upper bound"))
      try workshop.write("0.1,0.2,0.3\n-1,0,1\n", to: "rows.csv")
      let rows = try workshop.run("sgm-evaluate", ["r2", "--rows", "rows.csv"], ranks: 2)
      #expect(rows.status == 0 && rows.output.contains("upper bound"), "\(rows.errors)")
      // Samples with the decoder's noise, and its means.
      try workshop.succeed("sgm-sample", ["r2", "--output", "noisy.npy"], ranks: 2)
      try workshop.succeed(
        "sgm-sample", ["r2", "--output", "means.npy", "--set", "latent.decoder_noise=false"], ranks: 2)
      #expect(try workshop.bytes("noisy.npy") == alone.samples && workshop.bytes("means.npy") != alone.samples)
    }

    @Test(
      "what goes with no latents is refused with what does",
      arguments: [
        ("network.output=noise", "network.output must be posterior-mean or velocity"),
        ("training.objective=sliced", "training.objective must be hsm, found sliced"),
        ("training.time_law=log-normal", "training.time_law must be one of uniform, log-uniform, importance"),
        ("training.truncation_exponent=1", "training.truncation_exponent must be left out with"),
        ("training.adversary_weight=1", "training.adversary_weight must be 0"),
        ("latent.pretrain_steps=60", "latent.pretrain_steps must be less than training.steps = 60"),
        ("evaluation.metrics=bound", "evaluation.metrics names bound"),
        ("network.variance=learned", "latent.dimension needs times"),
      ])
    func refusals(setting: String, words: String) throws {
      let workshop = try Workshop()
      try workshop.write(Self.experiment, to: "latents.yaml")
      let outcome = try workshop.run("sgm-train", ["latents.yaml", "--set", setting])
      #expect(outcome.status == 78 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.messages.count == 1)
    }

    @Test("a score of latents is no teacher, takes no observations, and knows one process") func others() throws {
      let workshop = try Workshop()
      try workshop.write(Self.experiment, to: "latents.yaml")
      try workshop.succeed("sgm-train", ["latents.yaml", "--output", "run", "--set", "training.steps=31"], ranks: 2)
      try workshop.write("0,0.5,0.1\n", to: "fixed.csv")
      for (words, found, status) in [
        (["sgm-train", "--distil", "run", "--output", "student"], "its score is one of latents", 64),
        (
          ["sgm-sample", "run", "--fix", "fixed.csv", "--output", "a.npy"],
          "samples of a latent model are drawn freely", 64
        ),
        (["sgm-sample", "run", "--trajectory", "2", "--output", "a.npy"], "--trajectory", 64),
        (["sgm-sample", "run", "--set", "process.beta_max=10", "--output", "a.npy"], "under its own process", 78),
      ] {
        for ranks in [0, 2] {
          let outcome = try workshop.run(words[0], Array(words.dropFirst()), ranks: ranks)
          #expect(Int(outcome.status) == status && outcome.errors.contains(found), "\(outcome.errors)")
        }
      }
    }
  }
}
