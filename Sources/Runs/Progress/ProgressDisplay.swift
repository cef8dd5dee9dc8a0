internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Networks
internal import Reports
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
  /// In front of each line, where other runs write too: there is then no bar.
  private let label: String

  init(isRoot: Bool, steps: Int, label: String? = nil) {
    self.isRoot = isRoot
    self.steps = steps
    self.label = label.map { $0 + ": " } ?? ""
    isTerminal = isRoot && label == nil && terminalWidth() != nil
  }

  /// Starts the clock at `step`, and says what begins.
  package mutating func begin(_ announcement: String, step: Int) {
    began = Stopwatch.now
    firstStep = step
    line(announcement)
  }

  /// Shows a step: ten times a second on a terminal, elsewhere every 5 seconds and at each held-out loss.
  package mutating func update(_ report: Trainer.StepReport, heldOut: Double?, trainer: Trainer) {
    guard isRoot else { return }
    if let heldOut { self.heldOut = heldOut }
    let now = Stopwatch.now
    let isLast = report.step == steps || report.wishes.contains(.stop)
    guard isLast || (heldOut != nil && label.isEmpty) || now - lastDrawn > (isTerminal ? 0.1 : 5) else { return }
    lastDrawn = now
    let rate = Double(report.step - firstStep) / max(now - began, 1e-9)
    let rows = rate * Double(trainer.options.batch)
    // From what matters most: a narrow terminal shows the first of them.
    var parts = [ProgressPart("step \(report.step)/\(steps)", 0), ProgressPart("loss \(short(report.loss))", 1)]
    if let held = self.heldOut { parts.append(ProgressPart("held-out \(short(held))", 2)) }
    let left = Double(steps - report.step) / max(rate, 1e-9)
    parts += [
      ProgressPart(left > 0 ? duration(left) + " left" : "in " + duration(now - began), 6),
      ProgressPart("\(short(rate)) steps/s", 3),
      ProgressPart("\(short(rows * trainer.network.trainingFlopsPerRow / 1e9)) GFLOP/s", 5),
      ProgressPart("\(short(rows)) samples/s", 4),
    ]
    draw(parts, share: Double(report.step) / Double(steps))
  }

  /// Shows how far sampling is.
  package mutating func sampling(_ share: Double) {
    guard isRoot, isTerminal else { return }
    draw([ProgressPart("sampling", 0)], share: share)
    if share >= 1 { end() }
  }

  private mutating func draw(_ parts: [ProgressPart], share: Double) {
    guard isTerminal else { return write(label + progressLine(parts, width: .max) + "\n") }
    // Asked anew each time: people resize windows.
    let width = terminalWidth() ?? 80
    // Carriage return, text, erase the rest of the line.
    write("\r\(progressBar(parts, share: share, width: width - 1))\u{1b}[K")
    drawsBar = true
  }

  /// Leaves the bar as it is and goes on below it.
  package mutating func end() {
    guard drawsBar else { return }
    write("\n")
    drawsBar = false
  }

  /// A line of its own.
  package mutating func line(_ text: String) {
    guard isRoot else { return }
    end()
    write(printableLines(label + text) + "\n")
  }

  private func write(_ text: String) {
    writeText(text, to: STDOUT_FILENO)
  }
}

/// One statement of a progress line.
struct ProgressPart {
  package let text: String
  /// Where it stands among the others.
  package let place: Int

  init(_ text: String, _ place: Int) {
    self.text = text
    self.place = place
  }
}

/// As many parts as fit in `width` characters, the most important of them first in the list; the first always stays.
func progressLine(_ parts: [ProgressPart], width: Int) -> String {
  var chosen: [ProgressPart] = []
  var length = 0
  for part in parts {
    let needed = part.text.count + (chosen.isEmpty ? 0 : 2)
    guard chosen.isEmpty || length + needed <= width else { break }
    chosen.append(part)
    length += needed
  }
  return String(chosen.sorted { $0.place < $1.place }.map(\.text).joined(separator: "  ").prefix(width))
}

/// A bar of 8 to 24 cells and the parts that fit beside it in `width` characters.
func progressBar(_ parts: [ProgressPart], share: Double, width: Int) -> String {
  let text = progressLine(parts, width: max(width - 9, 1))
  let cells = max(0, min(24, width - 1 - text.count))
  let done = Int((share * Double(cells)).rounded(.down))
  return String(repeating: "━", count: done) + String(repeating: "─", count: cells - done) + " " + text
}

/// The columns of the terminal that shows standard output; `nil` where that is a file or a pipe.
///
/// mpirun gives each rank a terminal of no size, whatever its own output is: it is then mpirun's that counts. On
/// another node there is none.
func terminalWidth() -> Int? {
  guard isatty(1) == 1 else { return nil }
  guard ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil else { return columns(of: 1) }
  let file = unsafe open("/proc/\(getppid())/fd/1", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else { return nil }
  defer { close(file) }
  return isatty(file) == 1 ? columns(of: file) : nil
}

private func columns(of terminal: Int32) -> Int {
  var size = winsize()
  guard unsafe ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}
