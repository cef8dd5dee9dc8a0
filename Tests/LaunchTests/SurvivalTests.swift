import Foundation
import Testing

/// A run that lasts some seconds, with checkpoints on the way.
private let longer = [
  "training.steps=4000", "training.held_out_every=100", "checkpoints.every=500", "training.audit_every=250",
].flatMap { ["--set", $0] }

/// Whether a process still runs after 10 s: the kernel ends the last ranks a little after mpirun.
///
/// What is left of one until its parent asks does not run.
func isAlive(_ process: Int32) -> Bool {
  for _ in 0..<1_000 {
    guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), !line.contains(") Z") else {
      return false
    }
    usleep(10_000)
  }
  return true
}

extension Workshop {
  fileprivate func begin(
    _ run: String, ranks: Int, options: [String] = [], launcher: [String] = []
  ) throws -> Job {
    try write(smallExperiment, to: "small.yaml")
    return try Job(
      "sgm-train", ["small.yaml", "--output", run] + longer + options, ranks: ranks, launcher: launcher, in: self)
  }

  /// Process numbers of the run's ranks, by rank, from their heartbeats.
  fileprivate func processes(of run: String) -> [Int32] {
    let folder = path + "/\(run)/ranks"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
    return names.compactMap { name in
      let json = (try? Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
        .flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }
      return (json?["process"] as? Int).map { Int32($0) }
    }
  }

  /// Resumes a run and compares it with one that nothing disturbed.
  fileprivate func expectUndisturbed(_ run: String, ranks: Int) throws -> Outcome {
    let resumed = try self.run("sgm-train", ["--resume", run], ranks: ranks)
    #expect(resumed.status == 0, "\(resumed.errors)")
    expectSame(try RunFiles(self, run, step: 4000), try undisturbed.get(), "\(run)")
    return resumed
  }
}

/// What the longer run leaves that nothing disturbs; whoever needs it first makes it.
private let undisturbed = Result {
  let workshop = try Workshop()
  let whole = try workshop.begin("whole", ranks: 2).outcome()
  try #require(whole.status == 0, "\(whole.errors)")
  return try RunFiles(workshop, "whole", step: 4000)
}

