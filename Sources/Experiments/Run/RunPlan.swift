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
    initial = try request.initialise.map { try CheckpointBox(Checkpoint.newest(in: RunFolder($0), communicator)) }
    (experiment, folder, base, checkpoint, isReplay) = start
    // Said before training, not after it.
    try communicator.agree { [experiment] in try experiment.checkSamplerTakesScore() }
  }

  private static func start(
    _ request: TrainingRequest, _ communicator: Communicator
  ) throws -> (Experiment, RunFolder, String, CheckpointBox?, Bool) {
    switch request.start {
    case .experiment(let file):
      let experiment = try communicator.agree { try Experiment(contentsOf: file, settings: request.settings) }
      let folder = RunFolder(request.output ?? "runs/" + experiment.name)
      return (experiment, folder, parentFolder(of: file), nil, false)
    case .cell(let experiment, let base):
      return (experiment, RunFolder(request.output ?? "runs/" + experiment.name), base, nil, false)
    case .resume(let run):
      let folder = RunFolder(run)
      let base = String(decoding: try communicator.fromRoot { Array(folder.base().utf8) }, as: UTF8.self)
      guard try !isWithoutCheckpoint(folder, communicator) else {
        let experiment = try communicator.agree {
          try Experiment(contentsOf: folder.experiment, settings: request.settings)
        }
        return (experiment, folder, base, nil, false)
      }
      let replayed = try communicator.agree { try replayedStep(request, folder) }
      let checkpoint = try CheckpointBox(Checkpoint.newest(in: folder, step: replayed, communicator))
      let before = checkpoint.value.header.experiment
      let experiment = try communicator.agree { () throws -> Experiment in
        let changed = try Experiment(yaml: before.yaml, file: folder.experiment, settings: request.settings)
        try changed.checkResume(of: before, allowingData: request.allowsDataChange)
        if replayed == nil { try changed.checkLength(after: checkpoint.value.state.step, until: request.until) }
        return changed
      }
      return (experiment, folder, base, checkpoint, replayed != nil)
    }
  }

  /// Whether the run died before its first checkpoint: it begins again.
  private static func isWithoutCheckpoint(_ folder: RunFolder, _ communicator: Communicator) throws -> Bool {
    let answer = try communicator.fromRoot {
      let latest = folder.checkpoints + "/latest"
      let isEmpty = CheckpointStore.steps(in: folder).isEmpty && !FileManager.default.fileExists(atPath: latest)
      return [isEmpty && FileManager.default.fileExists(atPath: folder.experiment) ? 1 : 0]
    }
    return answer == [1]
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
  /// The newest checkpoint that is whole, or that of `step`; the root says which, so that all ranks read the same.
  ///
  /// Damaged ones are named on standard error.
  static func newest(in folder: RunFolder, step: Int? = nil, _ communicator: Communicator) throws -> Checkpoint {
    let names = try communicator.fromRoot {
      let files = try step.map { [try CheckpointStore.file(in: folder, step: $0)] }
      return Array(try (files ?? CheckpointStore.candidates(in: folder)).joined(separator: "\n").utf8)
    }
    let files = String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init)
    for (index, file) in files.enumerated() {
      do {
        var checkpoint: Checkpoint?
        try communicator.agree { checkpoint = try Checkpoint(contentsOf: file) }
        if let checkpoint = checkpoint.take() { return checkpoint }
      } catch let error as any StatusError {
        // What is no file's fault, or has nothing to fall back on, ends the run.
        let isFiles = error.status == ExitStatus.dataErr.rawValue || error.status == ExitStatus.noInput.rawValue
        guard isFiles, index + 1 < files.count else { throw error }
        if communicator.isRoot {
          writeText(
            "warning: \(printableLines(error.description)); going back to \(files[index + 1])\n", to: STDERR_FILENO)
        }
      }
    }
    throw ExperimentError.fault("no checkpoint was read")
  }
}

extension Experiment {
  /// Refuses an end that the run has gone past.
  fileprivate func checkLength(after step: Int, until: Int?) throws {
    if training.steps < step {
      throw ExperimentError.configuration(
        Place("training.steps"), "is \(training.steps), but the run has reached step \(step): set at least that")
    }
    if let until, until < step {
      throw ExperimentError.usage("--until \(until): the run has reached step \(step)")
    }
  }

  /// Refuses changes of anything but run length, logging, checkpoints, sampling and evaluation.
  ///
  /// - Parameters:
  ///   - before: the experiment of the checkpoint.
  ///   - allowingData: whether the data may change as well.
  /// - Throws: `ExperimentError.configuration` that names them all.
  func checkResume(of before: Experiment, allowingData: Bool = false) throws {
    let refused = changes(from: before).filter { !allowingData || !$0.hasPrefix("data.") }
    guard let first = refused.first else { return }
    throw ExperimentError.configuration(
      Place(first), "cannot change on resume (\(refused.joined(separator: ", "))): start a new run, or drop the setting"
    )
  }
}

extension Checkpoint.Header {
  /// Refuses other data than the run began with, unless they are allowed to change.
  func check(
    _ data: DataSet.Description, instructionSet: String, allowingData: Bool, warn: (String) -> Void
  ) throws {
    if self.data.fingerprint != data.fingerprint {
      let problem = "is not the data that the run began with: \(self.data.differences(to: data))"
      guard allowingData, self.data.dimension == data.dimension else {
        throw ExperimentError.configuration(
          Place(experiment.data.file ?? "data"),
          problem + (allowingData ? "" : "; bring it back, or go on with the new data by --allow-data-change"))
      }
      warn("the data \(problem); the scaling of the old data is kept")
    }
    if self.instructionSet != instructionSet {
      warn(
        "the checkpoint was made with instruction set \(self.instructionSet), this is \(instructionSet): "
          + "the last bits may differ; pin it by --isa \(self.instructionSet)")
    }
  }

  /// Refuses to begin with a network of another shape.
  func checkNetwork(_ experiment: Experiment, dimension: Int) throws {
    let (theirs, own) = (self.experiment.model(dimension: data.dimension), experiment.model(dimension: dimension))
    guard theirs.network == own.network else {
      throw ExperimentError.configuration(
        Place("network"), "differs from that of the run to begin with: take over its network and process sections")
    }
    guard theirs.frequencies == own.frequencies else {
      throw ExperimentError.configuration(
        Place("seed"),
        "draws other Fourier frequencies than those that the run to begin with has learned on: set seed to "
          + "\(self.experiment.seed)")
    }
  }
}

extension DataSet.Description {
  /// Each thing in which other data differ, in words.
  func differences(to other: DataSet.Description) -> String {
    var parts: [String] = []
    if rows != other.rows { parts.append("\(other.rows) rows to train on, not \(rows)") }
    if dimension != other.dimension { parts.append("\(other.dimension) columns, not \(dimension)") }
    if columnNames != other.columnNames { parts.append("other column names") }
    return (parts + ["fingerprint \(other.fingerprint), not \(fingerprint)"]).joined(separator: "; ")
  }
}
