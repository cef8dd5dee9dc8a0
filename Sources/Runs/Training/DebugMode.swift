internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

/// `--debug` and `--hashes-at`: what is looked at while a run takes its ordinary steps.
///
/// Looking changes nothing: checkpoints and samples have the same bytes with and without it.
final class DebugMode {
  private let isDebug: Bool
  private let hashSteps: Set<Int>
  private let folder: RunFolder
  private let communicator: Communicator
  private let trainer: Trainer
  private let recorder: DebugRecorder
  private let firstStep: Int
  private let say: (String) -> Void

  /// Nil where nothing is to be looked at.
  init?(_ request: TrainingRequest, _ run: TrainingRun, say: @escaping (String) -> Void) {
    guard request.debug || !request.hashSteps.isEmpty else { return nil }
    isDebug = request.debug
    hashSteps = Set(request.hashSteps)
    folder = run.folder
    communicator = run.communicator
    trainer = run.trainer
    recorder = DebugRecorder(run.trainer)
    firstStep = run.trainer.step + 1
    self.say = say
  }

  /// Refuses what cannot be: debug mode on several ranks, hashes of steps that will not be taken.
  package static func check(_ request: TrainingRequest, _ communicator: Communicator) throws {
    try communicator.agree {
      if request.debug, communicator.size > 1 {
        throw ToolError.usage(
          "--debug is for one process, but mpirun started \(communicator.size): leave mpirun out; "
            + "--hashes-at STEP records a step's hashes on any number of ranks")
      }
    }
  }

  /// Refuses steps whose hashes could never be recorded.
  package static func check(hashSteps: [Int], among steps: ClosedRange<Int>) throws {
    guard let wrong = hashSteps.first(where: { !steps.contains($0) }) else { return }
    throw ToolError.usage(
      "--hashes-at \(wrong): this run takes steps \(steps.lowerBound) to \(steps.upperBound); name one of them")
  }

  /// Before a step: on the first, gradients are compared with finite differences.
  func prepare() throws {
    let step = trainer.step + 1
    trainer.observer = isDebug || hashSteps.contains(step) ? recorder : nil
    guard isDebug, step == firstStep else { return }
    trainer.rehearseStep()
    // What is not finite has no differences; the step itself will name the layer.
    guard NonFinite.find(recorder.records(of: trainer)) == nil else { return }
    let check = trainer.checkGradient()
    say(check.table(step: step))
    if let row = check.contradiction {
      throw ToolError.fault(
        "step \(step): the gradient of \(row.tensor)\(row.index) is \(row.gradient), but differences of the loss give "
          + "\(row.difference) ± \(row.uncertainty)")
    }
  }

  /// Shows the layers of a step that went wrong, before the run skips it, goes back or ends.
  func showFault(step: Int) {
    guard isDebug else { return }
    let records = recorder.records(of: trainer)
    say(records.summary(step: step, hash: ShardRecord.hash(of: records.map(\.hash)), isFirst: true, trainer))
  }

  /// After a step: writes its hashes, or compares them with those there.
  package func record(step: Int) throws {
    guard trainer.observer != nil else { return }
    let records = recorder.records(of: trainer)
    let file = DebugFile(step: step, records: try communicator.allGather(DebugFile.lines(records)))
    let verdict = try communicator.agree { communicator.isRoot ? try keep(file, step: step) : "" }
    let all = ShardRecord.hash(of: (file.hashes ?? []).map { ShardRecord.hash(of: $0) })
    if isDebug {
      say(records.summary(step: step, hash: all, isFirst: step == firstStep, trainer) + verdict)
    } else {
      say("step \(step): gradient hashes \(all) in \(folder.debug(step: step))")
    }
  }

  private func keep(_ file: DebugFile, step: Int) throws -> String {
    let path = folder.debug(step: step)
    if isDebug, let bytes = try? readFile(path, atMost: 1 << 28, otherwise: { _ in .data(Place(path), "is too long") })
    {
      let text = String(decoding: bytes, as: UTF8.self)
      guard let difference = file.difference(from: DebugFile(text: text)) else { return ", as recorded" }
      let own = folder.debug(step: step, replayed: true)
      try folder.write(file.text, to: own)
      throw ToolError.data(
        Place(path),
        "step \(step), shard \(difference.shard), layer \(difference.layer): the recorded gradient has hash "
          + "\(difference.recorded), this process computes \(difference.found); compare with \(own)")
    }
    try folder.createDebugFolder()
    try folder.write(file.text, to: path)
    return ""
  }
}

extension RunFolder {
  /// Hashes of steps.
  package var debug: String { path + "/debug" }

  /// The hashes of a step; those of a replay that differs from it stand beside.
  package func debug(step: Int, replayed: Bool = false) -> String {
    debug + "/step-" + padded(step) + (replayed ? "-replayed" : "") + ".json"
  }

  /// Makes the folder of hashes where it is not there.
  func createDebugFolder() throws {
    try makeFolder(debug)
  }
}
