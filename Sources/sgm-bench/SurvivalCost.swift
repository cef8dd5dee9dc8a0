import CMachine
import Communication
import Configuration
import Files
import Foundation
import Runs

/// The parts of survival that a benchmark measures one by one.
enum SurvivalCost {
  /// How often a watchdog writes a heartbeat.
  static let beatsPerSecond = 4.0

  /// What each step does for its watchers: the step's number, its calls to other ranks, and a look at clock and signals.
  static func markStep() {
    sgm_pulse_step(1)
    RunStage.step.begin()
    for _ in 0..<3 {
      sgm_pulse_enter(MessageCall.exchange.rawValue)
      sgm_pulse_leave()
    }
    _ = clock.stop
  }

  /// One heartbeat, as a watchdog writes it, with the looks at the main thread between two.
  static func beat() {
    for _ in 0..<5 { _ = Pulse.now }
    let pulse = Pulse.now
    let line = Heartbeat(
      rank: 0, host: "host", process: 1, state: .running, step: pulse.step, stage: pulse.stage, call: pulse.call,
      isInside: pulse.isInside, calls: pulse.calls, time: Date().timeIntervalSince1970
    ).line
    unsafe _ = pwrite(file, line, line.count, 0)
  }

  private static let clock = StopClock(limit: 1e6)
  private static let file: Int32 = {
    let path = NSTemporaryDirectory() + "/sgm-beat-\(getpid())"
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    unsafe _ = unlink(path)
    return number
  }()
}
