internal import CMachine
internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Synchronization

/// A thread of each rank that makes no call to other ranks: it writes the rank's heartbeat, and ends the process when
/// the other ranks do not come.
package final class Watchdog: Sendable {
  /// What the thread is told.
  struct Plan: Sendable {
    package var folder: RunFolder
    package var rank: Int
    package var ranks: Int
    /// Seconds that one call to other ranks may take; 0 for any time.
    ///
    /// Ten times that outside of training steps, where one rank may have more to do than another.
    package var limit: Double
    /// Seconds that a rank's heartbeat may stand still after SIGTERM: then it is dead, and nobody need wait for it.
    var limitAfterTermination = 2.5
  }

  private static let tick = 0.05
  /// Seconds that the silent ranks leave to the one that speaks: the first to end takes the others with it.
  private static let courtesy = 1.0
  private let plan: Plan
  private let host = hostName()
  private let file: Int32
  private let stopped = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  private let isOver = Mutex(false)

  /// Starts the thread.
  init(_ plan: Plan) {
    self.plan = plan
    let path = plan.folder.heartbeat(rank: plan.rank)
    // A run goes on without its heartbeat: a full disk is no reason to end it.
    file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
    beat(.running, .now)
    let thread = Thread { [self] in watch() }
    thread.stackSize = 1 << 20
    thread.start()
  }

  deinit { if file >= 0 { close(file) } }

  /// Ends the thread; the heartbeat goes away, or keeps the error as this rank's last word.
  package func stop(failed: Bool = false) {
    let first = isOver.withLock { over in
      defer { over = true }
      return !over
    }
    guard first else { return }
    stopped.signal()
    ended.wait()
    if failed {
      beat(.failed, .now)
    } else {
      unsafe _ = unlink(plan.folder.heartbeat(rank: plan.rank))
    }
  }

  private func watch() {
    var (ticks, waited) = (0, 0.0)
    var last = Pulse.now
    var others = Vitality()
    var wasTerminated = false
    while stopped.wait(timeout: .now() + Self.tick) == .timedOut {
      ticks += 1
      let pulse = Pulse.now
      // Ticks, not times: a job that was suspended for an hour has not waited an hour.
      waited = pulse.isInside && pulse.calls == last.calls ? waited + Self.tick : 0
      let isTerminated = sgm_stop_signal() == SIGTERM
      if ticks % 5 == 0 || isTerminated != wasTerminated { beat(isTerminated ? .terminated : .running, pulse) }
      if isTerminated, waited > 0, ticks % 5 == 0 {
        others.look(at: Heartbeat.all(in: plan.folder), ranks: plan.ranks, after: 5 * Self.tick)
        if others.longestSilence > plan.limitAfterTermination { end(.terminated, pulse) }
      }
      let limit = plan.limit * (pulse.stage == .step ? 1 : 10)
      if limit > 0, waited > limit, report(pulse, after: waited) || waited > limit + Self.courtesy {
        end(.stalled, pulse)
      }
      (last, wasTerminated) = (pulse, isTerminated)
    }
    ended.signal()
  }

  private func end(_ state: Heartbeat.State, _ pulse: Pulse) -> Never {
    beat(state, pulse)
    sgm_end_now(ExitStatus.protocol.rawValue)
  }

  private func beat(_ state: Heartbeat.State, _ pulse: Pulse) {
    guard file >= 0 else { return }
    let line = Heartbeat(
      rank: plan.rank, host: host, process: Int(getpid()), state: state, step: pulse.step, stage: pulse.stage,
      call: pulse.call, isInside: pulse.isInside, calls: pulse.calls, time: Date().timeIntervalSince1970
    ).line
    unsafe _ = pwrite(file, line, line.count, 0)
    // Other machines see it now, not when a network file system gets round to it.
    if state != .running { fdatasync(file) }
  }

  /// The lowest waiting rank says who is missing; the others are silent.
  ///
  /// - Returns: whether this rank spoke.
  private func report(_ pulse: Pulse, after seconds: Double) -> Bool {
    let beats = Heartbeat.all(in: plan.folder)
    // Others gave up before; a rank that wakes up among the dead accuses nobody.
    guard !beats.contains(where: { $0.rank != plan.rank && $0.state == .stalled }) else { return false }
    let stall = Stall(beats, rank: plan.rank, ranks: plan.ranks, calls: pulse.calls, waited: seconds)
    guard stall.isSpeaker else { return false }
    writeText("sgm-train: \(printable(stall.words(after: seconds, pulse)))\n", to: STDERR_FILENO)
    return true
  }
}
