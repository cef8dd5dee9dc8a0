internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// Judges a run's newest samples, records the figures and brings the report up to date.
func judgeRun(
  _ experiment: Experiment, _ data: DataSet.Description, _ folder: RunFolder, base: String,
  reports: Bool = true, _ communicator: Communicator
) throws -> [Judging.Verdict] {
  // A folder's list may be old on other machines: one rank's counts.
  let name = try communicator.fromRoot {
    guard let newest = folder.newestSamples else {
      throw ExperimentError.unreadable(file: folder.samples + "/step-*.npy", ENOENT)
    }
    return Array(newest.utf8)
  }
  let (samples, truth) = try communicator.agree { () throws -> (MatrixBox, TruthBox) in
    let file = folder.samples + "/" + String(decoding: name, as: UTF8.self)
    return (MatrixBox(try Matrix(openRows(file))), TruthBox(try Truth.of(experiment, base: base, trained: true)))
  }
  var judging = Judging(communicator: communicator, section: experiment.evaluation, seed: experiment.seed)
  if experiment.evaluation.metrics.contains(.likelihood) {
    judging.network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  }
  var verdicts = try judging.judge(samples.value, against: truth.value)
  if let note = try communicator.agree({ try finalNoiseNote(experiment, data, truth.value.shown) }) {
    verdicts[verdicts.count - 1].notes.append(note)
  }
  try communicator.agree {
    guard communicator.isRoot else { return }
    try folder.refuseLinks()
    try folder.write(render(verdicts).json, to: folder.judgements)
    if reports { try RunRecord(folder).writeReport() }
  }
  return verdicts
}
