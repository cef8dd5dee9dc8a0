import Communication
import Foundation
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

private func beat(
  _ rank: Int, _ state: Heartbeat.State = .running, step: Int = 40, calls: Int = 100, inside: Bool = true,
  time: Double = 1
) -> Heartbeat {
  Heartbeat(
    rank: rank, host: "node\(rank)", process: 1000 + rank, state: state, step: step, stage: .step, call: .exchange,
    isInside: inside, calls: calls, time: time)
}

@Suite struct HeartbeatTests {
  @Test("a heartbeat reads back as it was written, in a line of fixed length")
  func roundTrip() {
    let written = beat(3, .terminated)
    #expect(written.line.count == Heartbeat.width && written.line.last == 0x0a)
    #expect(Heartbeat(line: String(decoding: written.line, as: UTF8.self)) == written)
    #expect(Heartbeat(line: "{\"rank\":3}") == nil)
  }

  @Test("the rank without a last word is the one that died; all of them together were killed with mpirun")
  func postMortem() throws {
    let one = try #require(PostMortem([beat(0, .terminated), beat(1, step: 39), beat(2, .terminated)]))
    #expect(one.culprits.map(\.rank) == [1] && !one.isWhole)
    #expect(
      one.line == "died 40 node1 the last attempt died: rank 1 on node1 died or stopped at step 39, in MPI_Waitall")
    let failed = try #require(PostMortem([beat(0, .terminated), beat(1, .failed)]))
    #expect(failed.culprits.map(\.rank) == [1])
    let all = try #require(PostMortem([beat(0), beat(1)]))
    #expect(all.line == "died 40 - the last attempt died at step 40 on all 2 ranks at once")
    #expect(PostMortem([]) == nil)
  }

  @Test("a stall names who has arrived, who has not and where those are; the lowest of the waiting speaks")
  func stall() {
    // Rank 1 is a call ahead: it needed nothing of rank 2 in the one where rank 0 waits.
    let beats = [beat(0), beat(1, calls: 101), beat(2, step: 39, calls: 97, inside: false)]
    let stall = Stall(beats, rank: 0, ranks: 4, calls: 100, waited: 600)
    #expect(stall.isSpeaker && !Stall(beats, rank: 1, ranks: 4, calls: 101, waited: 600).isSpeaker)
    let silent = Stall([beat(0, time: 700), beat(1, time: 90)], rank: 0, ranks: 2, calls: 100, waited: 600)
    #expect(silent.missing.map(\.rank) == [1])
    let pulse = Pulse(step: 40, calls: 100, call: .exchange, isInside: true, stage: .step)
    #expect(
      stall.words(after: 600, pulse)
        == "step 40: no answer for 600 s in MPI_Waitall of a step: ranks 0, 1 have arrived; rank 2 on node2 has not, it "
        + "was last at step 39, computing after MPI_Waitall; rank 3 left no sign. The job ends; resume it from its last "
        + "checkpoint, without that host if it happens again")
  }

  @Test("silence is measured from when a heartbeat stands still, missing ones included")
  func vitality() {
    var vitality = Vitality()
    for time in [1.0, 2, 3] {
      vitality.look(at: [beat(0, time: time), beat(1, time: 7)], ranks: 2, after: 0.5)
    }
    #expect(vitality.longestSilence == 1)
    vitality.look(at: [beat(0, time: 4), beat(1, time: 8)], ranks: 2, after: 0.5)
    #expect(vitality.longestSilence == 0)
  }
}

