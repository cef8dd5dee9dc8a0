import Foundation
import Testing

extension LaunchTests {
  @Suite(.tags(.alone)) struct SignalTests {
    @Test(
      "SIGUSR1 ends a run with status 75 and a checkpoint, and resuming it leaves undisturbed bytes",
      arguments: [0, 3])
    func stop(ranks: Int) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      // Long enough for the signal to meet it.
      let steps = 4000
      let settings = ["training.steps=\(steps)", "training.held_out_every=100", "checkpoints.every=2000"]
      let words = settings.flatMap { ["--set", $0] }
      #expect(try workshop.run("sgm-train", ["small.yaml", "--output", "undisturbed"] + words, ranks: 2).status == 0)

      let job = try Job("sgm-train", ["small.yaml", "--output", "run"] + words, ranks: ranks, in: workshop)
      try job.wait(toSay: "step 100/")
      job.send(SIGUSR1)
      let outcome = try job.outcome()
      #expect(outcome.status == 75, "\(outcome.errors)")
      #expect(outcome.output.contains("go on with: sgm-train --resume run"))
      let latest = String(decoding: try workshop.bytes("run/checkpoints/latest"), as: UTF8.self)
      #expect(latest < "step-000004000")

      #expect(try workshop.run("sgm-train", ["--resume", "run"], ranks: 2).status == 0)
      expectSame(
        try RunFiles(workshop, "run", step: steps), try RunFiles(workshop, "undisturbed", step: steps),
        "\(ranks) ranks")
    }
  }
}
