internal import Foundation
internal import Training

/// `metrics.jsonl`: one JSON object a line, the same for any number of ranks but for `seconds` and `timings`.
///
/// What a full disk refuses is kept and written with the next line.
struct MetricsLog {
  private let file: FileHandle
  private let path: String
  private let start = Stopwatch.now
  private var end: UInt64 = 0
  private var pending = Data()

  /// Opens the log; on resume the lines after `step` are dropped, so that none stands twice.
  init(file path: String, keepingUntil step: Int) throws {
    let kept = try Self.read(path).filter { ($0["step"]?.number).map { $0 <= Double(step) } ?? false }
    try AtomicFile.write(kept.map { $0.description + "\n" }.joined(), to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw ExperimentError.uncreatable(file: path, errno)
    }
    self.file = file
    self.path = path
    end = try file.seekToEnd()
  }

  /// The lines of a log; a line cut short by a crash is left out.
  static func read(_ path: String) throws -> [JSONValue] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { JSONValue(line: String($0)) }
  }

  /// Adds a step's line.
  mutating func append(_ report: Trainer.StepReport, heldOut: Double?, timings: StepTimings) throws {
    var members: [JSONValue.Member] = [.init("step", .integer(report.step)), .init("loss", .real(report.loss))]
    if let heldOut { members.append(.init("held_out_loss", .real(heldOut))) }
    members += [
      .init("gradient_norm", .real(report.gradientNorm)), .init("learning_rate", .real(report.learningRate)),
    ]
    if report.fault != nil { members.append(.init("skipped", .boolean(true))) }
    members += [
      .init("seconds", .real(Stopwatch.now - start)),
      .init(
        "timings",
        .object([
          .init("input", .real(timings.input)), .init("compute", .real(timings.compute)),
          .init("exchange", .real(timings.exchange)), .init("held_out", .real(timings.heldOut)),
          .init("checkpoint", .real(timings.checkpoint)),
        ])),
    ]
    pending.append(Data((JSONValue.object(members).description + "\n").utf8))
    try flush()
  }

  /// Writes what is not yet written.
  mutating func flush() throws {
    guard !pending.isEmpty else { return }
    do {
      // Part of a line may be there from a write that failed half-way.
      try file.seek(toOffset: end)
      try file.write(contentsOf: pending)
    } catch {
      throw ExperimentError.inputOutput(doing: "writing", file: path, errno)
    }
    end += UInt64(pending.count)
    pending.removeAll(keepingCapacity: true)
  }
}
