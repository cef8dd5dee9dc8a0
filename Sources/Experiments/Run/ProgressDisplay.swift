internal import Communication
internal import Foundation
internal import Networks
internal import Training

/// What rank 0 shows while a run goes on: a bar that redraws itself on a terminal, plain lines elsewhere.
struct ProgressDisplay {
  private let isRoot: Bool
  private let isTerminal: Bool
  private let steps: Int
  private var began = Stopwatch.now
  private var firstStep = 0
  private var lastDrawn = 0.0
  private var heldOut: Double?
  private var drawsBar = false

  init(isRoot: Bool, steps: Int) {
    self.isRoot = isRoot
    self.steps = steps
    isTerminal = isatty(1) == 1
  }

  /// Says what begins.
  mutating func begin(_ run: TrainingRun) {
    began = Stopwatch.now
    firstStep = run.trainer.step
    let parameters = run.trainer.parameterCount
    line(
      "\(run.experiment.name): \(run.data.rows) rows of dimension \(run.data.dimension), \(parameters) parameters, "
        + "batch \(run.experiment.training.batch) in \(run.experiment.training.shards) shards, "
        + "\(run.communicator.size) rank\(run.communicator.size == 1 ? "" : "s"), from step \(firstStep)")
  }

  /// Shows a step: ten times a second on a terminal, elsewhere every 5 seconds and at each held-out loss.
  mutating func update(_ report: Trainer.StepReport, heldOut: Double?, trainer: Trainer) {
    guard isRoot else { return }
    if let heldOut { self.heldOut = heldOut }
    let now = Stopwatch.now
    let isLast = report.step == steps
    guard isLast || heldOut != nil || now - lastDrawn > (isTerminal ? 0.1 : 5) else { return }
    lastDrawn = now
    let rate = Double(report.step - firstStep) / max(now - began, 1e-9)
    let flops = trainer.model.network.trainingFlopsPerRow * Double(trainer.options.batch) * rate / 1e9
    let left = Double(steps - report.step) / max(rate, 1e-9)
    var text = "step \(report.step)/\(steps)  loss \(short(report.loss))"
    if let held = self.heldOut { text += "  held-out \(short(held))" }
    text += "  \(short(rate)) steps/s  \(short(rate * Double(trainer.options.batch))) samples/s  \(short(flops)) GFLOP/s"
    text += "  \(duration(left)) left"
    draw(text, share: Double(report.step) / Double(steps))
  }

  /// Shows how far sampling is.
  mutating func sampling(_ share: Double) {
    guard isRoot, isTerminal else { return }
    draw("sampling", share: share)
    if share >= 1 { end() }
  }

  private mutating func draw(_ text: String, share: Double) {
    guard isTerminal else { return write(text + "\n") }
    let width = 24
    let done = Int(share * Double(width))
    let bar = String(repeating: "━", count: done) + String(repeating: "─", count: width - done)
    // Carriage return, text, erase the rest of the line.
    write("\r\(bar) \(text)\u{1b}[K")
    drawsBar = true
  }

  /// Leaves the bar as it is and goes on below it.
  mutating func end() {
    guard drawsBar else { return }
    write("\n")
    drawsBar = false
  }

  /// A line of its own.
  mutating func line(_ text: String) {
    guard isRoot else { return }
    end()
    write(text + "\n")
  }

  private func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}

/// Four significant digits.
func short(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  let size = abs(value)
  if size >= 1e6 || (size > 0 && size < 1e-3) { return String(format: "%.3g", value) }
  return String(format: size >= 1000 ? "%.0f" : size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : "%.4f", value)
}

/// Hours, minutes and seconds.
func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e8 else { return "?" }
  let s = Int(seconds.rounded())
  if s >= 3600 { return "\(s / 3600) h \(s / 60 % 60) min" }
  return s >= 60 ? "\(s / 60) min \(s % 60) s" : "\(s) s"
}
