package import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// What a user asks of `sgm-evaluate`.
package struct EvaluateRequest: Sendable {
  /// A run folder, a file of samples, or a target's name for exact draws of it.
  package var samples: String
  /// A target's name, a file, or `nil` for what the run was trained on.
  package var against: String?
  /// The metrics, separated by commas; `nil` for those of the experiment.
  package var metrics: String?
  /// `key=value` settings of the `evaluation` section, and `data.dimension` for a target.
  package var settings: [String] = []

  /// All settings: the metrics are one of them.
  var allSettings: [String] { settings + (metrics.map { ["evaluation.metrics=\($0)"] } ?? []) }

  /// A request with the defaults.
  package init(samples: String) { self.samples = samples }
}

/// The names of all metrics.
package var metricNames: [String] { Metric.allCases.map(\.rawValue) }

/// Runs `sgm-evaluate` on all ranks.
///
/// - Returns: a table for people, and JSON lines for programs.
package func evaluate(_ request: EvaluateRequest, _ communicator: Communicator) throws -> (table: String, json: String)
{
  var isFolder: ObjCBool = false
  let exists = unsafe FileManager.default.fileExists(atPath: request.samples, isDirectory: &isFolder)
  if exists, isFolder.boolValue { return try evaluateRun(request, communicator) }
  _ = try agreeOnInstructionSet(nil, communicator)
  let (samples, truth, experiment) = try communicator.agree { try open(request, exists: exists) }
  let judging = Judging(communicator: communicator, section: experiment.evaluation, seed: experiment.seed)
  return render(try judging.judge(samples.value, against: truth))
}

/// Samples and truth, each a file or a target's draws.
private func open(
  _ request: EvaluateRequest, exists: Bool
) throws -> (samples: MatrixBox, truth: Truth, experiment: Experiment) {
  let targets = TargetKind.allCases.map(\.rawValue)
  let isLaw = !exists && targets.contains(request.samples)
  var samples = isLaw ? nil : MatrixBox(try Matrix(openRows(request.samples)))
  guard let against = request.against else {
    throw ExperimentError.usage("--against is needed for a file of samples: a target's name or a file")
  }
  let isFile = FileManager.default.fileExists(atPath: against)
  guard isFile || targets.contains(against) else {
    throw ExperimentError.usage(
      "--against \(against): is neither a file nor a target; the targets are \(targets.joined(separator: ", "))")
  }
  let dimension = samples.map { ", dimension: \($0.value.columns)" } ?? ""
  let source = isFile ? "data: {file: \(escaped(against))}" : "data: {target: \(against)\(dimension)}"
  let experiment = try Experiment(yaml: source + "\n", file: "--against", settings: request.allSettings)
  let target = try experiment.target()
  let truth = try target.map { try Truth(target: $0, experiment) } ?? Truth(rows: Matrix(openRows(against)))
  if isLaw { samples = try draws(of: request.samples, dimension: truth.samples.dimension, experiment) }
  guard let samples else { throw ExperimentError.fault("neither a file of samples nor a target") }
  guard truth.samples.dimension == samples.value.columns else {
    throw ExperimentError.data(
      Place(request.samples), "has \(samples.value.columns) columns, but \(against) has \(truth.samples.dimension)")
  }
  return (samples, truth, experiment)
}

/// Exact draws of a law in place of samples: what a perfect sampler would be judged as.
private func draws(of name: String, dimension: Int, _ experiment: Experiment) throws -> MatrixBox {
  guard let kind = TargetKind(rawValue: name) else { throw ExperimentError.fault("no target is called \(name)") }
  guard kind.dimensions.contains(dimension) else {
    throw ExperimentError.usage("\(TargetError.dimension(dimension, of: kind))")
  }
  let target = try kind.make(dimension: dimension)
  var rows = Matrix(rows: experiment.evaluation.count, columns: dimension)
  target.drawData(RandomStream(seed: experiment.seed, purpose: .benchmark), firstIndex: 0, into: &rows)
  return MatrixBox(rows)
}

private func evaluateRun(
  _ request: EvaluateRequest, _ communicator: Communicator
) throws -> (table: String, json: String) {
  let folder = RunFolder(request.samples)
  let (header, step) = try Checkpoint.newestHeader(in: folder, communicator)
  try followInstructionSet(header.instructionSet, communicator)
  let experiment = try communicator.agree {
    try Experiment(yaml: header.experiment.yaml, file: folder.experiment, settings: request.allSettings)
  }
  let name = try folder.newestSamples(communicator)
  let base = try communicator.fromRoot { folder.base() }
  let source = try DataSource.open(experiment, base: base, communicator)
  let most = max(experiment.evaluation.count, RunRecord.mostRows)
  let samples = try communicator.agree {
    MatrixBox(try Matrix(openRows(folder.samples + "/" + name), less: header.data.origin, most: most))
  }
  var judged = JudgedRun(folder: folder, experiment: experiment, data: header.data, source: source, samples: samples)
  if experiment.evaluation.metrics.contains(.likelihood) {
    judged.network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  }
  let verdicts = try judged.judge(communicator)
  try communicator.agree { [judged] in
    guard communicator.isRoot else { return }
    try judged.keep(verdicts)
    try judged.writeReport(verdicts, step: step, samplesFile: name)
  }
  return render(verdicts)
}
