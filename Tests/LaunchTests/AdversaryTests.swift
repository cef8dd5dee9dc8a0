import Foundation
import Testing

/// Runs with a discriminator beside the score.
extension LaunchTests {
  @Suite(.serialized) struct AdversaryTests {
    private static let experiment = """
      name: game
      data: {target: eight-gaussians, count: 1200}
      process: {kind: variance-exploding}
      network: {widths: [24, 24], embedding_features: 8}
      training: {steps: 60, batch: 128, shards: 8, warmup_steps: 5, log_every: 5, held_out_every: 20, adversary_weight: 0.5,
        discriminator_widths: [16], discriminator_learning_rate: 1e-2}
      sampling: {count: 600, sampler: consistent-annealed, steps: 20, grid: uniform, step_size: 0.5}
      checkpoints: {every: 20}
      evaluation: {directions: 20, repeats: 2, count: 200}

      """

    @Test("a discriminator has the same bytes on 1, 2 and 3 ranks and over a restart, and moves the score")
    func sameBits()
      throws
    {
      let workshop = try Workshop()
      try workshop.write(Self.experiment, to: "game.yaml")
      func run(_ words: [String], ranks: Int) throws { try workshop.succeed("sgm-train", words, ranks: ranks) }
      try run(["game.yaml", "--output", "alone"], ranks: 0)
      let alone = try RunFiles(workshop, "alone")
      for ranks in [2, 3] {
        try run(["game.yaml", "--output", "r\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "r\(ranks)"), alone, "\(ranks) ranks")
      }
      try run(["game.yaml", "--output", "run", "--until", "33"], ranks: 3)
      try run(["--resume", "run"], ranks: 1)
      expectSame(try RunFiles(workshop, "run"), alone, "stopped at 33")
      try run(["game.yaml", "--output", "plain", "--set", "training.adversary_weight=0.001"], ranks: 0)
      let isMoved = try RunFiles(workshop, "plain").samples != alone.samples
      #expect(isMoved)
      // A network without a discriminator begins with one that had one, and the other way round.
      let plain = Self.experiment.split(separator: "\n").filter { !$0.contains("discriminator_widths") }
        .joined(separator: "\n").replacingOccurrences(of: ", adversary_weight: 0.5,", with: "}")
      try workshop.write(plain, to: "plain.yaml")
      try run(["plain.yaml", "--output", "from", "--init-from", "alone", "--set", "training.steps=2"], ranks: 2)
      try run(["game.yaml", "--output", "back", "--init-from", "from", "--set", "training.steps=2"], ranks: 2)
    }

    @Test(
      "a discriminator is refused where the network says no denoised row",
      arguments: [
        ("process.kind=critically-damped-langevin", "process.kind must be one of"),
        ("network.output=noise", "network.output must be posterior-mean or velocity"),
        ("training.time_law=learned-schedule", "training.time_law must be another than learned-schedule"),
        ("training.objective=sliced", "training.objective must be hsm or dsm, found sliced"),
      ])
    func refusals(setting: String, words: String) throws {
      let workshop = try Workshop()
      try workshop.write(Self.experiment, to: "game.yaml")
      let outcome = try workshop.run("sgm-train", ["game.yaml", "--set", setting])
      #expect(outcome.status == 78 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.messages.count == 1)
    }
  }
}
