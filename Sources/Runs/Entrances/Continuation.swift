internal import Communication
internal import Configuration
internal import Files
internal import Foundation

/// What `EXPERIMENT.yaml --continue` means: a start where the folder holds no run, else to go on with that run.
enum Continuation {
  /// The folder holds nothing, or what a start that died has left.
  case start(overwriting: Bool)
  /// It holds a run, or a sweep.
  case resume(String)
  /// It holds a run that is complete, by this very experiment.
  case complete(String)

  /// Looks at the folder; on the root.
  init(of file: String, _ request: TrainingRequest) throws {
    let sweep = try Sweep(contentsOf: file, settings: request.settings)
    let experiment = try sweep?.cells[0].experiment ?? Experiment(contentsOf: file, settings: request.settings)
    let folder = RunFolder(request.output ?? "runs/" + experiment.name)
    let files = FileManager.default
    try folder.refuseFile()
    guard files.fileExists(atPath: folder.experiment) else {
      let isEmpty = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).isEmpty
      self = .start(overwriting: !isEmpty)
      return
    }
    guard SweepFolder(folder.path).isSweep == (sweep != nil) else {
      throw ToolError.usage(
        sweep == nil
          ? "\(folder.path): is a sweep, but \(file) has no sweep: table; choose another folder by --output"
          : "\(folder.path): is a single run, but \(file) is a sweep; choose another folder by --output")
    }
    self = sweep == nil && folder.isFinished(as: experiment) ? .complete(folder.path) : .resume(folder.path)
  }

  /// The request with its start decided, the same on every rank; nil where nothing is left to do.
  static func decide(_ request: TrainingRequest, _ communicator: Communicator) throws -> TrainingRequest? {
    guard request.continues, case .experiment(let file) = request.start else { return request }
    let words = try communicator.fromRoot { () throws -> String in
      switch try Continuation(of: file, request) {
      case .start(let overwriting): return overwriting ? "overwrite" : "start"
      case .resume(let run): return "resume \(run)"
      case .complete(let run): return "complete \(run)"
      }
    }
    var request = request
    let parts = words.split(separator: " ", maxSplits: 1).map(String.init)
    switch parts[0] {
    case "complete":
      if communicator.isRoot {
        writeText(printableLines("\(parts[1]) is complete: \(RunFolder(parts[1]).report)") + "\n", to: STDOUT_FILENO)
      }
      return nil
    case "resume":
      request.start = .resume(run: parts[1])
      request.file = file
      request.initialise = nil
      request.output = nil
    default: request.overwrite = parts[0] == "overwrite"
    }
    return request
  }
}
