import Foundation
import Testing

/// Runs on discrete states, from a table of whole numbers to samples, a bound and a report.
extension LaunchTests {
  @Suite(.serialized) struct DiscreteTests {
    static let kinds = ["discrete-uniform", "discrete-absorbing", "discretised-gaussian"]

    /// Two columns of six levels that tell one another, and one of two values alone.
    static let table =
      "a,b,c\n"
      + (0..<1200).map { r in
        let a = (r * r + r / 5) % 6
        return "\(a),\((a + r % 2) % 6),\(4 + r % 2)\n"
      }.joined()

    static func experiment(_ kind: String, _ more: String = "") -> String {
      """
      name: levels
      data: {file: levels.csv, levels: 6, held_out: 0.25}
      process: {kind: \(kind), chain_steps: 12}
      network: {widths: [24, 24], embedding_features: 8\(more)}
      training: {steps: 60, batch: 128, shards: 8, warmup_steps: 5, log_every: 5, held_out_every: 20, learning_rate: 5e-3}
      sampling: {count: 600}
      checkpoints: {every: 20}
      evaluation: {directions: 20, repeats: 2, count: 200, pair_count: 60, likelihood_draws: 2, metrics: [sliced-w2, nll]}

      """
    }

    private func workshop(_ kind: String, _ more: String = "") throws -> Workshop {
      let workshop = try Workshop()
      try workshop.write(Self.table, to: "levels.csv")
      try workshop.write(Self.experiment(kind, more), to: "levels.yaml")
      return workshop
    }

    @Test(
      "discrete states have the same bytes on 1, 2 and 3 ranks and over a restart",
      arguments: zip(kinds, ["", ", state_output: logistic, state_input: centred", ", reverse_form: posterior"]))
    func sameBits(kind: String, more: String) throws {
      let workshop = try workshop(kind, more)
      let output = try workshop.succeed("sgm-train", ["levels.yaml", "--output", "alone"], ranks: 0).output
      #expect(output.contains("bits per dimension") && output.contains("upper bound"), "\(output)")
      let alone = try RunFiles(workshop, "alone")
      try workshop.succeed("sgm-train", ["levels.yaml", "--output", "two"], ranks: 2)
      expectSame(try RunFiles(workshop, "two"), alone, "\(kind), 2 ranks")
      try workshop.succeed("sgm-train", ["levels.yaml", "--output", "run", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "run"], ranks: 1)
      expectSame(try RunFiles(workshop, "run"), alone, "\(kind), stopped at 33")
      let report = try workshop.bytes("alone/report.html")
      #expect(String(decoding: report, as: UTF8.self).contains(kind))
    }

    @Test("sgm-sample passes over steps and writes levels alone, the same on any number of ranks")
    func samples() throws {
      let workshop = try workshop("discrete-absorbing")
      try #require(try workshop.run("sgm-train", ["levels.yaml", "--output", "run"]).status == 0)
      for ranks in [0, 3] {
        let words = ["run", "--steps", "5", "--count", "700", "--output", "s\(ranks).csv"]
        let outcome = try workshop.run("sgm-sample", words, ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("reverse steps of discrete-absorbing, 5 evaluations each"), "\(outcome.output)")
      }
      let text = try workshop.bytes("s0.csv")
      #expect(try workshop.bytes("s3.csv") == text)
      let rows = String(decoding: text, as: UTF8.self).split(separator: "\n")
      #expect(rows.count == 701 && rows[0] == "a,b,c")
      let numbers = rows.dropFirst().flatMap { $0.split(separator: ",").compactMap { Double($0) } }
      #expect(numbers.count == 2100 && numbers.allSatisfy { $0 >= 0 && $0 <= 5 && $0 == $0.rounded() })
    }

    @Test("the bound of rows comes for a file too, and is the same on any number of ranks") func rows() throws {
      let workshop = try workshop("discrete-uniform")
      try #require(try workshop.run("sgm-train", ["levels.yaml", "--output", "run"]).status == 0)
      try workshop.write("a,b,c\n0,1,4\n5,5,5\n2,3,4\n", to: "rows.csv")
      var found: [Data] = []
      for ranks in [0, 2] {
        let outcome = try workshop.run(
          "sgm-evaluate", ["run", "--rows", "rows.csv", "--metrics", "nll", "--output", "n\(ranks).csv"], ranks: ranks)
        try #require(outcome.status == 0, "\(outcome.errors)")
        found.append(try workshop.bytes("n\(ranks).csv"))
      }
      #expect(found[0] == found[1] && !found[0].isEmpty)
    }

    @Test(
      "what discrete states cannot do is refused with what they can",
      arguments: [
        (
          "process: {kind: discrete-uniform}\nsampling: {sampler: annealed-langevin}",
          "sampling.sampler is for processes of real numbers"
        ),
        (
          "process: {kind: discrete-uniform}\ntraining: {objective: sliced}",
          "training.objective is for processes of real numbers"
        ),
        ("process: {kind: discrete-uniform, beta_min: 1}", "process.beta_min is for"),
        ("process: {kind: discretised-gaussian, horizon: 2}", "process.horizon is for processes of real numbers"),
        (
          "process: {kind: discrete-uniform}\ntraining: {time_law: log-normal}",
          "training.time_law must be one of uniform"
        ),
        (
          "process: {kind: discrete-uniform, chain_steps: 10}\nsampling: {steps: 11}",
          "sampling.steps must be at most process.chain_steps = 10"
        ),
        (
          "network: {state_input: one-hot}",
          "network.state_input is for discrete-uniform, discrete-absorbing, discretised-gaussian"
        ),
        ("training: {cross_entropy: 1}", "training.cross_entropy is for discrete-uniform"),
      ])
    func refusals(text: String, words: String) throws {
      let workshop = try Workshop()
      try workshop.write(Self.table, to: "levels.csv")
      try workshop.write("data: {file: levels.csv, levels: 6}\n" + text, to: "bad.yaml")
      let outcome = try workshop.run("sgm-train", ["bad.yaml"])
      #expect(outcome.status == 78 && outcome.messages.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test("a chain without levels, and levels without a chain's network, are refused") func levels() throws {
      let workshop = try workshop("discrete-uniform")
      let plain = Self.experiment("discrete-uniform").replacingOccurrences(of: "levels: 6, ", with: "")
      try workshop.write(plain, to: "plain.yaml")
      let outcome = try workshop.run("sgm-train", ["plain.yaml"])
      #expect(outcome.status == 78 && outcome.errors.contains("needs data.levels"), "\(outcome.errors)")
      try #require(
        try workshop.run("sgm-train", ["levels.yaml", "--output", "run", "--set", "training.steps=20"]).status == 0)
      let other = try workshop.run(
        "sgm-sample", ["run", "--set", "process.kind=variance-preserving", "--output", "x.npy"])
      #expect(other.status == 78 && other.errors.contains("networks of their own"), "\(other.errors)")
      try workshop.write("a\n1\n", to: "fix.csv")
      for option in ["--fix", "--complete"] {
        let fixed = try workshop.run("sgm-sample", ["run", option, "fix.csv", "--output", "x.npy"])
        #expect(fixed.status == 64 && fixed.errors.contains("\(option): samples of"), "\(fixed.errors)")
        #expect(fixed.errors.contains("drawn freely"), "\(fixed.errors)")
      }
    }
  }
}
