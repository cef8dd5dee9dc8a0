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
  /// A file of rows whose likelihood under the run's network is asked for, in place of the samples' distances.
  package var rows: String?
  /// `key=value` settings of the `evaluation` section, and `data.dimension` for a target.
  package var settings: [String] = []
  /// The file for the JSON lines.
  package var output: String?
  /// Whether a file of `output` that no such command has made may be replaced.
  package var overwrite = false
  /// Whether a run is judged although its data changed since it was trained.
  package var allowsDataChange = false

  /// All settings: the metrics are one of them.
  var allSettings: [String] { settings + (metrics.map { ["evaluation.metrics=\($0)"] } ?? []) }

  /// A request with the defaults.
  package init(samples: String) { self.samples = samples }
}

/// The names of all metrics.
package var metricNames: [String] { Metric.allCases.map(\.rawValue) }

/// What `sgm-evaluate` found.
package struct Evaluation {
  /// A table for people.
  package let table: String
  /// JSON lines for programs.
  package let json: String
  let request: EvaluateRequest
  /// What a run's own copies are made of.
  var run: (judged: JudgedRun, verdicts: [Judging.Verdict], step: Int, samples: String)?

  /// Writes the copies: the file of `--output`, and a run's own.
  ///
  /// A run's folder that cannot be written to is no error: the figures have been printed.
  ///
  /// - Throws: `ToolError` where the file of `--output` could not be written, the same on every rank.
  package func keep(_ communicator: Communicator) throws {
    try communicator.agree {
      guard communicator.isRoot else { return }
      if let output = request.output { try AtomicFile.write(json, to: output) }
      guard let run else { return }
      do {
        try run.judged.keep(run.verdicts)
        try run.judged.writeReport(run.verdicts, step: run.step, samplesFile: run.samples)
      } catch {
        announce("warning: the run keeps no copy of these figures: \(error)", communicator)
      }
    }
  }
}

/// Runs `sgm-evaluate` on all ranks.
///
/// - Returns: what is to be printed, and then kept.
package func evaluate(_ request: EvaluateRequest, _ communicator: Communicator) throws -> Evaluation {
  try communicator.agree {
    guard communicator.isRoot, let output = request.output else { return }
    let inputs = [request.samples, request.against, request.rows].compactMap { $0 } + RunFolder(request.samples).inputs
    try OutputFile.check(output, overwrite: request.overwrite, inputs: inputs) {
      OutputFile.holds("{\"metric\":", $0)
    }
  }
  if let rows = request.rows {
    try communicator.agree {
      guard !isFolder(request.samples) || request.against != nil else { return }
      throw ToolError.usage(
        "--rows \(rows): name a run, whose network gives the rows a likelihood, and no --against")
    }
    return try evaluateRows(request, rows, communicator)
  }
  let exists = FileManager.default.fileExists(atPath: request.samples)
  if isFolder(request.samples) { return try evaluateRun(request, communicator) }
  try checkProcessor(communicator)
  let (samples, truth, experiment) = try communicator.agree { try open(request, exists: exists, communicator) }
  try communicator.agree { try refuseNoMetrics(experiment) }
  let judging = Judging(communicator: communicator, section: experiment.evaluation, seed: experiment.seed)
  let (table, json) = render(try judging.judge(samples.value, against: truth))
  return Evaluation(table: table, json: json, request: request)
}

