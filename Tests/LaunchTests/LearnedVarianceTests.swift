import Foundation
import Testing

/// A chain of 20 steps whose variance the network learns.
private let experiment = """
  name: learned
  data: {target: eight-gaussians, count: 3000}
  process: {schedule: discrete-linear, chain_steps: 40}
  network: {widths: [40, 40], embedding_features: 16, variance: learned}
  training: {steps: 60, batch: 256, shards: 16, warmup_steps: 5, log_every: 5, held_out_every: 10, time_law: importance}
  sampling: {sampler: ancestral, steps: 10, count: 700}
  checkpoints: {every: 20}
  evaluation: {directions: 40, repeats: 2, count: 500, pair_count: 300, metrics: [sliced-w2, bound], likelihood_draws: 1}

  """

extension LaunchTests {
  @Suite(.serialized) struct LearnedVarianceTests {
    @Test("a learned variance and importance times of a chain keep the bytes on 1, 2 and 3 ranks and over a restart")
    func ranks() throws {
      let workshop = try Workshop()
      try workshop.write(experiment, to: "one.yaml")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "alone"])
      let alone = try RunFiles(workshop, "alone")
      let judged = try workshop.bytes("alone/judgements.jsonl")
      for ranks in [1, 2, 3] {
        try workshop.succeed("sgm-train", ["one.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
        let isSame = try workshop.bytes("on-\(ranks)/judgements.jsonl") == judged
        #expect(isSame, "judged on \(ranks) ranks")
      }
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
      #expect(String(decoding: judged, as: UTF8.self).contains("NLL, upper bound of the chain"))
    }

    @Test("a learned schedule keeps the bytes on 1, 2, 3 and 7 ranks, over a restart and under debug mode, and learns")
    func schedule() throws {
      let workshop = try Workshop()
      let text = smallExperiment.replacingOccurrences(
        of: "training: {", with: "training: {time_law: learned-schedule, audit_every: 7, averages: [0.1], ")
      try workshop.write(text, to: "one.yaml")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "alone"])
      let alone = try RunFiles(workshop, "alone")
      for ranks in [1, 2, 3, 7] {
        try workshop.succeed("sgm-train", ["one.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "debugged", "--debug"])
      expectSame(try RunFiles(workshop, "debugged"), alone, "debug mode")
      let still = text.replacingOccurrences(of: "training: {", with: "training: {schedule_learning_rate: 1e-30, ")
      try workshop.write(still, to: "still.yaml")
      try workshop.succeed("sgm-train", ["still.yaml", "--output", "still"])
      #expect(try RunFiles(workshop, "still").samples != alone.samples)
    }

    @Test(
      "samples differ with the variance of the steps, debug mode finds its gradients right, and exact scores have none")
    func variances() throws {
      let workshop = try Workshop()
      try workshop.write(experiment, to: "one.yaml")
      let debug = try workshop.succeed("sgm-train", ["one.yaml", "--output", "run", "--debug"])
      #expect(debug.errors.contains("agree") || debug.output.contains("agree"), "\(debug.output)\(debug.errors)")
      var samples: [Data] = []
      for variance in ["learned", "posterior", "forward"] {
        let words = ["run", "--set", "sampling.reverse_variance=\(variance)", "--output", "x.npy", "--overwrite"]
        for ranks in [0, 3] {
          try workshop.succeed("sgm-sample", words, ranks: ranks)
          samples.append(try workshop.bytes("x.npy"))
        }
      }
      #expect(samples[0] == samples[1] && samples[2] == samples[3] && samples[4] == samples[5])
      #expect(Set(samples).count == 3)
      let table = try workshop.run("sgm-theory", ["epsilon", "run", "--count", "64", "--repeats", "1", "--steps", "4"])
      #expect(table.status == 0 && table.output.contains("euler-maruyama in place of ancestral"), "\(table.errors)")
      for ranks in [0, 2] {
        let other = try workshop.run(
          "sgm-sample", ["run", "--set", "process.kind=ornstein-uhlenbeck", "--output", "y.npy"], ranks: ranks)
        #expect(
          other.status == 78 && other.errors.contains("the process can change only for network.variance fixed"),
          "\(other.errors)")
        let exact = try workshop.run(
          "sgm-sample", ["one.yaml", "--score", "exact", "--output", "y.npy"], ranks: ranks)
        #expect(
          exact.status == 64
            && exact.errors.contains("learned: this score has no learned variance; take posterior or forward"),
          "\(exact.errors)")
      }
    }
  }
}
