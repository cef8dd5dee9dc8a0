internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// What a run's newest samples are worth, and what is kept of it.
struct RunJudgement {
  let verdicts: [Judging.Verdict]
  /// Every row's likelihoods, where they were asked for.
  fileprivate let likelihoods: KeptRows?

  /// A table for people, and JSON lines for programs.
  var text: (table: String, json: String) { render(verdicts) }

  /// Records the figures in the run's folder, and brings its report up to date.
  func keep(in folder: RunFolder, reports: Bool = true) throws {
    try folder.refuseLinks()
    if let rows = likelihoods?.rows { try ArrayFileWriter.write(rows.value, to: folder.likelihood) }
    try folder.write(text.json, to: folder.judgements)
    if reports { try RunRecord(folder, allowsDataChange: true).writeReport() }
  }
}

/// Judges a run's newest samples; nothing is written.
///
/// - Parameters:
///   - experiment: says by what.
///   - data: what the run was trained on.
///   - folder: the run's.
///   - base: the folder that relative paths start from.
///   - allowsDataChange: whether other data may stand in for what the run was trained on.
///   - communicator: the ranks.
/// - Returns: the judgement, the same on every rank but for the times.
/// - Throws: `ExperimentError` where samples or data cannot be read, or the data are others.
func judgeRun(
  _ experiment: Experiment, _ data: DataSet.Description, _ folder: RunFolder, base: String,
  allowsDataChange: Bool = false, _ communicator: Communicator
) throws -> RunJudgement {
  // A folder's list may be old on other machines: one rank's counts.
  let name = try communicator.fromRoot {
    guard let newest = folder.newestSamples else {
      throw ExperimentError.unreadable(file: folder.samples + "/step-*.npy", ENOENT)
    }
    return newest
  }
  let (samples, truth) = try communicator.agree { () throws -> (MatrixBox, TruthBox) in
    let file = folder.samples + "/" + name
    let source = try openRows(file)
    guard source.dimension == data.dimension else {
      throw ExperimentError.data(
        Place(file), "has \(source.dimension) columns, but the run's data has \(data.dimension); draw the samples again"
      )
    }
    let truth = try Truth.of(experiment, base: base, trainedOn: data, allowsDataChange: allowsDataChange)
    return (MatrixBox(try Matrix(source, less: data.origin)), TruthBox(truth))
  }
  var judging = Judging(communicator: communicator, section: experiment.evaluation, seed: experiment.seed)
  if experiment.evaluation.metrics.contains(.likelihood) {
    judging.network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  }
  let verdicts = try judging.judge(samples.value, against: truth.value)
  return RunJudgement(verdicts: verdicts, likelihoods: judging.network?.kept)
}

/// One line or more on standard error, from the root.
func announce(_ text: String, _ communicator: Communicator) {
  if communicator.isRoot { writeText(printableLines(text) + "\n", to: STDERR_FILENO) }
}
