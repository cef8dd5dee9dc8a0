internal import Configuration
package import Files
internal import Foundation
internal import Reports
package import Training

/// `metrics.jsonl`: one JSON object a line, the same for any number of ranks but for `seconds` and `timings`; and the same
/// numbers for TensorBoard.
///
/// What a full disk refuses is kept and written with the next line.
package struct MetricsLog {
  private var file: AppendedFile
  private let start = Stopwatch.now
  private var events: EventLog
  private let ranks: Int

  /// Opens the log; on resume the lines after `step` are dropped, so that none stands twice.
  init(_ folder: RunFolder, keepingUntil step: Int, ranks: Int) throws {
    let path = folder.metrics
    let kept = try Self.read(path).filter { ($0["step"]?.number).map { $0 <= Double(step) } ?? false }
    try AtomicFile.write(kept.map { $0.description + "\n" }.joined(), to: path)
    file = try AppendedFile(path)
    self.ranks = ranks
    events = try EventLog(file: folder.events, keepingUntil: step)
  }

  /// The lines of a log, none where there is no file; a line cut short by a crash is left out.
  package static func read(_ path: String) throws -> [JSONValue] {
    let text = String(decoding: try readLog(path), as: UTF8.self)
    return text.split(separator: "\n").compactMap { JSONValue(line: String($0)) }
  }

  /// Adds a step's line.
  package mutating func append(_ report: Trainer.StepReport, heldOut: Double?, timings: StepTimings) throws {
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
          .init("checkpoint", .real(timings.checkpoint)), .init("ranks", .integer(ranks)),
        ])),
    ]
    // The events first: a log that cannot be written must not keep them from being kept.
    let kept = Result { try events.append(report, heldOut: heldOut) }
    try file.append(Array((JSONValue.object(members).description + "\n").utf8))
    try kept.get()
  }

  /// Writes what a full disk has refused so far.
  package mutating func flush() throws {
    let kept = Result { try events.flush() }
    try file.flush()
    try kept.get()
  }
}

/// All bytes of a log, none where there is no file.
///
/// Every other failure is an error: a resume that took it for an empty log would put nothing in the log's place.
func readLog(_ path: String) throws(ToolError) -> [UInt8] {
  let most = 1 << 30
  do {
    return try readFile(path, atMost: most) {
      .data(
        Place(path),
        "is \($0) bytes long, but at most \(most) are read; move it away, and log less often by training.log_every")
    }
  } catch .unreadable(_, ENOENT) { return [] }
}
