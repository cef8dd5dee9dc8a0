internal import CMachine
internal import Foundation
internal import Training

/// When a run is to stop before its last step: on a signal, or when its time is over.
package struct StopClock {
  private let deadline: Double?
  private let isSlurms: Bool

  /// - Parameters:
  ///   - limit: seconds that this process may train; the checkpoint comes after them.
  ///   - environment: where Slurm says when the job ends, in seconds since 1970. The run stops a minute before, or a
  ///     tenth of the time left at the start where that is less.
  ///   - now: seconds since 1970.
  package init(limit: Double?, environment: [String: String], now: Double = Date().timeIntervalSince1970) {
    let slurm = environment["SLURM_JOB_END_TIME"].flatMap { Double($0) }.map { end -> Double in
      let left = max(end - now, 0)
      return left - min(60, 0.1 * left)
    }
    isSlurms = (slurm ?? .infinity) < (limit ?? .infinity)
    deadline = [limit, slurm].compactMap { $0 }.min().map { Stopwatch.now + $0 }
  }

  /// Why the run is to stop, or nil.
  package var reason: String? {
    switch sgm_stop_signal() {
    case 0: break
    case SIGUSR1: return "SIGUSR1"
    case SIGUSR2: return "SIGUSR2"
    case SIGHUP: return "SIGHUP, a closed terminal"
    case SIGXCPU: return "SIGXCPU, a limit of time"
    case SIGTERM: return "SIGTERM"
    case SIGINT: return "Ctrl-C"
    case let other: return "signal \(other)"
    }
    guard let deadline, Stopwatch.now >= deadline else { return nil }
    return isSlurms ? "end of Slurm's time" : "--time-limit"
  }
}
