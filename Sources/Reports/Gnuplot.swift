internal import Files
package import Foundation

/// gnuplot as a subprocess, where the machine has it.
package struct Gnuplot {
  /// What came of a plot.
  package enum Outcome: Equatable {
    /// The picture's bytes and its media type.
    case picture(bytes: Data, type: String)
    /// Why there is none.
    case missing(reason: String)
  }

  private let executable: URL?
  /// Seconds that one picture may take; after one that takes longer no other is tried.
  private let patience: Double
  private let hang = Hang()
  /// False where gnuplot was built without cairo: it then draws SVG.
  package var pixels: Bool

  /// Looks for `gnuplot` in the folders of `path`.
  ///
  /// - Parameters:
  ///   - path: folders, separated by colons.
  ///   - patience: seconds that one picture may take.
  package init(path: String = ProcessInfo.processInfo.environment["PATH"] ?? "", patience: Double = 30) {
    self.patience = patience
    executable = path.split(separator: ":").lazy
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent("gnuplot") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    pixels = false
    if let executable { pixels = run(executable, ["-e", "set terminal pngcairo"], in: nil, log: nil) == 0 }
  }

  /// Writes the plot's script and data into `folder` and runs it there; a failure is an outcome, never an error.
  package func draw(_ plot: Plot, in folder: URL) throws -> Outcome {
    let script = plot.script(pixels: pixels || executable == nil)
    try AtomicFile.write(script, to: folder.appendingPathComponent("\(plot.name).gp").path)
    try AtomicFile.write(plot.data, to: folder.appendingPathComponent("\(plot.name).dat").path)
    let picture = folder.appendingPathComponent("\(plot.name).\(pixels ? "png" : "svg")")
    // What an earlier report left would pass for this one's picture.
    try? FileManager.default.removeItem(at: picture)
    guard let executable else {
      let remedy = "with it (Debian: gnuplot-nox), run gnuplot \(plot.name).gp in \(folder.lastPathComponent)/"
      return .missing(reason: "gnuplot was not found; \(remedy)")
    }
    guard !hang.isFound else { return .missing(reason: hung) }
    let log = folder.appendingPathComponent("\(plot.name).log")
    let status = run(executable, ["\(plot.name).gp"], in: folder, log: log)
    if hang.isFound { return .missing(reason: hung) }
    guard status == 0, let bytes = try? Data(contentsOf: picture), !bytes.isEmpty else {
      return .missing(
        reason: "gnuplot ended with status \(status); \(folder.lastPathComponent)/\(plot.name).log says why")
    }
    try? FileManager.default.removeItem(at: log)
    return .picture(bytes: bytes, type: pixels ? "image/png" : "image/svg+xml")
  }

  private var hung: String { "gnuplot did not end within \(Int(patience)) s and was given up" }

  /// Runs without a shell and without input; returns the exit status, or -1 if it could not start or did not end.
  private func run(_ executable: URL, _ arguments: [String], in folder: URL?, log: URL?) -> Int32 {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    if let log {
      // Made anew: what stood there may be a link to another file.
      try? FileManager.default.removeItem(at: log)
      guard let number = try? Descriptor.creating(log.path).release() else { return -1 }
      process.standardError = FileHandle(fileDescriptor: number, closeOnDealloc: true)
    }
    do { try process.run() } catch { return -1 }
    let end = DispatchTime.now().uptimeNanoseconds + UInt64(1e9 * patience)
    while process.isRunning {
      if DispatchTime.now().uptimeNanoseconds > end {
        hang.isFound = true
        kill(process.processIdentifier, SIGKILL)
        break
      }
      usleep(2_000)
    }
    process.waitUntilExit()
    return hang.isFound ? -1 : process.terminationStatus
  }

  /// Whether a picture has taken too long; shared by copies.
  private final class Hang {
    var isFound = false
  }
}
