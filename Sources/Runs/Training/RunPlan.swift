internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

/// What a run is to do, agreed on by all ranks: the experiment and what it starts from.
struct RunPlan {
  package let experiment: Experiment
  package let folder: RunFolder
  /// The folder that the experiment's relative paths start from.
  package let base: String
  /// The checkpoint to go on from.
  package let checkpoint: CheckpointBox?
  /// The checkpoint whose averaged parameters to begin with.
  package let initial: CheckpointBox?
  /// Whether steps before the newest checkpoint are gone through again.
  let isReplay: Bool
  /// Whether the folder holds the run already.
  let isResumed: Bool

  init(_ request: TrainingRequest, _ communicator: Communicator) throws {
    let start = try Self.start(request, communicator)
    initial = try request.initialise.map { try CheckpointBox(Checkpoint.newest(in: RunFolder($0), communicator)) }
    (experiment, folder, base, checkpoint, isReplay) = start
    isResumed = if case .resume = request.start { true } else { false }
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
    case .student(let run):
      let teacher = RunFolder(run)
      let header = try Checkpoint.newestHeader(in: teacher, communicator).header
      let base = try communicator.fromRoot { teacher.base() }
      let experiment = try communicator.agree {
        try header.experiment.student(
          of: relative(run, to: base), file: teacher.experiment, settings: request.settings)
      }
      return (experiment, RunFolder(request.output ?? "runs/" + experiment.name), base, nil, false)
    case .resume(let run):
      let folder = RunFolder(run)
      let base = try request.file.map(parentFolder(of:)) ?? communicator.fromRoot { folder.base() }
      guard try !isWithoutCheckpoint(folder, communicator) else {
        let experiment = try communicator.agree {
          try request.givenExperiment ?? Experiment(contentsOf: folder.experiment, settings: request.settings)
        }
        return (experiment, folder, base, nil, false)
      }
      let replayed = try communicator.agree { try replayedStep(request, folder) }
      let checkpoint = try CheckpointBox(Checkpoint.newest(in: folder, step: replayed, communicator))
      let before = checkpoint.value.header.experiment
      let experiment = try communicator.agree { () throws -> Experiment in
        let changed =
          try request.givenExperiment ?? before.changed(by: request.settings, file: folder.experiment)
        try changed.checkResume(of: before, allowingData: request.allowsDataChange)
        if replayed == nil { try changed.checkLength(after: checkpoint.value.state.step, until: request.until) }
        return changed
      }
      return (experiment, folder, base, checkpoint, replayed != nil)
    }
  }

  /// Whether the run died before its first checkpoint: it begins again.
  private static func isWithoutCheckpoint(_ folder: RunFolder, _ communicator: Communicator) throws -> Bool {
    try communicator.fromRoot {
      let latest = folder.checkpoints + "/latest"
      let isEmpty = CheckpointStore.steps(in: folder).isEmpty && !FileManager.default.fileExists(atPath: latest)
      return isEmpty && FileManager.default.fileExists(atPath: folder.experiment)
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
      throw ToolError.usage(
        "--until \(until): \(folder.checkpoints) has no checkpoint before that step, the first is of step "
          + "\(steps.first ?? last); keep earlier ones by checkpoints.keep_every")
    }
    return start
  }
}

extension Experiment {
  /// Refuses an end that the run has gone past.
  fileprivate func checkLength(after step: Int, until: Int?) throws {
    if training.steps < step {
      throw ToolError.configuration(
        Place("training.steps"), "is \(training.steps), but the run has reached step \(step): set at least that")
    }
    if let until, until < step {
      throw ToolError.usage("--until \(until): the run has reached step \(step)")
    }
  }
}
