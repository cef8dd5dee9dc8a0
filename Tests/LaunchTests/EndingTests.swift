import Foundation
import Testing

extension LaunchTests {
  @Suite(.tags(.alone)) struct EndingTests {
    @Test(
      "a signal ends sgm-sample, sgm-evaluate, sgm-theory and sgm-bench at once, with one line and nothing half written",
      arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU])
    func ends(signal: Int32) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let commands: [(program: String, words: [String])] = [
        (
          "sgm-sample",
          ["small.yaml", "--score", "exact", "--count", "100000000", "--steps", "1000", "--output", "s.npy"]
        ),
        (
          "sgm-sample",
          ["small.yaml", "--score", "exact", "--count", "100000000", "--steps", "1000", "--output", "s.csv"]
        ),
        (
          "sgm-evaluate",
          [
            "funnel", "--against", "funnel", "--set", "evaluation.count=1000000", "--set",
            "evaluation.directions=100000",
          ]
        ),
        ("sgm-theory", ["contract", "funnel", "--count", "1000000", "--steps", "100000"]),
        ("sgm-bench", ["--only", "distances"]),
      ]
      let jobs = try commands.map { try Job($0.program, $0.words, ranks: 0, in: workshop) }
      // Into the work: a handler is there before MPI starts, and all five start on the same cores.
      usleep(2_000_000)
      for job in jobs { job.send(signal) }
      for (job, (program, _)) in zip(jobs, commands) {
        let outcome = try job.outcome(within: 60)
        #expect(outcome.status == 128 + signal, "\(program): \(outcome.status) \(outcome.errors)")
        #expect(outcome.messages.count == 1, "\(program): \(outcome.errors)")
        #expect(outcome.errors.contains("\(program): ended by "), "\(program): \(outcome.errors)")
      }
      let left = try workshop.names(in: ".").filter { $0.hasSuffix(".partial") || $0.hasPrefix("s.") }
      #expect(left.isEmpty, "\(left)")
    }

    @Test(
      "a signal to mpirun ends sgm-sample on two ranks without a half file, with one line",
      arguments: [SIGINT, SIGTERM])
    func endsRanks(signal: Int32) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let words = ["small.yaml", "--score", "exact", "--count", "1000000", "--steps", "10000", "--output", "s.npy"]
      // mpirun kills a second after the signal. That is too soon for a rank that waits in the kernel for a busy disk: the
      // half file would stay until the next start removes it. So mpirun waits longer here.
      let environment = ["OMPI_MCA_odls_base_sigkill_timeout": "3"]
      let job = try Job("sgm-sample", words, ranks: 2, environment: environment, in: workshop)
      let begin = Date()
      while try !workshop.names(in: ".").contains(".s.npy.partial"), Date().timeIntervalSince(begin) < 60 {
        usleep(20_000)
      }
      // Into the work.
      usleep(500_000)
      job.send(signal)
      let outcome = try job.outcome(within: 60)
      #expect(outcome.status != 0 && outcome.messages.count == 1, "\(outcome.status) \(outcome.errors)")
      // mpirun does not wait for the ranks that it ends.
      let end = Date()
      while try workshop.names(in: ".").contains(where: { $0.contains("s.npy") }), Date().timeIntervalSince(end) < 10 {
        usleep(20_000)
      }
      #expect(try !workshop.names(in: ".").contains { $0.contains("s.npy") })
    }

    @Test(
      "signals by which terminals and batch systems end a job stop training with a checkpoint and status 75",
      arguments: [SIGHUP, SIGTERM, SIGINT, SIGUSR2, SIGXCPU])
    func stops(signal: Int32) throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let words = ["small.yaml", "--output", "run", "--set", "training.steps=100000"]
      let job = try Job("sgm-train", words, ranks: 0, in: workshop)
      try job.wait(toSay: "step 100/")
      job.send(signal)
      let outcome = try job.outcome()
      #expect(
        outcome.status == 75 && outcome.output.contains("go on with: sgm-train --resume run"), "\(outcome.output)")
      #expect(FileManager.default.fileExists(atPath: workshop.path + "/run/checkpoints/latest"))
    }

    @Test("SIGQUIT ends training at once, and an interrupted --check says that nothing was written")
    func quits() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let job = try Job(
        "sgm-train", ["small.yaml", "--output", "run", "--set", "training.steps=100000"], ranks: 0, in: workshop)
      try job.wait(toSay: "step 100/")
      job.send(SIGQUIT)
      #expect(try job.outcome(within: 60).status == SIGQUIT)
      // Steps of a second, so that the signal comes before the last.
      let words = ["small.yaml", "--check", "--set", "network.widths=[1024,1024]", "--set", "training.batch=8192"]
      let check = try Job("sgm-train", words, ranks: 0, in: workshop)
      usleep(700_000)
      check.send(SIGTERM)
      let outcome = try check.outcome(within: 60)
      #expect(outcome.status == 75 && outcome.errors.contains("nothing was written"), "\(outcome.errors)")
    }

    @Test("a hangup that nohup ignores stays ignored") func nohup() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let program = try programFolder() + "/sgm-train"
      let script = "trap '' HUP; exec \(program) small.yaml --output run --set training.steps=2000"
      let job = try Job("/bin/bash", ["-c", script], ranks: 0, in: workshop)
      try job.wait(toSay: "step 100/")
      job.send(SIGHUP)
      #expect(try job.outcome().status == 0)
    }

    @Test("distances are printed before pictures, which a gnuplot that hangs keeps waiting") func hang() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let gnuplot = workshop.path + "/gnuplot"
      try workshop.write("#!/bin/sh\nexec sleep 1000\n", to: "gnuplot")
      #expect(unsafe chmod(gnuplot, 0o755) == 0)
      let path = workshop.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
      let words = ["small.yaml", "--output", "run", "--set", "training.steps=5", "--set", "training.warmup_steps=0"]
      let begin = Date()
      let job = try Job("sgm-train", words, ranks: 0, environment: ["PATH": path], in: workshop)
      try job.wait(toSay: "sliced W2")
      // gnuplot is given up after 30 s.
      #expect(Date().timeIntervalSince(begin) < 25 && job.process.isRunning)
      // Kept right after they are printed, while gnuplot still hangs.
      let isKept = { FileManager.default.fileExists(atPath: workshop.path + "/run/judgements.jsonl") }
      while !isKept(), job.process.isRunning { usleep(10_000) }
      #expect(isKept() && job.process.isRunning)
      job.send(SIGKILL)
      _ = try job.outcome()
    }
  }
}