@Suite struct RunLockTests {
  @Test("a lock keeps others out while its process lives, and goes with it")
  func held() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    let lock = try RunLock(run)
    #expect(throws: ToolError.self) { try RunLock(run) }
    #expect(RunLock.holder(of: run) != nil)
    lock.release()
    #expect(!FileManager.default.fileExists(atPath: run.lock))
    try RunLock(run).release()
  }

  @Test("another machine's lock is stale when its time stands still, and alive when it moves")
  func otherMachine() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    let foreign = #"{"host":"far","machine":"another boot","process":12,"started":"5"}"# + "\n"
    try foreign.write(toFile: run.lock, atomically: true, encoding: .utf8)
    let (stop, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let renewing = Thread {
      while stop.wait(timeout: .now() + 0.05) == .timedOut { unsafe _ = utimes(run.lock, nil) }
      ended.signal()
    }
    renewing.start()
    // Who only asks, on a third host, sees the same.
    #expect(RunLock.holder(of: run, patience: 10) == "process 12 on far")
    #expect {
      try RunLock(run, patience: 10)
    } throws: { error in
      "\(error)".contains("process 12 on far writes this run")
    }
    stop.signal()
    ended.wait()
    #expect(RunLock.holder(of: run, patience: 0.5) == nil)
    let lock = try RunLock(run, patience: 0.5)
    #expect(try String(contentsOfFile: run.lock, encoding: .utf8).contains("\(getpid())"))
    lock.release()
  }
}

@Suite struct StopClockTests {
  @Test(
    "spans of time are read as people write them",
    arguments: [("90", 90.0), ("90s", 90), ("3h50m", 13_800), ("1d2h", 93_600), ("0.5s", 0.5)])
  func spans(text: String, expected: Double) throws {
    #expect(try seconds(of: text, option: "--time-limit") == expected)
  }

  @Test("where nothing means for ever, zero is a span in any unit", arguments: ["0", "0s", "0h0m"])
  func zero(text: String) throws {
    #expect(try seconds(of: text, option: "--stall-limit", orZero: true) == 0)
    #expect(throws: ToolError.self) { try seconds(of: "", option: "--stall-limit", orZero: true) }
  }

  @Test("other texts are refused", arguments: ["", "h", "3x", "3h50", "-5", "1h1h", "0"])
  func refused(text: String) {
    #expect(throws: ToolError.usage("--time-limit \(text): a span such as 90s, 45m, 3h50m or 1d is expected")) {
      try seconds(of: text, option: "--time-limit")
    }
  }

  @Test("the earlier of the limit and the job's end counts, the latter less a tenth and at most a minute")
  func deadlines() {
    let slurm = { (left: Double) in JobEnd(scheduler: "Slurm", left: left) }
    #expect(StopClock(limit: nil).stop == nil)
    #expect(StopClock(limit: 1e-9, jobEnd: slurm(1_000)).stop == Stop(cause: .timeLimit, reason: "--time-limit"))
    #expect(StopClock(limit: 50, jobEnd: slurm(-100)).stop == Stop(cause: .jobEnd, reason: "end of Slurm's time"))
    #expect(StopClock(limit: 50, jobEnd: slurm(20)).stop == nil)
    // 54 s of 60, 540 s of 600, all but a minute of more.
    for (left, stop) in [(60.0, 54.0), (600, 540), (7_200, 7_140)] {
      #expect(abs(slurm(left).stop - Stopwatch.now - stop) < 0.1)
    }
  }
}

@Suite struct JobEndTests {
  /// 29 November 2026, 08:00:00 in universal time.
  private static let now = 1_795_939_200.0

  /// Puts scripts for the schedulers' commands on the path; each notes how it was called.
  private func answer(_ scripts: [String: String], _ job: [String: String]) throws -> (JobEnd.Answer, calls: String) {
    let folder = try TemporaryFolder()
    for (name, body) in scripts {
      let script = "#!/bin/sh\necho \(name) \"$@\" TZ=$TZ >> \(folder.path)/calls\n\(body)\n"
      try writeProgram(script, to: "\(folder.path)/\(name)")
    }
    let found = JobEnd.answer(
      environment: job.merging(["PATH": "\(folder.path):/usr/bin:/bin"]) { $1 }, now: Self.now)
    return (found, (try? String(contentsOfFile: folder.path + "/calls", encoding: .utf8)) ?? "")
  }