extension LaunchTests {
  @Suite struct SurvivalTests {
    @Test(
      "a killed rank ends all within 10 s; resuming names rank and step, and leaves undisturbed bytes", .tags(.alone))
    func killedRank() throws {
      let workshop = try Workshop()
      let job = try workshop.begin("run", ranks: 3, launcher: ["--mca", "odls_base_sigkill_timeout", "1"])
      try job.wait(toSay: "step 700/")
      let processes = workshop.processes(of: "run")
      try #require(processes.count == 3)
      kill(processes[1], SIGKILL)
      let begin = Date()
      let outcome = try job.outcome()
      #expect(Date().timeIntervalSince(begin) < 10)
      #expect(outcome.status != 0)
      for process in processes { #expect(!isAlive(process), "\(process) is still there") }
      let status = try workshop.run("sgm-train", ["--status", "run"])
      #expect(status.output.hasPrefix("died "))
      #expect(status.output.contains("rank 1 on "), "\(status.output)")
      let resumed = try workshop.expectUndisturbed("run", ranks: 2)
      #expect(resumed.output.contains("the last attempt died: rank 1 on "), "\(resumed.output)")
      #expect(try !workshop.names(in: "run").contains { ["ranks", "lock"].contains($0) })
    }

    @Test("no rank outlives a killed mpirun, and the run goes on from its last checkpoint", .tags(.alone))
    func killedLauncher() throws {
      let workshop = try Workshop()
      let job = try workshop.begin("run", ranks: 2)
      try job.wait(toSay: "step 700/")
      let processes = workshop.processes(of: "run")
      try #require(processes.count == 2)
      job.send(SIGKILL)
      _ = try job.outcome()
      for process in processes { #expect(!isAlive(process), "\(process) is still there") }
      let resumed = try workshop.expectUndisturbed("run", ranks: 3)
      #expect(resumed.output.contains("on all 2 ranks at once"), "\(resumed.output)")
    }

    @Test("a stopped rank is named by the watchdog, which ends the job with status 76", .tags(.alone))
    func stall() throws {
      let workshop = try Workshop()
      let job = try workshop.begin("run", ranks: 3, options: ["--stall-limit", "4s"])
      try job.wait(toSay: "step 700/")
      let processes = workshop.processes(of: "run")
      try #require(processes.count == 3)
      kill(processes[2], SIGSTOP)
      let outcome = try job.outcome()
      #expect(outcome.status == 76, "\(outcome.errors)")
      #expect(outcome.errors.contains("ranks 0, 1 have arrived; rank 2 on "), "\(outcome.errors)")
      #expect(outcome.messages.count == 1, "\(outcome.errors)")
      for process in processes { #expect(!isAlive(process), "\(process) is still there") }
    }

    @Test("--time-limit ends a run with status 75 and a checkpoint, and Slurm's end time does so", .tags(.alone))
    func timeLimit() throws {
      let workshop = try Workshop()
      // Both limits are over long before 4,000 steps can be done, however fast the machine: with half a second for the
      // first and a whole one for the second, a fast machine came to the end of the run.
      let limited = try workshop.begin("run", ranks: 2, options: ["--time-limit", "0.01s"]).outcome()
      #expect(limited.status == 75, "\(limited.errors)")
      #expect(limited.output.contains("by --time-limit; go on with: sgm-train --resume run"))
      let end = String(Int(Date().timeIntervalSince1970))
      let slurm = try workshop.run("sgm-train", ["--resume", "run"], environment: ["SLURM_JOB_END_TIME": end])
      #expect(slurm.status == 75 && slurm.output.contains("by end of Slurm's time"), "\(slurm.output)")
      _ = try workshop.expectUndisturbed("run", ranks: 3)
    }

    @Test("a run that died before its first checkpoint begins again when resumed")
    func noCheckpoint() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("undisturbed")
      _ = try workshop.train("run")
      for name in try workshop.names(in: "run/checkpoints") {
        try FileManager.default.removeItem(atPath: workshop.path + "/run/checkpoints/" + name)
      }
      let outcome = try workshop.run("sgm-train", ["--resume", "run"], ranks: 2)
      #expect(outcome.status == 0 && outcome.output.contains("no checkpoint yet"), "\(outcome.errors)")
      expectSame(try RunFiles(workshop, "run"), undisturbed, "begun again")
    }

    @Test("a damaged newest checkpoint is named and the one before it used")
    func damaged() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("run")
      try FileManager.default.removeItem(atPath: workshop.path + "/run/report.html")
      let path = workshop.path + "/run/checkpoints/step-000000060.safetensors"
      var bytes = try workshop.bytes("run/checkpoints/step-000000060.safetensors")
      bytes[bytes.count / 2] ^= 4
      try bytes.write(to: URL(fileURLWithPath: path))
      let report = try workshop.run("sgm-report", ["run"])
      #expect(report.status == 0 && report.errors.contains("going back to "), "\(report.errors)")
      #expect(FileManager.default.fileExists(atPath: workshop.path + "/run/report.html"))
      try workshop.write("half", to: "run/checkpoints/.step-000000080.safetensors.partial")
      try workshop.write("half", to: "run/samples/.step-000000060.npy.partial")
      let outcome = try workshop.run("sgm-train", ["--resume", "run"], ranks: 2)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("step-000000060.safetensors: is damaged"), "\(outcome.errors)")
      #expect(outcome.errors.contains("going back to run/checkpoints/step-000000040.safetensors"))
      expectSame(try RunFiles(workshop, "run"), undisturbed, "from the one before")
      let left = try ["checkpoints", "samples"].flatMap { try workshop.names(in: "run/" + $0) }
      #expect(!left.contains { $0.hasSuffix(".partial") })
      let all = try workshop.names(in: "run/checkpoints").filter { $0.hasSuffix(".safetensors") }
      for name in all { try workshop.write("no tensors", to: "run/checkpoints/" + name) }
      let none = try workshop.run("sgm-train", ["--resume", "run"], ranks: 2)
      #expect(none.status == 65 && none.messages.count == 1, "\(none.errors)")
      #expect(none.errors.components(separatedBy: "is not a safetensors file").count == all.count + 1, "\(none.errors)")
      #expect(none.errors.components(separatedBy: "; going back to ").count == all.count, "\(none.errors)")
      #expect(none.errors.contains("sgm-train: run: none of its \(all.count) checkpoints can be used, "))
    }

