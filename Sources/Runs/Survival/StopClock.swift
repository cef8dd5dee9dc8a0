internal import CMachine
internal import Foundation
internal import Training

/// Why a run stops before its last step.
package struct Stop: Sendable, Equatable {
  /// What scripts need to know.
  package enum Cause: String, Sendable {
    /// A signal: of a user, or of the batch system.
    case signal
    /// `--time-limit`.
    case timeLimit = "time-limit"
    /// The batch system's end of the job: to go on in the same job makes no sense.
    case jobEnd = "job-end"
    /// `--until`.
    case until
  }

  package var cause: Cause
  /// In words.
  package var reason: String
}

/// When a run is to stop before its last step: on a signal, or when its time is over.
package struct StopClock {
  private let deadline: Double?
  /// The batch system's name, where its end is the earlier one.
  private let scheduler: String?

  /// - Parameters:
  ///   - limit: seconds that this process may train; the checkpoint comes after them.
  ///   - jobEnd: when the batch system ends the job.
  package init(limit: Double?, jobEnd: JobEnd? = nil) {
    let limit = limit.map { Stopwatch.now + $0 }
    scheduler = (jobEnd?.stop ?? .infinity) < (limit ?? .infinity) ? jobEnd?.scheduler : nil
    deadline = [limit, jobEnd?.stop].compactMap { $0 }.min()
  }

  /// Why the run is to stop, or nil.
  package var stop: Stop? {
    if let signal = Self.signal { return Stop(cause: .signal, reason: signal) }
    guard let deadline, Stopwatch.now >= deadline else { return nil }
    guard let scheduler else { return Stop(cause: .timeLimit, reason: "--time-limit") }
    return Stop(cause: .jobEnd, reason: "end of \(scheduler)'s time")
  }

  private static var signal: String? {
    switch sgm_stop_signal() {
    case 0: nil
    case SIGUSR1: "SIGUSR1"
    case SIGUSR2: "SIGUSR2"
    case SIGHUP: "SIGHUP, a closed terminal"
    case SIGXCPU: "SIGXCPU, a limit of time"
    case SIGTERM: "SIGTERM"
    case SIGINT: "Ctrl-C"
    case let other: "signal \(other)"
    }
  }
}
