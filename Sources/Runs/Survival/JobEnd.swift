internal import Communication
internal import Files
internal import Foundation
internal import Training

/// When the batch system ends this job.
///
/// Slurm says so in `SLURM_JOB_END_TIME`, or where it does not set that (22.05, for one) by `squeue`; PBS by `qstat -f`,
/// LSF by `bjobs`.
package struct JobEnd: Sendable, Equatable {
  /// Slurm, PBS or LSF.
  package let scheduler: String
  /// The moment at which to stop, of ``Stopwatch``: a minute before the end, or a tenth of the time left at the start
  /// where that is less.
  package let stop: Double

  /// - Parameters:
  ///   - scheduler: its name.
  ///   - left: seconds from now to the end of the job.
  package init(scheduler: String, left: Double) {
    self.scheduler = scheduler
    stop = Self.moment(before: max(left, 0))
  }

  private static func moment(before left: Double) -> Double { Stopwatch.now + left - min(60, 0.1 * left) }
}

extension JobEnd {
  /// What is known of the job's end.
  enum Answer: Equatable {
    /// Seconds from now, by the scheduler's word.
    case left(scheduler: String, seconds: Double)
    /// There is no batch system, or the job has no limit.
    case none
    /// There is one, which does not say.
    case unknown(String)
  }

  /// Asks once, on the root.
  ///
  /// - Parameters:
  ///   - communicator: the ranks.
  ///   - warn: told where a batch system gives no answer.
  /// - Returns: the same end on every rank, each by its own clock; nil where there is none, or none is known.
  /// - Throws: `CommunicationError` where ranks do not reach each other.
  static func ask(_ communicator: Communicator, warn: (String) -> Void) throws -> JobEnd? {
    let words = try communicator.fromRoot {
      switch answer(environment: ProcessInfo.processInfo.environment, now: Date().timeIntervalSince1970) {
      case .left(let scheduler, let seconds): return "\(scheduler) \(seconds)"
      case .none: return ""
      case .unknown(let reason):
        warn(reason)
        return ""
      }
    }
    let parts = words.split(separator: " ")
    guard parts.count == 2, let left = Double(parts[1]) else { return nil }
    return JobEnd(scheduler: String(parts[0]), left: left)
  }

  /// What the batch system that the environment speaks of says.
  static func answer(environment: [String: String], now: Double) -> Answer {
    func left(_ scheduler: String, _ end: Double?, _ command: String) -> Answer {
      end.map { .left(scheduler: scheduler, seconds: $0 - now) }
        ?? .unknown("\(command) did not say when this job ends: the run cannot stop before; give --time-limit")
    }
    if let end = environment["SLURM_JOB_END_TIME"].flatMap(Double.init) { return left("Slurm", end, "") }
    if let job = environment["SLURM_JOB_ID"] {
      let answer = commandOutput(["squeue", "-h", "-j", job, "-o", "%e"], environment)
      if let words = answer, isWithoutLimit(words) { return .none }
      if let end = answer.flatMap(slurmTime) { return left("Slurm", end, "") }
      let details = commandOutput(["scontrol", "show", "job", job], environment)
      return left("Slurm", details.flatMap { value(of: "EndTime", in: $0) }.flatMap(slurmTime), "squeue")
    }
    if let job = environment["PBS_JOBID"] {
      guard let text = commandOutput(["qstat", "-f", job], environment) else { return left("PBS", nil, "qstat -f") }
      guard text.contains("Resource_List.walltime") else { return .none }
      return left("PBS", pbsEnd(text, now: now), "qstat -f")
    }
    if let job = environment["LSB_JOBID"] {
      let index = environment["LSB_JOBINDEX"].flatMap(Int.init) ?? 0
      let name = index > 0 ? "\(job)[\(index)]" : job
      let text = commandOutput(["bjobs", "-noheader", "-o", "finish_time", name], environment)
      if let words = text, isWithoutLimit(words) { return .none }
      return left("LSF", text.flatMap { lsfEnd($0, now: now) }, "bjobs")
    }
    return .none
  }

  private static func isWithoutLimit(_ answer: String) -> Bool {
    ["NONE", "N/A", "-", "UNLIMITED"].contains(answer.trimmingCharacters(in: .whitespacesAndNewlines).uppercased())
  }

  /// `2026-11-29T08:35:00`, as the commands are told to say it: in universal time.
  static func slurmTime(_ text: String) -> Double? {
    let halves = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "T").map(String.init)
    let date = halves.first?.split(separator: "-").map(String.init) ?? []
    guard halves.count == 2, date.count == 3 else { return nil }
    return seconds(year: date[0], month: date[1], day: date[2], time: halves[1])
  }

  /// The end from `stime`, or Torque's `start_time`, and `Resource_List.walltime`; or from the time that remains.
  static func pbsEnd(_ text: String, now: Double) -> Double? {
    // `Sun Nov 29 07:00:00 2026`
    let start = ["stime", "start_time"].lazy.compactMap { value(of: $0, in: text) }.compactMap { line -> Double? in
      let words = line.split(separator: " ").map(String.init)
      return words.count == 5 ? seconds(year: words[4], month: words[1], day: words[2], time: words[3]) : nil
    }.first
    if let start, let limit = value(of: "Resource_List.walltime", in: text).flatMap(span) { return start + limit }
    return value(of: "Walltime.Remaining", in: text).flatMap(Double.init).map { now + $0 }
  }

  /// `Nov 29 08:35 L`, with a year where LSF is told to show one: L is the run limit's end, other letters are guesses.
  static func lsfEnd(_ text: String, now: Double) -> Double? {
    var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let mark = words.popLast(), ["L", "X"].contains(mark), words.count >= 3 else { return nil }
    let time = words[2].split(separator: ":").count > 2 ? words[2] : words[2] + ":00"
    let thisYear = Calendar(identifier: .gregorian).component(.year, from: Date(timeIntervalSince1970: now))
    let years = words.count > 3 ? [words[3]] : (thisYear - 1...thisYear + 1).map(String.init)
    // Without a year the nearest is meant: jobs run over New Year's Eve.
    return years.compactMap { seconds(year: $0, month: words[0], day: words[1], time: time) }
      .min { abs($0 - now) < abs($1 - now) }
  }

  /// Seconds since 1970 of a date and a time in universal time, the month by its number or its English name.
  private static func seconds(year: String, month: String, day: String, time: String) -> Double? {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let clock = time.split(separator: ":").map { Int($0) }
    guard let year = Int(year), let month = names.firstIndex(of: month).map({ $0 + 1 }) ?? Int(month),
      let day = Int(day), clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2]
    else { return nil }
    // Days since 1970 by the months' lengths, March first, so that a leap day ends its year.
    let (y, m) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468
    return Double(((days * 24 + hour) * 60 + minute) * 60 + second)
  }

  /// What stands after `name` and an equals sign, to the end of the word or, with blanks around the sign, of the line.
  private static func value(of name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.lowercased().hasPrefix("\(name.lowercased()) = ") { return String(line.dropFirst(name.count + 3)) }
      for word in line.split(separator: " ") where word.hasPrefix(name + "=") {
        return String(word.dropFirst(name.count + 1))
      }
    }
    return nil
  }

  /// Seconds of `01:02:03`.
  private static func span(_ text: String) -> Double? {
    let parts = text.split(separator: ":").map { Double($0) }
    guard !parts.isEmpty, !parts.contains(nil) else { return nil }
    return parts.compactMap { $0 }.reduce(0) { 60 * $0 + $1 }
  }
}
