import Foundation
import Testing

/// What the other tests of bytes leave out: every process, objective, output and sampler, by the program's own lists.
extension LaunchTests {
  @Suite struct EveryChoiceTests {
    private let experiment = """
      name: tiny
      data: {target: eight-gaussians, count: 600}
      network: {widths: [8], embedding_features: 4}
      training: {steps: 4, batch: 32, shards: 4, warmup_steps: 1, log_every: 2, held_out_every: 2}
      sampling: {steps: 4, count: 600}
      checkpoints: {every: 2}
      evaluation: {directions: 4, repeats: 1, count: 60}

      """

    @Test("every process, objective, output and sampler leaves the same bytes on 1, 2 and 3 ranks and on 3 threads")
    func everyChoice() throws {
      let workshop = try Workshop()
      try workshop.write(experiment, to: "tiny.yaml")
      let keys = ["process.kind", "training.objective", "network.output"]
      var all = try keys.map { try workshop.values(of: $0) }
      // Chains of discrete states need levels, and have tests of their own.
      #expect(all[0].suffix(DiscreteTests.kinds.count) == DiscreteTests.kinds[...])
      all[0].removeAll { DiscreteTests.kinds.contains($0) }
      var left = all.map(Set.init)
      var runs: [String] = []
      // Each process with the first objective and output that it allows among those not seen yet, then among all.
      for kind in all[0] {
        let choices = all[1].flatMap { objective in all[2].map { [kind, objective, $0] } }
        func news(_ choice: [String]) -> Int { zip(choice, left).count { $1.contains($0) } }
        for choice in choices.sorted(by: { news($0) > news($1) }) {
          let words = ["tiny.yaml"] + zip(keys, choice).flatMap { ["--set", "\($0)=\($1)"] }
          if try workshop.run("sgm-train", words + ["--check"]).status != 0 { continue }
          try expectSameRuns(workshop, words, kind)
          runs.append(kind)
          for (i, value) in choice.enumerated() { left[i].remove(value) }
          break
        }
      }
      #expect(left == keys.map { _ in [] }, "what no run took")
      for sampler in try workshop.values(of: "sampling.sampler") {
        let isSampled = try runs.contains { try isSampledAlike(workshop, sampler, $0) }
        #expect(isSampled, "no run serves \(sampler)")
      }
    }

    private func expectSameRuns(_ workshop: Workshop, _ words: [String], _ name: String) throws {
      var files: [RunFiles] = []
      for (ranks, threads) in [(0, 1), (2, 1), (3, 1), (0, 3)] {
        let run = name + (ranks == 0 ? "" : "-\(ranks)") + (threads == 1 ? "" : "-\(threads)-threads")
        let options = ["--output", run, "--threads", "\(threads)"]
        let outcome = try workshop.run("sgm-train", words + options, ranks: ranks)
        try #require(outcome.status == 0, "\(words): \(outcome.errors)")
        files.append(try RunFiles(workshop, run, step: 4))
      }
      expectSame(files[1], files[0], "\(words), 2 ranks")
      expectSame(files[2], files[0], "\(words), 3 ranks")
      expectSame(files[3], files[0], "\(words), 3 threads")
    }

    /// False where the run's process is not for this sampler; a sampler of densities takes the target's.
    private func isSampledAlike(_ workshop: Workshop, _ sampler: String, _ run: String) throws -> Bool {
      let options = ["--sampler", sampler, "--output", "x.npy"]
      var words = [run] + options
      var alone = try workshop.run("sgm-sample", words)
      if alone.errors.contains("draws from a known density") {
        words = ["tiny.yaml", "--score", "exact"] + options
        alone = try workshop.run("sgm-sample", words)
      }
      guard alone.status == 0 else { return false }
      let bytes = try workshop.bytes("x.npy")
      for (ranks, threads) in [(2, 1), (3, 1), (0, 3)] {
        let outcome = try workshop.run("sgm-sample", words + ["--threads", "\(threads)"], ranks: ranks)
        let isSame = try outcome.status == 0 && workshop.bytes("x.npy") == bytes
        #expect(isSame, "\(sampler) of \(run) on \(ranks) ranks, \(threads) threads: \(outcome.errors)")
      }
      return true
    }
  }
}
