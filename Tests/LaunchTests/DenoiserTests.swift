import Foundation
import Testing

/// The small funnel with a network of the noisy data, trained on noise levels.
private func experiment(epsilon: String = "0.25") -> String {
  smallExperiment
    .replacingOccurrences(of: "epsilon: 0.25", with: "epsilon: \(epsilon)")
    .replacingOccurrences(
      of: "embedding_features: 16", with: "embedding_features: 16, input: noisy-data, shrinkage: true, radial: true"
    )
    .replacingOccurrences(
      of: "training: {", with: "training: {minimum_noise: 0.001, maximum_noise: 60, averages: [0.05, 0.1], ")
}

extension LaunchTests {
  @Suite struct DenoiserTests {
    @Test("noise levels, shrinkage and the radial feature keep the bytes on 1, 2, 3 and 7 ranks and over a restart")
    func ranks() throws {
      let workshop = try Workshop()
      try workshop.write(experiment(), to: "one.yaml")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "alone"])
      let alone = try RunFiles(workshop, "alone")
      for ranks in [1, 2, 3, 7] {
        try workshop.succeed("sgm-train", ["one.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        expectSame(try RunFiles(workshop, "on-\(ranks)"), alone, "\(ranks) ranks")
      }
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      expectSame(try RunFiles(workshop, "stopped"), alone, "stopped at 33")
    }

    @Test("any average between those kept is drawn from, on 1 and 3 ranks alike, and no other")
    func averages() throws {
      let workshop = try Workshop()
      try workshop.write(experiment(), to: "one.yaml")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "run"])
      func sample(_ length: String, ranks: Int) throws -> Data {
        try workshop.succeed(
          "sgm-sample", ["run", "--average", length, "--output", "x.npy", "--overwrite"], ranks: ranks)
        return try workshop.bytes("x.npy")
      }
      let all = try ["0.05", "0.07", "0.1"].map { try sample($0, ranks: 1) }
      #expect(Set(all + [try RunFiles(workshop, "run").samples]).count == 4)
      let again = try sample("0.07", ranks: 3)
      #expect(again == all[1])
      let beyond = try workshop.run("sgm-sample", ["run", "--average", "0.2", "--output", "y.npy"], ranks: 2)
      #expect(beyond.status == 64 && beyond.errors.contains("in training.averages, which are 0.05, 0.1"), "\(beyond)")
    }

    @Test("training ends where the held-out loss falls no more, and samples are those of its best checkpoint")
    func settling() throws {
      let workshop = try Workshop()
      // Parameters that do not move: the first held-out loss is never beaten.
      let text = smallExperiment.replacingOccurrences(
        of: "training: {", with: "training: {stop_after: 1, learning_rate: 1e-30, ")
      try workshop.write(text, to: "still.yaml")
      let alone = try workshop.succeed("sgm-train", ["still.yaml", "--output", "alone"])
      #expect(alone.output.contains("the held-out loss was lowest at step 20 of 40"), "\(alone.output)")
      try workshop.succeed("sgm-train", ["still.yaml", "--output", "stopped", "--until", "33"], ranks: 3)
      try workshop.succeed("sgm-train", ["--resume", "stopped"], ranks: 2)
      for run in ["alone", "stopped"] {
        #expect(try workshop.names(in: run + "/samples") == ["step-000000020.npy"])
        #expect(try workshop.names(in: run + "/checkpoints").last == "step-000000040.safetensors")
      }
      let isSame =
        try workshop.bytes("alone/samples/step-000000020.npy")
        == workshop.bytes("stopped/samples/step-000000020.npy")
      #expect(isSame)
      // A run that ended early is complete: the same command has nothing left to do.
      let more = try workshop.succeed("sgm-train", ["still.yaml", "--output", "alone", "--continue"], ranks: 2)
      #expect(more.output.contains("alone is complete"), "\(more.output)")
      // Drawn again, the samples are those of the best checkpoint too.
      try workshop.succeed("sgm-sample", ["alone", "--output", "again.npy"])
      let isBest = try workshop.bytes("again.npy") == workshop.bytes("alone/samples/step-000000020.npy")
      #expect(isBest)
    }

    @Test("a network trained beside one process is, to the byte, the one trained beside another")
    func oneNetwork() throws {
      let workshop = try Workshop()
      for epsilon in ["0.25", "0"] {
        try workshop.write(experiment(epsilon: epsilon), to: "\(epsilon).yaml")
        try workshop.succeed("sgm-train", ["\(epsilon).yaml", "--output", "run-\(epsilon)"])
      }
      let words = ["run-0.25", "--set", "process.epsilon=0", "--set", "process.a=1", "--output", "other.npy"]
      try workshop.succeed("sgm-sample", words, ranks: 2)
      let other = try workshop.bytes("other.npy")
      let (own, theirs) = try (RunFiles(workshop, "run-0.25").samples, RunFiles(workshop, "run-0").samples)
      #expect(other != own)
      #expect(other == theirs)
      // Another kind of process, whose noise lies within.
      let kind = ["--set", "process.kind=ornstein-uhlenbeck", "--sampler", "euler-maruyama", "--output", "third.npy"]
      try workshop.succeed("sgm-sample", ["run-0.25"] + kind)
      let third = try workshop.bytes("third.npy")
      #expect(third.count == own.count && third != own)
    }

    @Test("what the network has not seen is refused with both ranges, and a network of the state with what it lacks")
    func refusals() throws {
      let workshop = try Workshop()
      try workshop.write(experiment(), to: "one.yaml")
      try workshop.succeed("sgm-train", ["one.yaml", "--output", "run"])
      _ = try workshop.train("state", settings: ["--set", "network.input=state"])
      let cases: [([String], String)] = [
        (
          ["run", "--set", "process.kind=variance-preserving", "--sampler", "euler-maruyama", "--output", "x.npy"],
          "process: goes through noise from 0.002 at sampling.final_time to 152.0 at process.horizon, in deviations of the "
            + "data, but the network was trained on 0.001 to 60.0"
        ),
        (["run", "--set", "process.epsilon=0"], "--output is needed under another process"),
        (
          ["state", "--set", "process.epsilon=0", "--output", "x.npy"],
          "the process can change only for a network of network.input noisy-data"
        ),
        (["run", "--set", "process.epsilon=0", "--set", "training.batch=512", "--output", "x.npy"], "training.batch"),
      ]
      for (words, text) in cases {
        for ranks in [0, 2] {
          let outcome = try workshop.run("sgm-sample", words, ranks: ranks)
          #expect(outcome.status != 0 && outcome.errors.contains(text), "\(words): \(outcome.errors)")
        }
      }
    }
  }
}
