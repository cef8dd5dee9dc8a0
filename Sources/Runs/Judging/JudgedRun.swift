internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// What of a run is judged.
struct JudgedRun {
  let folder: RunFolder
  let experiment: Experiment
  let data: DataSet.Description
  /// The run's data, opened with `experiment`.
  let source: DataSource
  /// The first samples in original units less the data's origin.
  let samples: MatrixBox
  /// The network, where its likelihood is asked for.
  var network: NetworkLikelihood?
  /// The same, where the bound of its reverse chain is asked for.
  var bound: NetworkLikelihood?
  /// The network as a posterior, where its calibration is asked for.
  var posterior: NetworkPosterior?

  /// Judges the samples and records the figures in the run's folder.
  func judge(_ communicator: Communicator) throws -> [Judging.Verdict] {
    guard !experiment.evaluation.metrics.isEmpty else { return [] }
    let truth = try communicator.agree { try Truth(source, less: data.origin, judged: samples.value.rows) }
    truth.columnNames = data.columnNames
    let judging = Judging(
      communicator: communicator, section: experiment.evaluation, seed: experiment.seed, network: network,
      bound: bound, posterior: posterior)
    var verdicts = try judging.judge(samples.value, against: truth)
    let note = try communicator.agree { try finalNoiseNote(experiment, data, truth.shown().value) }
    if let note { verdicts[verdicts.count - 1].notes.append(note) }
    return verdicts
  }

  /// Keeps the verdicts beside the samples that they speak of.
  func keep(_ verdicts: [Judging.Verdict]) throws {
    try folder.refuseLinks()
    if let rows = network?.kept.rows { try ArrayFileWriter.write(rows.value, to: folder.likelihood) }
    if let ranks = posterior?.kept.rows { try ArrayFileWriter.write(ranks.value, to: folder.calibration) }
    try folder.write(render(verdicts).json, to: folder.judgements)
  }
}

extension RunFolder {
  /// The newest samples' file, as one rank sees it: a folder's list may be old on other machines.
  func newestSamples(_ communicator: Communicator) throws -> String {
    try communicator.fromRoot { () throws -> String in
      guard let newest = newestSamples else {
        throw ToolError.unreadable(file: samples + "/step-*.npy", ENOENT)
      }
      return newest
    }
  }
}

/// One line or more on standard error, from the root.
func announce(_ text: String, _ communicator: Communicator) {
  if communicator.isRoot { writeText(printableLines(text) + "\n", to: STDERR_FILENO) }
}
