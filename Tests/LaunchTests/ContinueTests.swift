import Foundation
import Testing

/// Checkpoints by time alone: the scheduled one is the last.
private let byTime = [
  "training.steps=4000", "training.held_out_every=0", "checkpoints.every=4000", "checkpoints.minutes=0.002",
].flatMap { ["--set", $0] }

extension Workshop {
  /// The object that `sgm-train --status RUN --json` prints.
  func status(_ run: String) throws -> [String: Any] {
    let outcome = try self.run("sgm-train", ["--status", run, "--json"])
    guard outcome.status == 0,
      let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    else { throw Failure("no status of \(run): \(outcome.output) \(outcome.errors)") }
    return json
  }
}

extension LaunchTests {
  @Suite struct ContinueTests {
    @Test("one command line starts a run, goes on with it to its end, and then has nothing to do")
    func continues() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("undisturbed")
      let words = ["small.yaml", "--continue", "--output", "run"]
      let first = try workshop.run("sgm-train", words + ["--time-limit", "0.001s"], ranks: 2)
      #expect(first.status == 75 && first.output.contains("from step 0"), "\(first.errors)")
      let stopped = try workshop.status("run")
      #expect(stopped["state"] as? String == "stopped" && stopped["cause"] as? String == "time-limit")
      #expect(stopped["exit_status"] as? Int == 75 && stopped["steps"] as? Int == 60)
      let second = try workshop.run("sgm-train", words, ranks: 3)
      #expect(second.status == 0 && !second.output.contains("from step 0"), "\(second.output) \(second.errors)")
      expectSame(try RunFiles(workshop, "run"), undisturbed, "in two slices")
      let third = try workshop.run("sgm-train", words, ranks: 2)
      #expect(third.status == 0 && third.output == "run is complete: run/report.html\n", "\(third.output)")
      let complete = try workshop.status("run")
      #expect(complete["state"] as? String == "complete" && complete["exit_status"] as? Int == 0)
      #expect(complete["samples"] as? String == "samples/step-000000060.npy")
      #expect(complete["report"] as? String == "report.html" && complete["ranks"] as? Int == 3)
      #expect((complete["hosts"] as? [String])?.count == 1)
    }

    @Test("--continue follows what may change in the file, and names what may not")
    func followsFile() throws {
      let workshop = try Workshop()
      _ = try workshop.train("run")
      let words = ["small.yaml", "--continue", "--output", "run"]
      try workshop.write(smallExperiment.replacingOccurrences(of: "steps: 60", with: "steps: 80"), to: "small.yaml")
      let longer = try workshop.run("sgm-train", words)
      #expect(longer.status == 0 && longer.output.contains("step 80/80"), "\(longer.output) \(longer.errors)")
      try workshop.write(smallExperiment.replacingOccurrences(of: "[40, 40]", with: "[40, 41]"), to: "small.yaml")
      let other = try workshop.run("sgm-train", words, ranks: 2)
      #expect(other.status == 78 && other.errors.contains("network.widths: cannot change on resume"), "\(other.errors)")
      let both = try workshop.run("sgm-train", words + ["--overwrite"])
      #expect(both.status == 64 && both.errors.contains("leave out --resume, --overwrite and --check"))
    }

