import Communication
import Foundation
import TestSupport
import Testing

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
    #expect(throws: ExperimentError.self) { try RunLock(run) }
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
    #expect {
      try RunLock(run, patience: 10)
    } throws: { error in
      "\(error)".contains("process 12 on far writes this run")
    }
    stop.signal()
    ended.wait()
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
    #expect(throws: ExperimentError.self) { try seconds(of: "", option: "--stall-limit", orZero: true) }
  }

  @Test("other texts are refused", arguments: ["", "h", "3x", "3h50", "-5", "1h1h", "0"])
  func refused(text: String) {
    #expect(throws: ExperimentError.usage("--time-limit \(text): a span such as 90s, 45m, 3h50m or 1d is expected")) {
      try seconds(of: text, option: "--time-limit")
    }
  }

  @Test("the earlier of the limit and Slurm's end counts, Slurm's less a tenth and at most a minute")
  func deadlines() {
    let slurm = { (end: Int) in ["SLURM_JOB_END_TIME": "\(end)"] }
    #expect(StopClock(limit: nil, environment: [:]).reason == nil)
    #expect(StopClock(limit: 1e-9, environment: slurm(2_000), now: 1_000).reason == "--time-limit")
    #expect(StopClock(limit: 50, environment: slurm(900), now: 1_000).reason == "end of Slurm's time")
    #expect(StopClock(limit: 50, environment: slurm(1_020), now: 1_000).reason == nil)
  }
}
