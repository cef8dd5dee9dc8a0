internal import Communication
internal import Foundation
internal import Training

/// What a run is to do, agreed on by all ranks: the experiment and what it starts from.
struct RunPlan {
  let experiment: Experiment
  let folder: RunFolder
  /// The folder that the experiment's relative paths start from.
  let base: String
  /// The checkpoint to go on from.
  let checkpoint: CheckpointBox?
  /// The checkpoint whose averaged parameters to begin with.
  let initial: CheckpointBox?
  /// Whether steps before the newest checkpoint are gone through again.
  let isReplay: Bool

  init(_ request: TrainingRequest, _ communicator: Communicator) throws {
    let start = try Self.start(request, communicator)
    let initial = try request.initialise.map { try CheckpointBox(Checkpoint.newest(in: RunFolder($0), communicator)) }
    (experiment, folder, base, checkpoint, isReplay) = start
    self.initial = initial
  }

  private static func start(
    _ request: TrainingRequest, _ communicator: Communicator
  ) throws -> (Experiment, RunFolder, String, CheckpointBox?, Bool) {
    switch request.start {
    case .experiment(let file):
      let experiment = try communicator.agree { try Experiment(contentsOf: file, settings: request.settings) }
      let folder = RunFolder(request.output ?? "runs/" + experiment.name)
      return (experiment, folder, (file as NSString).deletingLastPathComponent, nil, false)
    case .cell(let experiment, let base):
      return (experiment, RunFolder(request.output ?? "runs/" + experiment.name), base, nil, false)
    case .resume(let run):
      let folder = RunFolder(run)
      let replayed = try communicator.agree { try replayedStep(request, folder) }
      let checkpoint = try CheckpointBox(Checkpoint.newest(in: folder, step: replayed, communicator))
      let before = checkpoint.value.header.experiment
      let experiment = try communicator.agree { () throws -> Experiment in
        let changed = try Experiment(yaml: before.yaml, file: folder.experiment, settings: request.settings)
        try changed.checkResume(of: before)
        return changed
      }
      let base = try communicator.fromRoot { Array(folder.base().utf8) }
      return (experiment, folder, String(decoding: base, as: UTF8.self), checkpoint, replayed != nil)
    }
  }

  /// The checkpoint from which `--debug --until K` goes through step K again, if the run has gone past it.
  private static func replayedStep(_ request: TrainingRequest, _ folder: RunFolder) throws -> Int? {
    guard request.debug, let until = request.until else { return nil }
    let newest = try CheckpointStore.file(in: folder)
    let steps = CheckpointStore.steps(in: folder)
    guard let last = steps.first(where: { newest.hasSuffix(CheckpointStore.name(step: $0)) }), until <= last else {
      return nil
    }
    guard let start = steps.last(where: { $0 < until }) else {
      throw ExperimentError.usage(
        "--until \(until): \(folder.checkpoints) has no checkpoint before that step, the first is of step "
          + "\(steps.first ?? last); keep earlier ones by checkpoints.keep_every")
    }
    return start
  }
}

/// A checkpoint that tuples and optionals can hold.
final class CheckpointBox: Sendable {
  let value: Checkpoint
  init(_ value: consuming Checkpoint) { self.value = value }
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
      Place(first), "cannot change on resume (\(refused.joined(separator: ", "))): start a new run, or drop the setting"
    )
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
