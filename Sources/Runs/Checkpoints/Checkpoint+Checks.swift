internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import Networks
internal import Reports
internal import Training

extension Checkpoint.Header {
  /// Says where the folder's `experiment.yaml` differs from the checkpoint's: a change there has no effect.
  func warnOfEdits(in folder: RunFolder, warn: (String) -> Void) {
    guard FileManager.default.fileExists(atPath: folder.experiment) else { return }
    do {
      let edited = try Experiment(contentsOf: folder.experiment)
      let keys = ExperimentKey.all.filter { $0.get(edited) != $0.get(experiment) }.map(\.path)
      guard !keys.isEmpty else { return }
      warn(
        "\(folder.experiment) differs from the newest checkpoint in \(keys.joined(separator: ", ")), and the checkpoint's "
          + "values are used; change keys by --set")
    } catch {
      warn("\(folder.experiment) cannot be read, and the checkpoint's values are used: \(error)")
    }
  }

  /// Refuses other data than the run began with, unless they are allowed to change.
  package func check(
    _ data: DataSet.Description, allowingData: Bool, warn: (String) -> Void
  ) throws {
    if self.data.fingerprint != data.fingerprint || self.data.columnNames != data.columnNames {
      let problem = "is not the data that the run began with: \(self.data.differences(to: data))"
      guard allowingData, self.data.dimension == data.dimension else {
        throw ToolError.configuration(
          Place(experiment.data.origin),
          problem + (allowingData ? "" : "; bring it back, or go on with the new data by --allow-data-change"))
      }
      warn("the data \(problem); the scaling of the old data is kept")
    }
    if let formerInstructionSet {
      warn(
        "the checkpoint is by an earlier version, which rounded products as \(printable(formerInstructionSet)) does: the "
          + "run goes on, and its last bits are no longer that version's")
    }
  }

  /// Refuses to begin with a network of another shape.
  func checkNetwork(_ experiment: Experiment, _ data: DataSet.Description) throws {
    let theirs = self.experiment.architecture(of: self.data)
    let own = experiment.architecture(of: data)
    // Words' shares are those of each run's rows: the logits of both say what these shares do not.
    guard theirs.isShaped(as: own), self.experiment.process.chain == experiment.process.chain else {
      throw ToolError.configuration(
        Place("network"), "differs from that of the run to begin with: take over its network and process sections")
    }
    let seed = self.experiment.seed
    guard theirs.embedding.frequencies(seed: seed) == own.embedding.frequencies(seed: experiment.seed) else {
      throw ToolError.configuration(
        Place("seed"),
        "draws other Fourier frequencies than those that the run to begin with has learned on: set seed to "
          + "\(self.experiment.seed)")
    }
  }
}