  @Test("Slurm's variable counts; without it squeue is asked once, and scontrol where squeue does not know")
  func slurm() throws {
    let hour = JobEnd.Answer.left(scheduler: "Slurm", seconds: 3_600)
    let variable = try answer([:], ["SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": "1795942800"])
    #expect(variable.0 == hour && variable.calls.isEmpty)
    let asked = try answer(["squeue": "echo 2026-11-29T09:00:00"], ["SLURM_JOB_ID": "7"])
    #expect(asked.0 == hour && asked.calls == "squeue -h -j 7 -o %e TZ=UTC0\n")
    let details = "echo '   StartTime=2026-11-29T07:00:00 EndTime=2026-11-29T09:00:00 Deadline=N/A'"
    let second = try answer(["squeue": "exit 1", "scontrol": details], ["SLURM_JOB_ID": "7"])
    #expect(second.0 == hour && second.calls.contains("scontrol show job 7"))
    #expect(try answer(["squeue": "echo NONE"], ["SLURM_JOB_ID": "7"]).0 == .none)
    guard case .unknown(let reason) = try answer([:], ["SLURM_JOB_ID": "7"]).0 else {
      Issue.record("no squeue, yet an answer")
      return
    }
    #expect(reason == "squeue did not say when this job ends: the run cannot stop before; give --time-limit")
  }

  @Test("PBS: the start and the wall time, of OpenPBS and of Torque; a job without wall time has no end")
  func pbs() throws {
    let job = ["PBS_JOBID": "12.head"]
    func end(_ lines: String) throws -> JobEnd.Answer {
      try answer(["qstat": "cat << 'TEXT'\n\(lines)\nTEXT"], job).0
    }
    let hour = JobEnd.Answer.left(scheduler: "PBS", seconds: 3_600)
    let walltime = "    Resource_List.walltime = 02:00:00"
    #expect(try end("Job Id: 12.head\n\(walltime)\n    stime = Sun Nov 29 07:00:00 2026") == hour)
    #expect(try end("\(walltime)\n    start_time = Sun Nov 29 07:00:00 2026\n    Walltime.Remaining = 9") == hour)
    #expect(try end("\(walltime)\n    Walltime.Remaining = 3600") == hour)
    #expect(try end("Job Id: 12.head\n    stime = Sun Nov 29 07:00:00 2026") == .none)
    #expect(try answer(["qstat": "exit 1"], job).0 != .none)
  }

  @Test("LSF: the run limit's end, without a year the nearest; a guess of LSF is none")
  func lsf() throws {
    func end(_ text: String, _ more: [String: String] = [:]) throws -> (JobEnd.Answer, calls: String) {
      try answer(["bjobs": "echo '\(text)'"], more.merging(["LSB_JOBID": "5"]) { $1 })
    }
    let hour = JobEnd.Answer.left(scheduler: "LSF", seconds: 3_600)
    #expect(try end("Nov 29 09:00 L").0 == hour)
    #expect(try end("Nov 29 09:00:00 2026 L").0 == hour)
    #expect(try end("Nov 29 09:00 L", ["LSB_JOBINDEX": "3"]).calls.contains("finish_time 5[3] "))
    #expect(try end("-").0 == .none)
    let newYear = try #require(JobEnd.lsfEnd("Jan 1 00:30 L", now: 1_798_759_800))
    // Half past eleven on New Year's Eve 2026.
    #expect(newYear == 1_798_759_800 + 3_600)
    guard case .unknown = try end("Nov 29 09:00 E").0 else {
      Issue.record("a guess was taken for a limit")
      return
    }
  }

  @Test("without a batch system nobody is asked, and a command that hangs is given up")
  func patience() throws {
    #expect(try answer(["squeue": "exit 0"], [:]) == (.none, ""))
    let folder = try TemporaryFolder()
    let script = folder.path + "/hangs"
    try writeProgram("#!/bin/sh\nexec sleep 60\n", to: script)
    let begin = Date()
    #expect(commandOutput(["hangs"], ["PATH": "\(folder.path):/bin"], patience: 0.3) == nil)
    #expect(Date().timeIntervalSince(begin) < 5)
  }
}
