import Foundation

@testable import Configuration
@testable import Files
@testable import Runs

/// Gives a reader one input after another, in a process of its own that a crash, a hang or a violation ends.
///
/// The input at which it ended stays in ``inputPath``.
struct Fuzzing {
  /// Processor time for one input; the kernel ends the process beyond it.
  ///
  /// Inputs take some milliseconds. The test of growth touches 300 MiB, whose pages took a busy machine more than a second.
  static let seconds = 5.0
  /// Growth of resident memory for one input.
  static let bytes = 256 << 20

  let format: Format
  /// An empty folder.
  let folder: String
  /// Reads the file at a path; it may throw `ToolError` and nothing else.
  let read: (String) throws -> Void
  /// Processor time for one input.
  var limit = Self.seconds

  /// The name hides neither what it is nor where messages are to point.
  var inputPath: String { "\(folder)/input.\(format.rawValue)" }

  /// What the longest and the largest input took.
  struct Extremes: CustomStringConvertible {
    var inputs = 0
    var accepted = 0
    var seconds = 0.0
    var bytes = 0

    var description: String {
      "\(inputs) inputs, \(accepted) of them accepted; at most \(Int(seconds * 1e3)) ms and \(bytes >> 20) MiB for one"
    }
  }

  /// Reads every seed as it is, then mutated ones up to `count` in all.
  func run(count: Int, seed: UInt64 = 20_261_121) throws -> Extremes {
    let seeds = try format.seeds()
    endAfterTime()
    var extremes = Extremes()
    for index in 0..<max(count, seeds.count) {
      try write(input(index, seeds, seed: seed))
      forgetPeak()
      let (before, start) = (memory("VmRSS:"), processorSeconds())
      startTimer()
      if try attempt() { extremes.accepted += 1 }
      let (seconds, growth) = (processorSeconds() - start, max(memory("VmHWM:") - before, 0))
      extremes.inputs += 1
      extremes.seconds = max(extremes.seconds, seconds)
      extremes.bytes = max(extremes.bytes, growth)
      guard growth <= Self.bytes else { throw Violation("input \(index) took \(growth >> 20) MiB") }
    }
    return extremes
  }

  /// Writes an input to ``inputPath``, as a new file and without waiting for the disk.
  ///
  /// What a process wrote outlives it. Foundation's `write` synchronises each file, and a file system may write out at once what
  /// replaces a file's content: together that took 7 ms an input, ten times what reading it takes.
  private func write(_ bytes: [UInt8]) throws {
    unsafe unlink(inputPath)
    let file = unsafe open(inputPath, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    var written = 0
    while file >= 0, written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      written += count
    }
    guard file >= 0, close(file) == 0, written == bytes.count else { throw Violation("cannot write \(inputPath)") }
  }

  /// Input `index`: a seed as it is, or mutated; lengths and checks repaired in every other.
  func input(_ index: Int, _ seeds: [[UInt8]], seed: UInt64) -> [UInt8] {
    if index < seeds.count { return seeds[index] }
    var mutator = Mutator(seed: seed ^ UInt64(index) << 20)
    _ = mutator.next()
    let one = seeds[mutator.below(seeds.count)]
    let other = seeds[mutator.below(seeds.count)]
    let mutated = mutator.mutate(one, with: other, tokens: format.tokens)
    return mutator.below(2) == 0 ? mutated : format.repaired(mutated)
  }

  /// Whether the input was accepted.
  private func attempt() throws -> Bool {
    do {
      try read(inputPath)
      return true
    } catch let error as ToolError {
      let text = error.description
      guard text.hasPrefix(inputPath + ":") else {
        throw Violation("no file begins the message: \(text)")
      }
      guard printable(text) == text, text.utf8.count < 1_200 else {
        throw Violation("the message is too long or not printable: \(printable(text))")
      }
      guard error.exitStatus == .dataErr || error.exitStatus == .config else {
        throw Violation("status \(error.exitStatus) for bad content: \(text)")
      }
      return false
    }
  }

  /// The signal of the processor timer ends the process, also where whoever started it has blocked signals.
  private func endAfterTime() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPROF)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGPROF, SIG_DFL)
  }

  private func startTimer() {
    var timer = itimerval()
    timer.it_value.tv_sec = Int(limit)
    timer.it_value.tv_usec = Int(limit.truncatingRemainder(dividingBy: 1) * 1e6)
    unsafe setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  private func processorSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Lets the kernel's peak of resident memory start anew; where it may not, the peak so far stands.
  private func forgetPeak() {
    let file = unsafe open("/proc/self/clear_refs", O_WRONLY)
    guard file >= 0 else { return }
    unsafe _ = Glibc.write(file, "5", 1)
    close(file)
  }

  /// Bytes of a line of `/proc/self/status`.
  private func memory(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let words = text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(whereSeparator: \.isWhitespace)
    return (words?.dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}

/// An error whose message does not say where.
enum Nameless { static let error = ToolError.usage("something is wrong") }
