internal import Configuration
internal import Foundation

extension RunFolder {
  /// Whether the run is trained, sampled and judged as the experiment says.
  func isFinished(as experiment: Experiment) -> Bool {
    guard let newest = try? CheckpointStore.file(in: self) else { return false }
    // With `training.stop_after` the end may come before the last step: the run has said that it came.
    let isAtEnd =
      newest.hasSuffix("/" + CheckpointStore.name(step: experiment.training.steps))
      || experiment.training.stopAfter > 0 && StatusRecord(in: self)?.state == .complete
    let isJudged = FileManager.default.fileExists(atPath: judgements)
    return isAtEnd && isJudged && (try? String(contentsOfFile: self.experiment, encoding: .utf8)) == experiment.yaml
  }
}
