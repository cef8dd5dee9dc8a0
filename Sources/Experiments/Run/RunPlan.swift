internal import Communication
internal import Foundation

/// What a run is to do, agreed on by all ranks: the experiment and what it starts from.
struct RunPlan: ~Copyable {
  let experiment: Experiment
  let folder: RunFolder
  /// The folder that the experiment's relative paths start from.
  let base: String
  private var checkpoint: Checkpoint?
  private var initial: Checkpoint?

  init(_ request: TrainingRequest, _ communicator: Communicator) throws {
    switch request.start {
    case .experiment(let file):
      experiment = try communicator.agree { try Experiment(contentsOf: file, settings: request.settings) }
      base = (file as NSString).deletingLastPathComponent
      folder = RunFolder(request.output ?? "runs/" + experiment.name)
      checkpoint = nil
    case .resume(let run):
      folder = RunFolder(run)
      let from = folder
      let read = try Checkpoint.newest(in: from, communicator)
      experiment = try communicator.agree {
        let changed = try Experiment(
          yaml: read.header.experiment.yaml, file: from.experiment, settings: request.settings)
        try changed.checkResume(of: read.header.experiment)
        return changed
      }
      base = String(decoding: try communicator.fromRoot { Array(from.base().utf8) }, as: UTF8.self)
      checkpoint = consume read
    }
    if let source = request.initialise {
      initial = try Checkpoint.newest(in: RunFolder(source), communicator)
    } else {
      initial = nil
    }
  }

  /// The checkpoint to go on from, once.
  mutating func takeCheckpoint() -> Checkpoint? { checkpoint.take() }

  /// The checkpoint whose parameters to begin with, once.
  mutating func takeInitial() -> Checkpoint? { initial.take() }
}

extension Checkpoint {
  /// The newest checkpoint, or that of `step`; the root says which, so that all ranks read the same.
  static func newest(in folder: RunFolder, step: Int? = nil, _ communicator: Communicator) throws -> Checkpoint {
    let name = try communicator.fromRoot { Array(try CheckpointStore.file(in: folder, step: step).utf8) }
    let file = String(decoding: name, as: UTF8.self)
    var checkpoint: Checkpoint?
    try communicator.agree { checkpoint = try Checkpoint(contentsOf: file) }
    guard let checkpoint = checkpoint.take() else { throw ExperimentError.fault("no checkpoint was read") }
    return checkpoint
  }
}

extension Experiment {
  /// Refuses changes of anything but run length, logging, checkpoints, sampling and evaluation.
  func checkResume(of before: Experiment) throws {
    let refused = changes(from: before)
    guard let first = refused.first else { return }
    throw ExperimentError.configuration(
      Place(first), "cannot change on resume (\(refused.joined(separator: ", "))): start a new run, or drop the setting")
  }
}

extension Checkpoint.Header {
  /// Refuses other data than the run began with.
  func check(_ data: DataSet.Description, instructionSet: String, warn: (String) -> Void) throws {
    guard self.data.fingerprint == data.fingerprint else {
      throw ExperimentError.configuration(
        Place(experiment.data.file ?? "data"),
        "is not the data that the run began with: fingerprint \(data.fingerprint), not \(self.data.fingerprint)")
    }
    if self.instructionSet != instructionSet {
      warn(
        "the checkpoint was made with instruction set \(self.instructionSet), this is \(instructionSet): "
          + "the last bits may differ; pin it by --isa \(self.instructionSet)")
    }
  }

  /// Refuses to begin with a network of another shape.
  func checkNetwork(_ experiment: Experiment, dimension: Int) throws {
    guard self.experiment.model(dimension: data.dimension).network == experiment.model(dimension: dimension).network
    else {
      throw ExperimentError.configuration(
        Place("network"), "differs from that of the run to begin with: take over its network and process sections")
    }
  }
}
