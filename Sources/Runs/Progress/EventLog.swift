internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

/// The TensorBoard file of a run: the numbers of `metrics.jsonl` in single precision, each record with the time of day
/// at which it was written, the only part that differs between runs of one experiment.
struct EventLog {
  private var file: AppendedFile

  /// Opens the file; on resume the records after `step`, and damaged ones, are dropped, the others keep their bytes.
  init(file path: String, keepingUntil step: Int) throws {
    var kept = Array(EventFile.prefix(of: try readLog(path), until: step))
    if kept.isEmpty { kept = EventFile.header(wallTime: Self.now) }
    try AtomicFile.write(kept, to: path)
    file = try AppendedFile(path)
  }

  /// Adds a step's record.
  package mutating func append(_ report: Trainer.StepReport, heldOut: Double?) throws {
    var scalars = [EventFile.Scalar(tag: "loss/training", value: Float(report.loss))]
    if let heldOut { scalars.append(.init(tag: "loss/held_out", value: Float(heldOut))) }
    scalars += [
      .init(tag: "gradient_norm", value: Float(report.gradientNorm)),
      .init(tag: "learning_rate", value: Float(report.learningRate)),
    ]
    try file.append(EventFile.record(step: report.step, wallTime: Self.now, scalars))
  }

  /// Writes what a full disk has refused so far.
  package mutating func flush() throws { try file.flush() }

  /// Seconds since 1970.
  private static var now: Double { Date().timeIntervalSince1970 }
}
