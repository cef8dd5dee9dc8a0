internal import Foundation
internal import Training

/// `metrics.jsonl`: one JSON object a line, the same for any number of ranks but for `seconds` and `timings`.
struct MetricsLog {
  private let file: FileHandle
  private let path: String
  private let start = Stopwatch.now

  /// Opens the log; on resume the lines after `step` are dropped, so that none stands twice.
  init(file path: String, keepingUntil step: Int) throws {
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let kept = old.split(separator: "\n").filter { line in
      guard let number = line.firstRange(of: "\"step\":") else { return false }
      return Int(line[number.upperBound...].prefix { $0.isNumber || $0 == " " }.filter(\.isNumber)).map { $0 <= step } ?? false
    }
    try AtomicFile.write(kept.map { $0 + "\n" }.joined(), to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw ExperimentError.uncreatable(file: path, errno)
    }
    self.file = file
    self.path = path
    _ = try? file.seekToEnd()
  }

  /// Adds a step's line.
  func append(_ report: Trainer.StepReport, heldOut: Double?, timings: StepTimings) throws {
    var line = JSONLine()
    line.add("step", report.step)
    line.add("loss", report.loss)
    if let heldOut { line.add("held_out_loss", heldOut) }
    line.add("gradient_norm", report.gradientNorm)
    line.add("learning_rate", report.learningRate)
    line.add("seconds", Stopwatch.now - start)
    var parts = JSONLine()
    parts.add("input", timings.input)
    parts.add("compute", timings.compute)
    parts.add("exchange", timings.exchange)
    parts.add("held_out", timings.heldOut)
    parts.add("checkpoint", timings.checkpoint)
    line.add("timings", parts)
    do { try file.write(contentsOf: Data((line.text + "\n").utf8)) } catch {
      throw ExperimentError.inputOutput(doing: "writing", file: path, errno)
    }
  }
}
