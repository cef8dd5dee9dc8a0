internal import Configuration
internal import Foundation

extension RunFolder {
  /// Whether the run is trained, sampled and judged as the experiment says.
  func isFinished(as experiment: Experiment) -> Bool {
    guard let newest = try? CheckpointStore.file(in: self) else { return false }
    let isAtEnd = newest.hasSuffix("/" + CheckpointStore.name(step: experiment.training.steps))
    let isJudged = FileManager.default.fileExists(atPath: judgements)
    return isAtEnd && isJudged && (try? String(contentsOfFile: self.experiment, encoding: .utf8)) == experiment.yaml
  }
}
