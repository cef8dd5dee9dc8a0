internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Reports
internal import Training

/// The negative log-likelihood of given rows under a run's network: −log q(θ|x) where it was trained with conditions.
///
/// A row's value and its standard error over draws go to the file of `--output`, in the rows' order.
func evaluateRows(_ request: EvaluateRequest, _ file: String, _ communicator: Communicator) throws -> Evaluation {
  let folder = RunFolder(request.samples)
  let header = try Checkpoint.newestHeader(in: folder, communicator).header
  try checkProcessor(communicator)
  let experiment = try communicator.agree { () throws -> Experiment in
    if let other = request.metrics?.split(separator: ",").first(where: { $0 != Metric.likelihood.rawValue }) {
      throw ToolError.usage("--rows gives the nll of the file's rows; --metrics \(other) does not go with it")
    }
    if let output = request.output, SampleTable.separator(of: output) == nil, !output.lowercased().hasSuffix(".npy") {
      throw ToolError.usage("--output \(output): end the name in .npy, .csv or .tsv")
    }
    guard header.experiment.training.teacher == nil else {
      throw ToolError.usage("--rows: a student maps noise to samples and has no density; ask its teacher")
    }
    return try header.experiment.changed(by: request.settings, file: folder.experiment)
  }
  let network = try NetworkLikelihood.newest(in: folder, experiment, communicator)
  let (rows, remarks) = try communicator.agree { () throws -> (MatrixBox, [String]) in
    try network.check()
    let data = network.data
    let source = try data.rows(of: file, experiment)
    guard source.dimension == data.dimension + data.conditions else {
      let conditions = data.conditions > 0 ? " and \(counted(data.conditions, "condition"))" : ""
      throw ToolError.data(
        Place(file),
        "has \(counted(source.dimension, "column")), but the run learned \(counted(data.dimension, "column"))"
          + "\(conditions), in that order")
    }
    let rows = try Matrix(source, less: data.wholeOrigin)
    try data.refuseOtherKinds(rows, in: file)
    return (MatrixBox(rows), source.remarks)
  }
  for line in remarks { announce(line, communicator) }
  let start = Stopwatch.now
  let values = try network.values(of: rows.value, communicator)
  try communicator.agree {
    guard communicator.isRoot, let output = request.output else { return }
    try writeLikelihoods(values, to: output)
  }
  let settled = values.filter { $0.mean.isFinite }.map(\.mean)
  try communicator.agree {
    guard settled.isEmpty else { return }
    throw ToolError.data(
      Place(file), "no row has an NLL that settles at the most steps tried; take more evaluation.likelihood_steps")
  }
  let judgements = network.judgements(
    Spread(errorOf: settled), count: settled.count, rowsOfSamples: values.count)
  let verdict = Judging.Verdict(judgements: judgements, seconds: Stopwatch.now - start)
  let (table, json) = render([verdict])
  var kept = request
  kept.output = nil
  return Evaluation(table: table, json: json, request: kept)
}

/// Two columns: a row's NLL and its standard error over draws, nan for a row without a value.
private func writeLikelihoods(_ values: [Spread], to path: String) throws(ToolError) {
  guard let separator = SampleTable.separator(of: path) else {
    var table = RowBlock(rows: values.count, columns: 2)
    for (r, value) in values.enumerated() { (table[r, 0], table[r, 1]) = (value.mean, value.deviation) }
    return try ArrayFileWriter.write(table, to: path)
  }
  let lines = values.map { "\($0.mean)\(separator)\($0.deviation)\n" }.joined()
  try AtomicFile.write("nll\(separator)standard_error\n" + lines, to: path)
}
