internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Sampling
internal import Targets

/// Draws by the exact score of a built-in target, without a run.
///
/// - Returns: one line for people, on rank 0.
func sampleExactly(_ request: SampleRequest, _ communicator: Communicator) throws -> String {
  let (experiment, target) = try communicator.agree { () throws -> (Experiment, any Target) in
    let experiment = try Experiment(contentsOf: request.source, settings: request.settings)
    guard let target = try experiment.target() else {
      throw ToolError.usage("--score exact needs data.target: a file's score is not known")
    }
    try request.checkSampler(experiment.sampling)
    try request.checkCompletion(experiment.sampling)
    guard experiment.data.columns.isEmpty else {
      throw ToolError.usage("--score exact: exact scores are of plain numbers; leave data.columns out")
    }
    return (experiment, target)
  }
  let process = experiment.process.make()
  let standardisation =
    experiment.data.standardise ? target.standardisation : Standardisation.identity(target.dimension)
  let data = DataSet.Description(
    dimension: target.dimension, rows: 0, columnNames: nil, standardisation: standardisation,
    constantColumns: [Bool](repeating: false, count: target.dimension), fingerprint: "")
  let file = request.output ?? experiment.name + "-exact.npy"
  try communicator.agree { if communicator.isRoot { try request.checkPlaces(file, isRuns: false, inputs: []) } }
  if case .chain(let kind) = experiment.sampling.sampler {
    return try runChains(kind, request, experiment, target, data, file, communicator)
  }
  let score = try communicator.agree { () throws -> any Score in
    guard let score = target.score(under: process, in: standardisation) else {
      throw ToolError.usage("--score exact: the score of \(experiment.data.target?.rawValue ?? "") is not known")
    }
    return score
  }
  let conditions = try communicator.agree { try SampleConstraints(request, data) }
  for line in conditions.remarks { announce(line, communicator) }
  func opened(_ score: some Score) throws -> String {
    if let table = request.completed {
      return try complete(table, request, experiment, data, score, inputs: [], communicator)
    }
    var score = score
    return try draw(request, experiment, data, &score, conditions, file, communicator)
  }
  return try opened(score)
}