    @Test("a sweep continues as well; a folder of another kind is refused")
    func sweeps() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment + "sweep: {seed: [1, 2]}\n", to: "sweep.yaml")
      let words = ["sweep.yaml", "--continue", "--output", "run"]
      let first = try workshop.run("sgm-train", words + ["--time-limit", "0.001s"])
      #expect(first.status == 75, "\(first.errors)")
      let second = try workshop.run("sgm-train", words, ranks: 2)
      #expect(second.status == 0 && second.output.contains("report: "), "\(second.errors)")
      let status = try workshop.status("run")
      #expect(status["state"] as? String == "complete" && (status["cells"] as? [Any])?.count == 2)
      try workshop.write(smallExperiment, to: "small.yaml")
      let other = try workshop.run("sgm-train", ["small.yaml", "--continue", "--output", "run"])
      #expect(other.status == 64 && other.errors.contains("run: is a sweep, but small.yaml has no sweep: table"))
    }

    @Test("checkpoints come by time as well, and the final bytes do not depend on them", .tags(.alone))
    func minutes() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let job = try Job("sgm-train", ["small.yaml", "--output", "run"] + byTime, ranks: 2, in: workshop)
      // Long before the first scheduled one.
      try job.wait(toSay: "step 4000/", orAnyFile: "run/checkpoints/latest")
      job.send(SIGKILL)
      _ = try job.outcome()
      let resumed = try workshop.run("sgm-train", ["--resume", "run"], ranks: 3)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(!resumed.output.contains("from step 0\n"), "\(resumed.output)")
      let whole = try workshop.run("sgm-train", ["small.yaml", "--output", "whole"] + byTime)
      #expect(whole.status == 0, "\(whole.errors)")
      expectSame(try RunFiles(workshop, "run", step: 4000), try RunFiles(workshop, "whole", step: 4000), "by time")
    }

    @Test(
      "Slurm's end is asked of squeue where no variable tells it; the run stops before, with status 75", .tags(.alone))
    func squeue() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let environment = try workshop.slurmJob(ending: 3)
      let outcome = try workshop.run(
        "sgm-train", ["small.yaml", "--output", "run", "--set", "training.steps=10000000"], ranks: 2,
        environment: environment)
      #expect(outcome.status == 75 && outcome.output.contains("by end of Slurm's time"), "\(outcome.errors)")
      #expect(try String(contentsOfFile: workshop.path + "/asked", encoding: .utf8) == "asked\n")
      #expect(try workshop.status("run")["cause"] as? String == "job-end")
    }

    @Test("launch/resilient.sh leaves a run to the next job when Slurm's time is over", .tags(.alone))
    func resilientInJob() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let environment = try workshop.slurmJob(ending: 4).merging(["SGM_TRAIN": programFolder() + "/sgm-train"]) { $1 }
      let outcome = try Job(
        repository + "/launch/resilient.sh",
        ["-np", "2", "--backoff", "0", "run", "small.yaml", "--set", "training.steps=10000000"], ranks: 0,
        environment: environment, in: workshop
      ).outcome(within: 120)
      #expect(outcome.status == 75, "\(outcome.errors)")
      #expect(
        outcome.errors.contains("resilient: stopped by end of Slurm's time; the next job goes on"), "\(outcome.errors)")
      #expect(try String(contentsOfFile: workshop.path + "/asked", encoding: .utf8) == "asked\n")
    }

    @Test("launch/resilient.sh uses the hosts that answer, and does not blame a run for a start that never reached it")
    func resilientHosts() throws {
      let workshop = try Workshop()
      let undisturbed = try workshop.train("undisturbed")
      // Hosts that are this one: what mpirun would run there by ssh runs here.
      try workshop.script("agent", "shift\nexec sh -c \"$*\"")
      try workshop.script("check", "[ \"$1\" != far2 ]")
      var environment = [
        "SGM_TRAIN": try programFolder() + "/sgm-train", "SGM_HOST_CHECK": workshop.path + "/check",
        "OMPI_MCA_plm_rsh_agent": workshop.path + "/agent",
      ]
      let words = ["-np", "2", "--backoff", "0", "--hosts", "far1:2,far2:2", "run", "small.yaml"]
      let one = try workshop.run(repository + "/launch/resilient.sh", words, environment: environment)
      #expect(one.status == 0, "\(one.errors)")
      #expect(one.errors.contains("resilient: far2 does not answer and is not used"), "\(one.errors)")
      expectSame(try RunFiles(workshop, "run"), undisturbed, "on the host that answers")
      // The heartbeat of an attempt long ago is no word on one that never began.
      try workshop.script("agent", "exit 255")
      try FileManager.default.createDirectory(atPath: workshop.path + "/run/ranks", withIntermediateDirectories: true)
      let beat =
        #"{"rank":0,"host":"far1","process":1,"state":"running","step":60,"stage":1,"call":"none","#
        + #""inside":false,"calls":1,"time":1.0}"#
      try workshop.write(beat + "\n", to: "run/ranks/rank-0000.json")
      environment["SGM_HOST_CHECK"] = "true"
      let never = try workshop.run(repository + "/launch/resilient.sh", words, environment: environment)
      #expect(never.status == 76, "\(never.errors)")
      #expect(never.errors.components(separatedBy: "before the run was in its folder").count == 4, "\(never.errors)")
      #expect(!never.errors.contains("died twice"), "\(never.errors)")
      environment["SGM_HOST_CHECK"] = "false"
      let none = try workshop.run(repository + "/launch/resilient.sh", words, environment: environment)
      #expect(none.status == 69 && none.errors.contains("resilient: no host is left"), "\(none.errors)")
    }

    @Test("launch/run.sh makes 76 of an mpirun that cannot start its ranks, and names a program that is not there")
    func launcherStatus() throws {
      let workshop = try Workshop()
      try workshop.script("agent", "exit 255")
      let script = repository + "/launch/run.sh"
      let train = try programFolder() + "/sgm-train"
      let lost = try workshop.run(
        script, ["-np", "2", "--host", "far1,far2", train, "--version"],
        environment: ["OMPI_MCA_plm_rsh_agent": workshop.path + "/agent"])
      #expect(lost.status == 76 && lost.errors.contains("run: mpirun ended with status "), "\(lost.errors)")
      let missing = try workshop.run(script, ["-np", "2", "no/such/program"])
      #expect(
        missing.status == 69
          && missing.errors == "run: no/such/program is no program; build it by launch/build.sh, or unpack the bundle\n"
      )
    }

    @Test("launch/run.sh ends an mpirun that still waits 15 s after its ranks, with status 76") func launcherHangs()
      throws
    {
      let workshop = try Workshop()
      // As one whose host vanished with an order on its way: the ranks here have ended, and it holds on. They live for 20 s, as
      // run.sh has to see them, and looks once a second of a machine that may be full of work.
      try workshop.script(
        "mpirun", "[ \"$1\" = --version ] || { \"$PWD/sgm-train\" 20 & sleep 1000 & wait; }")
      try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: workshop.path + "/sgm-train")
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let outcome = try workshop.run(
        repository + "/launch/run.sh", [workshop.path + "/sgm-train"], environment: ["PATH": workshop.path + ":" + path]
      )
      #expect(outcome.status == 76 && outcome.errors.contains("a host or its daemon was lost"), "\(outcome.errors)")
    }

    @Test("launch/run.sh keeps the run's own status where mpirun crashes after its ranks, and a crashed rank's is 139")
    func launcherCrashes() throws {
      let workshop = try Workshop()
      try workshop.script("mpirun", "[ \"$1\" = --version ] || { \"$PWD/sgm-train\" none.yaml; kill -SEGV $$; }")
      try FileManager.default.createSymbolicLink(
        atPath: workshop.path + "/sgm-train", withDestinationPath: try programFolder() + "/sgm-train")
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      func run() throws -> Int32 {
        try workshop.run(
          repository + "/launch/run.sh", [workshop.path + "/sgm-train"],
          environment: ["PATH": workshop.path + ":" + path]
        ).status
      }
      // Of a file that is not there.
      #expect(try run() == 66)
      try FileManager.default.removeItem(atPath: workshop.path + "/sgm-train")
      try workshop.script("sgm-train", "kill -SEGV $$")
      #expect(try run() == 139)
    }

    @Test("a run of another host is running while its lock moves, and died once it stands still", .tags(.alone))
    func otherHost() throws {
      let workshop = try Workshop()
      try workshop.write(smallExperiment, to: "small.yaml")
      let job = try Job(
        "sgm-train", ["small.yaml", "--output", "run", "--set", "training.steps=10000000"], ranks: 2, in: workshop)
      try job.wait(toSay: "step ")
      // As if its owner were on another machine: of this one the process alone would tell.
      let lock = try String(contentsOfFile: workshop.path + "/run/lock", encoding: .utf8)
      let machine = try #require(lock.firstMatch(of: /"machine":"[^"]*"/)).output
      try workshop.rewrite("run/lock", lock.replacing(machine, with: "\"machine\":\"elsewhere\""))
      let running = try workshop.run("sgm-train", ["--status", "run"])
      #expect(
        running.output.hasPrefix("running ") && running.output.contains("of 10000000, about "), "\(running.output)")
      let json = try workshop.status("run")
      #expect(json["state"] as? String == "running" && json["exit_status"] is NSNull)
      #expect((json["left_seconds"] as? Double ?? 0) > 0 && (json["heartbeats"] as? [Any])?.count == 2)
      job.send(SIGKILL)
      _ = try job.outcome()
      #expect(try workshop.run("sgm-train", ["--status", "run"]).output.hasPrefix("died "))
    }
  }
}

extension Workshop {
  /// A shell script in the workshop.
  func script(_ name: String, _ body: String) throws {
    try write("#!/bin/sh\n" + body + "\n", to: name)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/" + name)
  }

  /// The environment of a job of a Slurm that sets no variable for its end, `seconds` from now, but tells squeue.
  func slurmJob(ending seconds: Double) throws -> [String: String] {
    let format = DateFormatter()
    (format.dateFormat, format.timeZone) = ("yyyy-MM-dd'T'HH:mm:ss", TimeZone(identifier: "UTC"))
    let end = format.string(from: Date().addingTimeInterval(seconds))
    try script("squeue", "echo asked >> \(path)/asked\necho \(end)")
    let folders = path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    return ["PATH": folders, "SLURM_JOB_ID": "7"]
  }

  /// Writes into a file that others hold open or whose time they renew.
  fileprivate func rewrite(_ name: String, _ text: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path + "/" + name))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }
}
