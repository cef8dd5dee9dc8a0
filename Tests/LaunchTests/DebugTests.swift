import Foundation
import Testing

extension LaunchTests {
  @Suite struct DebugTests {
    private static let words = [
      "small.yaml", "--output", "run", "--set", "checkpoints.every=10", "--set", "checkpoints.keep_every=10",
    ]

    @Test("hashes that 4 ranks record at a step are those of its replay on one process")
    func replay() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let cluster = try workshop.run("sgm-train", Self.words + ["--hashes-at", "17"], ranks: 4)
      #expect(cluster.status == 0, "\(cluster.errors)")
      let name = "run/debug/step-000000017.json"
      let recorded = try workshop.bytes(name)
      let replay = try workshop.run("sgm-train", ["--resume", "run", "--debug", "--until", "17"])
      #expect(replay.status == 0, "\(replay.errors)")
      #expect(replay.output.contains("of 16 shards, as recorded\n"))
      let isSame = try workshop.bytes(name) == recorded
      #expect(isSame)
      #expect(try workshop.names(in: "run/debug").count == 7)
    }

    @Test("debug mode on several ranks is refused once, with the status of a wrong command line")
    func severalRanks() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let outcome = try workshop.run("sgm-train", ["small.yaml", "--debug"], ranks: 3)
      #expect(outcome.status == 64)
      #expect(
        outcome.messages == [
          "sgm-train: --debug is for one process, but mpirun started 3: leave mpirun out; --hashes-at STEP records a "
            + "step's hashes on any number of ranks"
        ])
    }
  }
}