/// Samples and truth, each a file or a target's draws.
private func open(
  _ request: EvaluateRequest, exists: Bool, _ communicator: Communicator
) throws -> (samples: MatrixBox, truth: Truth, experiment: Experiment) {
  let targets = TargetKind.allCases.map(\.rawValue)
  let isLaw = !exists && targets.contains(request.samples)
  guard let against = request.against else {
    throw ToolError.usage("--against is needed for a file of samples: a target's name or a file")
  }
  let isFile = FileManager.default.fileExists(atPath: fileOnDisk(against))
  guard isFile || targets.contains(against) else {
    throw ToolError.usage(
      "--against \(against): is neither a file nor a target; the targets are \(targets.joined(separator: ", "))")
  }
  let header = try Experiment(
    yaml: "data: {file: a.csv}\n", file: "--set", settings: request.settings.filter { $0.hasPrefix("data.header=") }
  ).data.header
  let source = isLaw ? nil : try openRows(request.samples, header: header)
  let reference = isFile ? try openRows(against, header: header) : nil
  let remarks = reference?.remarks ?? []
  for line in remarks + (source?.remarks ?? []).filter({ !remarks.contains($0) }) { announce(line, communicator) }
  let origin = try reference.map(origin(of:)) ?? []
  if let source, let reference, source.dimension != reference.dimension {
    throw ToolError.data(
      Place(request.samples), "has \(counted(source.dimension, "column")), but \(against) has \(reference.dimension)")
  }
  var samples = try source.map { MatrixBox(try Matrix($0, less: origin)) }
  let dimension = samples.map { ", dimension: \($0.value.columns)" } ?? ""
  let data = isFile ? "data: {file: \(escaped(against))}" : "data: {target: \(against)\(dimension)}"
  let experiment = try Experiment(yaml: data + "\n", file: "--against", settings: request.allSettings)
  let target = try experiment.target()
  let truth =
    if let target {
      try Truth(target: target, experiment)
    } else if let reference {
      try Truth(
        rows: Matrix(reference, less: origin),
        classes: experiment.evaluation.classes.map { try readClasses($0, rows: reference.rows, of: against) },
        columnNames: reference.columnNames)
    } else {
      throw ToolError.fault("neither a target nor a file")
    }
  if isLaw { samples = try draws(of: request.samples, dimension: truth.samples.dimension, experiment) }
  guard let samples else { throw ToolError.fault("neither a file of samples nor a target") }
  guard truth.samples.dimension == samples.value.columns else {
    throw ToolError.data(
      Place(request.samples),
      "has \(counted(samples.value.columns, "column")), but \(against) has \(truth.samples.dimension)")
  }
  return (samples, truth, experiment)
}

private func refuseNoMetrics(_ experiment: Experiment) throws {
  guard experiment.evaluation.metrics.isEmpty else { return }
  throw ToolError.usage("evaluation.metrics is empty: name what to judge by with --metrics")
}

/// Exact draws of a law in place of samples: what a perfect sampler would be judged as.
private func draws(of name: String, dimension: Int, _ experiment: Experiment) throws -> MatrixBox {
  guard let kind = TargetKind(rawValue: name) else { throw ToolError.fault("no target is called \(name)") }
  guard kind.dimensions.contains(dimension) else {
    throw ToolError.usage("\(TargetError.dimension(dimension, of: kind))")
  }
  let target = try kind.make(dimension: dimension)
  var rows = Matrix(rows: experiment.evaluation.count, columns: dimension)
  target.drawData(RandomStream(seed: experiment.seed, purpose: .benchmark), firstIndex: 0, into: &rows)
  return MatrixBox(rows)
}

private func evaluateRun(_ request: EvaluateRequest, _ communicator: Communicator) throws -> Evaluation {
  if let against = request.against {
    try communicator.agree {
      throw ToolError.usage(
        "--against \(against): a run is judged against its own data; name one of its files in place of the run, such as "
          + "\(request.samples)/samples/step-000001000.npy")
    }
  }
  let folder = RunFolder(request.samples)
  let (header, step) = try Checkpoint.newestHeader(in: folder, communicator)
  try checkProcessor(communicator)
  if communicator.isRoot { header.warnOfEdits(in: folder) { announce("warning: " + $0, communicator) } }
  let experiment = try communicator.agree {
    try header.experiment.changed(by: request.allSettings, file: folder.experiment)
  }
  try communicator.agree { try refuseNoMetrics(experiment) }
  let name = try folder.newestSamples(communicator)
  let base = try communicator.fromRoot { folder.base() }
  let source = try DataSource.open(experiment, base: base, in: folder, communicator)
  try source.refuseOthers(than: header.data, allowsChange: request.allowsDataChange, communicator)
  let most = max(experiment.evaluation.count, RunRecord.mostRows)
  let samples = try communicator.agree { () throws -> MatrixBox in
    let file = folder.samples + "/" + name
    let rows = try openRows(file)
    guard rows.dimension == header.data.dimension else {
      throw ToolError.data(
        Place(file),
        "has \(counted(rows.dimension, "column")), but the run's data has \(header.data.dimension); draw samples again")
    }
    return MatrixBox(try Matrix(rows, less: header.data.origin, most: most))
  }
  var judged = JudgedRun(folder: folder, experiment: experiment, data: header.data, source: source, samples: samples)
  if experiment.evaluation.metrics.contains(.likelihood) {
    judged.network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  }
  if experiment.evaluation.metrics.contains(.chainBound) {
    judged.bound = try NetworkLikelihood.newest(in: folder, experiment, communicator).ofChain
  }
  if experiment.evaluation.metrics.contains(where: \.judgesPosterior) {
    judged.posterior = try NetworkPosterior.newest(in: folder, experiment, communicator)
  }
  let verdicts = try judged.judge(communicator)
  let (table, json) = render(verdicts)
  return Evaluation(
    table: table, json: json, request: request, run: (judged: judged, verdicts: verdicts, step: step, samples: name))
}
