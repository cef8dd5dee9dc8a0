import Foundation
import Testing

/// The small experiment on noise levels, where the process is nothing to the network.
private let levels =
  smallExperiment
  .replacingOccurrences(of: "process: {kind: critically-damped-langevin, epsilon: 0.25}\n", with: "")
  .replacingOccurrences(of: "embedding_features: 16", with: "embedding_features: 16, input: noisy-data")
  .replacingOccurrences(of: "training: {", with: "training: {minimum_noise: 0.001, maximum_noise: 500, ")
  .replacingOccurrences(of: "sampler: splitting, ", with: "sampler: euler-maruyama, ")

extension LaunchTests {
  @Suite struct SharedTrainingTests {
    private static let damped =
      "process: {kind: critically-damped-langevin}\nsweep: {process.epsilon: [0, 0.25], process.a: [1, 2], sampling.steps: [5, 9]}\n"
    private static let kinds =
      "sweep: {process.kind: [critically-damped-langevin, variance-preserving], sampling.steps: [5, 9], seed: [1, 2]}\n"

    @Test(
      "a sweep of processes and samplers trains once for all its cells: tables and checkpoints are those of 1, 2 and 3 ranks, and of a run of its own",
      arguments: [(damped, 1), (kinds, 2)])
    func ranks(table: String, networks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(levels + table, to: "sweep.yaml")
      let shared = "8 to run, \(networks) network\(networks == 1 ? "" : "s") to train"
      for ranks in [1, 2, 3] {
        let outcome = try workshop.succeed("sgm-train", ["sweep.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        #expect(outcome.output.contains("sweep of 8 cells, \(shared), in "), "\(outcome.output)")
        let copies = outcome.output.components(separatedBy: "starts from the training of cell").count - 1
        #expect(copies == 8 - networks)
        #expect(try workshop.bytes("on-\(ranks)/table.txt") == workshop.bytes("on-1/table.txt"))
        #expect(try workshop.bytes("on-\(ranks)/table.jsonl") == workshop.bytes("on-1/table.jsonl"))
      }
      let cells = try workshop.names(in: "on-1/cells")
      for ranks in [2, 3] {
        for cell in cells {
          let files = try RunFiles(workshop, "on-\(ranks)/cells/\(cell)")
          expectSame(files, try RunFiles(workshop, "on-1/cells/\(cell)"), "\(cell) on \(ranks) ranks")
        }
      }
      // The last cell's experiment, with every default filled in, is a run of its own.
      let last = try #require(cells.last)
      try workshop.write(
        String(decoding: try workshop.bytes("on-1/cells/\(last)/experiment.yaml"), as: UTF8.self), to: "single.yaml")
      try workshop.succeed("sgm-train", ["single.yaml", "--output", "single"], ranks: 2)
      expectSame(try RunFiles(workshop, "single"), try RunFiles(workshop, "on-3/cells/\(last)"), "a run of its own")
      let report = try workshop.run("sgm-report", ["on-1/cells/\(last)"])
      #expect(report.status == 0, "\(report.errors)")
      #expect(try workshop.run("sgm-train", ["--status", "on-2"]).output == "complete 480\n")
      let check = try workshop.succeed("sgm-train", ["sweep.yaml", "--output", "none", "--check"], ranks: 2)
      #expect(check.output.contains("8 cells, \(shared), in 2 groups of ranks: about"), "\(check.output)")
    }

    @Test("a sweep that is stopped among the cells that share a training goes on to the same table", .tags(.alone))
    func stopped() throws {
      let workshop = try Workshop()
      try workshop.write(
        levels.replacingOccurrences(of: "count: 700", with: "count: 20000") + Self.damped, to: "sweep.yaml")
      try workshop.succeed("sgm-train", ["sweep.yaml", "--output", "whole"], ranks: 2)
      let job = try Job("sgm-train", ["sweep.yaml", "--output", "parts"], ranks: 2, in: workshop)
      try job.wait(toSay: "starts from the training of cell", times: 2)
      job.send(SIGUSR1)
      let outcome = try job.outcome()
      #expect(
        outcome.status == 75 && outcome.output.contains("go on with: sgm-train --resume parts"), "\(outcome.errors)")
      let status = try workshop.run("sgm-train", ["--status", "parts"]).output
      #expect(status.hasPrefix("stopped "), "\(status)")
      let resumed = try workshop.succeed("sgm-train", ["--resume", "parts"], ranks: 3)
      #expect(resumed.output.contains(" to run, no network to train, in "), "\(resumed.output)")
      #expect(try workshop.bytes("parts/table.txt") == workshop.bytes("whole/table.txt"))
      #expect(try workshop.bytes("parts/table.jsonl") == workshop.bytes("whole/table.jsonl"))
      for cell in try workshop.names(in: "parts/cells") {
        let files = try RunFiles(workshop, "parts/cells/\(cell)")
        expectSame(files, try RunFiles(workshop, "whole/cells/\(cell)"), "\(cell)")
      }
    }

    @Test("a network whose training fails is named by every cell that it was for, and more ranks than shards share out")
    func failing() throws {
      let workshop = try Workshop()
      let text = levels.replacingOccurrences(of: "training: {", with: "training: {clip_norm: 0, ")
        .replacingOccurrences(of: "shards: 16", with: "shards: 2")
      let table = "sweep: {training.learning_rate: [1e30, 1e-3], sampling.steps: [5, 9]}\n"
      try workshop.write(text + table, to: "sweep.yaml")
      for ranks in [0, 3, 5] {
        let outcome = try workshop.run("sgm-train", ["sweep.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        #expect(outcome.status == 65, "\(outcome.errors)")
        #expect(outcome.messages == ["sgm-train: 2 of 4 cells failed; the others are done:"])
        #expect(
          outcome.errors.contains(": its network is trained by on-\(ranks)/cells/001_"), "\(outcome.errors)")
        #expect(try workshop.bytes("on-\(ranks)/table.txt") == workshop.bytes("on-0/table.txt"))
      }
    }
  }
}
