package import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

extension Checkpoint {
  /// The newest checkpoint that is whole, or that of `step`; the root says which, so that all ranks read the same.
  ///
  /// Damaged ones are named on standard error.
  package static func newest(in folder: RunFolder, step: Int? = nil, _ communicator: Communicator) throws -> Checkpoint
  {
    try newest(in: folder, step: step, communicator) { try Checkpoint(contentsOf: $0) }
  }

  /// What the newest checkpoint that is whole says of its run, and its step.
  package static func newestHeader(
    in folder: RunFolder, _ communicator: Communicator
  ) throws -> (header: Header, step: Int) {
    try newest(in: folder, step: nil, communicator) { try header(of: $0) }
  }

  private static func newest<Found: ~Copyable>(
    in folder: RunFolder, step: Int?, _ communicator: Communicator, read: (String) throws -> Found
  ) throws -> Found {
    let names = try communicator.fromRoot { () throws -> String in
      try folder.refuseFile()
      try folder.refuseSweep()
      let files = try step.map { [try CheckpointStore.file(in: folder, step: $0)] }
      return try (files ?? CheckpointStore.candidates(in: folder)).joined(separator: "\n")
    }
    let files = names.split(separator: "\n").map(String.init)
    for (index, file) in files.enumerated() {
      do { return try communicator.agree { try read(file) } } catch let error as any StatusError {
        // What is no file's fault ends the run, and so does the fault of the only file.
        let isFiles = error.status == ExitStatus.dataErr.rawValue || error.status == ExitStatus.noInput.rawValue
        guard isFiles, files.count > 1 else { throw error }
        let next = index + 1 < files.count ? "; going back to \(files[index + 1])" : ""
        if communicator.isRoot {
          writeText("warning: \(printableLines(error.description))\(next)\n", to: STDERR_FILENO)
        }
      }
    }
    return try communicator.agree { () throws(ToolError) -> Found in
      throw .data(
        Place(folder.path),
        "none of its \(files.count) checkpoints can be used, for the reasons above: mend one, or bring one back from a copy"
      )
    }
  }
}

extension Checkpoint.Header {
  /// The step that samples are drawn from unless another is asked for: with `training.stop_after` the best; nil for the
  /// newest.
  var sampledStep: Int? { experiment.training.stopAfter > 0 ? best?.step : nil }
}

/// A checkpoint that tuples and optionals can hold.
final class CheckpointBox: Sendable {
  package let value: Checkpoint
  init(_ value: consuming Checkpoint) { self.value = value }
}
