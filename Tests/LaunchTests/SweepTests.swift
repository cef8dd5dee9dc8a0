import Foundation
import Testing

extension LaunchTests {
  @Suite struct SweepTests {
    private static let table = "sweep: {process.epsilon: [0, 0.25], process.a: [0.5, 1, 2], seed: [1, 2]}\n"

    /// A folder with the sweep's file, and what 1 rank without interruption leaves of it.
    private func workshop(steps: Int) throws -> (Workshop, table: Data, lines: Data) {
      let workshop = try Workshop()
      let text = smallExperiment.replacingOccurrences(of: "steps: 60", with: "steps: \(steps)")
      try workshop.write(text.replacingOccurrences(of: ", epsilon: 0.25", with: "") + Self.table, to: "sweep.yaml")
      let alone = try workshop.run("sgm-train", ["sweep.yaml", "--output", "alone"])
      try #require(alone.status == 0, "\(alone.errors)")
      #expect(alone.output.contains("sweep of 12 cells, 12 to run, in 1 group of ranks"))
      return (workshop, try workshop.bytes("alone/table.txt"), try workshop.bytes("alone/table.jsonl"))
    }

    @Test("a 2 × 3 × 2 sweep leaves the same table and cells on 4 and 5 ranks as alone")
    func ranks() throws {
      let (workshop, table, lines) = try workshop(steps: 60)
      for ranks in [4, 5] {
        let outcome = try workshop.run("sgm-train", ["sweep.yaml", "--output", "on-\(ranks)"], ranks: ranks)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(try workshop.bytes("on-\(ranks)/table.txt") == table)
        #expect(try workshop.bytes("on-\(ranks)/table.jsonl") == lines)
        let cells = try workshop.names(in: "on-\(ranks)/cells")
        #expect(try cells.count == 12 && cells == workshop.names(in: "alone/cells"))
        for cell in [cells[0], cells[7]] {
          let files = try RunFiles(workshop, "on-\(ranks)/cells/\(cell)")
          expectSame(files, try RunFiles(workshop, "alone/cells/\(cell)"), "\(cell)")
        }
      }
      #expect(String(decoding: table, as: UTF8.self).contains("process.epsilon  process.a  sliced W2"))
      // Three figures (two distances, the held-out loss) of six combinations.
      #expect(lines.count(where: { $0 == 10 }) >= 18)
      let page = String(decoding: try workshop.bytes("alone/report.html"), as: UTF8.self)
      #expect(page.contains("sweep") && page.utf8.count < 5_000_000)
    }

    @Test("a sweep with a rank killed half-way and resumed leaves the table of an uninterrupted one", .tags(.alone))
    func killed() throws {
      let (workshop, table, lines) = try workshop(steps: 1200)
      let job = try Job("sgm-train", ["sweep.yaml", "--output", "run"], ranks: 4, in: workshop)
      // Four cells run at a time: the fifth has followed one that is finished.
      try job.wait(toSay: "evaluations each, in", times: 5)
      let ranks = job.children
      kill(try #require(ranks.last), SIGKILL)
      #expect(try job.outcome().status != 0)
      // mpirun does not wait for the ranks that it kills, and one of them holds the lock.
      for rank in ranks { #expect(!isAlive(rank), "\(rank) is still there") }
      #expect(throws: (any Error).self) { try workshop.bytes("run/table.txt") }
      // A rank that dies between two cells leaves no heartbeat: then the sweep has stopped.
      let state = try workshop.run("sgm-train", ["--status", "run"]).output
      #expect(state.hasPrefix("died ") || state.hasPrefix("stopped "), "\(state)")
      let resumed = try workshop.run("sgm-train", ["--resume", "run"], ranks: 3)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(!resumed.output.contains("12 to run"), "finished cells are not run again")
      #expect(try workshop.bytes("run/table.txt") == table)
      #expect(try workshop.bytes("run/table.jsonl") == lines)
      let status = try workshop.run("sgm-train", ["--status", "run"]).output
      #expect(status == "complete 14400\n", "\(status)")
    }

    @Test("SIGUSR1 ends a sweep with status 75, and a finished one has nothing left to run", .tags(.alone))
    func stopped() throws {
      let (workshop, table, _) = try workshop(steps: 400)
      let job = try Job("sgm-train", ["sweep.yaml", "--output", "run"], ranks: 2, in: workshop)
      try job.wait(toSay: "evaluations each, in")
      job.send(SIGUSR1)
      let outcome = try job.outcome()
      #expect(outcome.status == 75, "\(outcome.errors)")
      #expect(outcome.output.contains("go on with: sgm-train --resume run"))
      #expect(try workshop.run("sgm-train", ["--resume", "run"], ranks: 2).status == 0)
      #expect(try workshop.bytes("run/table.txt") == table)
      let again = try workshop.run("sgm-train", ["--resume", "run"])
      #expect(again.status == 0 && again.output.contains("12 cells, 0 to run"))
    }

    @Test("a cell that fails leaves the others to run, and is named at the end with its status", arguments: [0, 3])
    func failing(ranks: Int) throws {
      let workshop = try Workshop()
      let text = smallExperiment.replacingOccurrences(of: "training: {", with: "training: {clip_norm: 0, ")
      try workshop.write(text + "sweep: {training.learning_rate: [1e-3, 1e30, 2e-3]}\n", to: "sweep.yaml")
      let words = ["sweep.yaml", "--output", "run"]
      let outcome = try workshop.run("sgm-train", words, ranks: ranks)
      #expect(outcome.status == 65, "\(outcome.errors)")
      #expect(outcome.messages == ["sgm-train: 1 of 3 cells failed; the others are done:"])
      #expect(outcome.errors.contains("cells/002_") && outcome.errors.contains("not finite"))
      let table = String(decoding: try workshop.bytes("run/table.txt"), as: UTF8.self)
      #expect(table.contains("0 of 1") && table.contains("0.002"))
      let resumed = try workshop.run("sgm-train", ["--resume", "run"], ranks: ranks)
      #expect(resumed.status == 65 && resumed.output.contains("3 cells, 1 to run"), "\(resumed.errors)")
      for (program, words) in [("sgm-sample", ["run"]), ("sgm-evaluate", ["run"]), ("sgm-theory", ["errors", "run"])] {
        let refused = try workshop.run(program, words, ranks: ranks)
        #expect(refused.status == 64 && refused.messages.count == 1, "\(program): \(refused.errors)")
        #expect(
          refused.errors.contains("run: is a sweep; name one of its cells, such as run/cells/001_"), "\(refused.errors)"
        )
      }
    }
  }
}

extension Job {
  /// The processes that this one has started: mpirun's ranks.
  var children: [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().filter { number in
      let text = (try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)) ?? ""
      // The name in brackets may hold blanks; state and parent follow it.
      return text.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(process.processIdentifier)"
    }
  }
}
