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
    return newest
  }
  let (samples, truth) = try communicator.agree { () throws -> (MatrixBox, TruthBox) in
    let file = folder.samples + "/" + name
    let truth = try Truth.of(experiment, base: base, trained: true, less: data.origin)
    return (MatrixBox(try Matrix(openRows(file), less: data.origin)), TruthBox(truth))
  }
  var judging = Judging(communicator: communicator, section: experiment.evaluation, seed: experiment.seed)
  if experiment.evaluation.metrics.contains(.likelihood) {
    judging.network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  }
  let verdicts = try judging.judge(samples.value, against: truth.value)
  try communicator.agree {
    guard communicator.isRoot else { return }
    try folder.refuseLinks()
    try folder.write(render(verdicts).json, to: folder.judgements)
    if reports { try RunRecord(folder).writeReport() }
  }
  return verdicts
}