    @Test("two jobs cannot write one folder; the lock of a dead one is no hindrance", .tags(.alone))
    func lock() throws {
      let workshop = try Workshop()
      let job = try workshop.begin("run", ranks: 2, options: ["--set", "training.steps=100000"])
      try job.wait(toSay: "step 100/")
      for words in [["--resume", "run"], ["small.yaml", "--output", "run", "--overwrite"]] {
        let second = try workshop.run("sgm-train", words)
        #expect(second.status == 73, "\(second.errors)")
        #expect(second.errors.contains("run/lock: exists already; process "), "\(second.errors)")
      }
      job.send(SIGUSR1)
      #expect(try job.outcome().status == 75)
      // As a process left it that died, of a number that another one has by now.
      let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8).prefix(36)
      let space = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
      try workshop.write(
        #"{"host":"x","machine":"\#(boot) \#(space)","process":1,"started":"never"}"# + "\n", to: "run/lock")
      #expect(try workshop.run("sgm-train", ["--resume", "run", "--time-limit", "1s"]).status == 75)
    }

    @Test("launch/run.sh turns Ctrl-C into a stop with status 75, and a second one into an end at once", .tags(.alone))
    func interrupts() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let script = repository + "/launch/run.sh"
      let train = try programFolder() + "/sgm-train"
      func begin(_ run: String) throws -> Job {
        let job = try Job(
          script, ["-np", "2", train, "small.yaml", "--output", run] + longer, ranks: 0, in: workshop)
        try job.wait(toSay: "step 500/")
        return job
      }
      let once = try begin("once")
      once.send(SIGINT)
      let stopped = try once.outcome()
      #expect(stopped.status == 75 && stopped.output.contains("stopped at step"), "\(stopped.errors)")
      _ = try workshop.expectUndisturbed("once", ranks: 3)

      let twice = try begin("twice")
      // Stopped ranks cannot stop in good order.
      let processes = workshop.processes(of: "twice")
      try #require(processes.count == 2)
      for process in processes { kill(process, SIGSTOP) }
      twice.send(SIGINT)
      // Two signals that come together are one.
      try twice.wait(toSay: "Ctrl-C once more")
      twice.send(SIGINT)
      // Of SIGKILL: mpirun itself would have waited for the ranks, and left a status of its own.
      #expect(try twice.outcome().status == 137)
      for process in processes { #expect(!isAlive(process), "\(process) is still there") }
      let usage = try workshop.run(script, ["-np", "two", train])
      #expect(usage.status == 64 && usage.errors.contains("-np two: a number of ranks is expected"))
    }

    @Test("launch/resilient.sh starts a run again whose rank was killed, until it is complete", .tags(.alone))
    func resilient() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let job = try Job(
        repository + "/launch/resilient.sh", ["-np", "2", "--backoff", "0", "run", "small.yaml"] + longer, ranks: 0,
        environment: ["SGM_TRAIN": programFolder() + "/sgm-train"], in: workshop)
      try job.wait(toSay: "step 700/")
      let processes = workshop.processes(of: "run")
      try #require(processes.count == 2)
      kill(processes[0], SIGKILL)
      let outcome = try job.outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("resilient: status 137: the last attempt died: rank 0 on "), "\(outcome.errors)")
      _ = try workshop.expectUndisturbed("run", ranks: 1)
    }
  }
}
