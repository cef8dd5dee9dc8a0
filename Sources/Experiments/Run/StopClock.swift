internal import CMachine
internal import Foundation
internal import Training

/// When a run is to stop before its last step: on a signal, or when its time is over.
struct StopClock {
  private let deadline: Double?
  private let isSlurms: Bool

  /// - Parameters:
  ///   - limit: seconds that this process may train; the checkpoint comes after them.
  ///   - environment: where Slurm says when the job ends, in seconds since 1970. The run stops a minute before, or a
  ///     tenth of the time left at the start where that is less.
  ///   - now: seconds since 1970.
  init(limit: Double?, environment: [String: String], now: Double = Date().timeIntervalSince1970) {
    let slurm = environment["SLURM_JOB_END_TIME"].flatMap { Double($0) }.map { end -> Double in
      let left = max(end - now, 0)
      return left - min(60, 0.1 * left)
    }
    isSlurms = (slurm ?? .infinity) < (limit ?? .infinity)
    deadline = [limit, slurm].compactMap { $0 }.min().map { Stopwatch.now + $0 }
  }

  /// Why the run is to stop, or nil.
  var reason: String? {
    switch sgm_stop_signal() {
    case 0: break
    case SIGUSR1: return "SIGUSR1"
    case SIGTERM: return "SIGTERM"
    case SIGINT: return "Ctrl-C"
    case let other: return "signal \(other)"
    }
    guard let deadline, Stopwatch.now >= deadline else { return nil }
    return isSlurms ? "end of Slurm's time" : "--time-limit"
  }
}

/// Seconds of a span such as `90`, `90s`, `3h50m` or `1d2h`.
///
/// - Parameters:
///   - text: the span.
///   - option: the option, for the message.
///   - orZero: whether a span of nothing means something.
/// - Returns: seconds.
/// - Throws: `ExperimentError.usage` naming the option.
public func seconds(of text: String, option: String, orZero: Bool = false) throws -> Double {
  let wrong = ExperimentError.usage("\(option) \(text): a span such as 90s, 45m, 3h50m or 1d is expected")
  var total = 0.0
  var digits = ""
  var units = ["d": 86_400.0, "h": 3_600, "m": 60, "s": 1]
  for character in text {
    if character.isASCII, character.isNumber || character == "." {
      digits.append(character)
    } else {
      guard let number = Double(digits), let unit = units.removeValue(forKey: String(character)) else { throw wrong }
      total += number * unit
      digits = ""
    }
  }
  if !digits.isEmpty {
    guard let number = Double(digits), units.count == 4 else { throw wrong }
    total = number
  }
  guard total > 0 || orZero && !text.isEmpty, total < 1e9 else { throw wrong }
  return total
}
