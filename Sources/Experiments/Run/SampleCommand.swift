public import Communication
internal import Diffusion
internal import LinearAlgebra
internal import Sampling
internal import Targets
internal import Training

/// What a user asks of `sgm-sample`.
public struct SampleRequest: Sendable {
  /// A run folder, or an experiment file where the score is exact.
  public var source: String
  /// Whether to use the target's exact score.
  public var isExact = false
  /// The number of samples; by default the experiment's.
  public var count: Int?
  /// The NPY file; by default in the run's `samples`, or `NAME-exact.npy`.
  public var output: String?
  /// The checkpoint's step; by default the newest.
  public var checkpoint: Int?
  /// `key=value` settings, such as `sampling.sampler=splitting`.
  public var settings: [String] = []

  /// A request with the defaults.
  public init(source: String) { self.source = source }
}

/// Runs `sgm-sample` on all ranks.
///
/// - Returns: one line for people, on rank 0.
public func sample(_ request: SampleRequest, _ communicator: Communicator) throws -> String {
  request.isExact ? try sampleExactly(request, communicator) : try sampleRun(request, communicator)
}

private func sampleRun(_ request: SampleRequest, _ communicator: Communicator) throws -> String {
  let folder = RunFolder(request.source)
  _ = try agreeOnInstructionSet(nil, communicator)
  let checkpoint = try Checkpoint.newest(in: folder, step: request.checkpoint, communicator)
  let experiment = try communicator.agree { () throws -> Experiment in
    let changed = try Experiment(
      yaml: checkpoint.header.experiment.yaml, file: folder.experiment, settings: request.settings)
    try changed.checkResume(of: checkpoint.header.experiment)
    return changed
  }
  let data = checkpoint.header.data
  let model = experiment.model(dimension: data.dimension)
  var average = Matrix(rows: 1, columns: checkpoint.state.average.columns)
  average.copy(from: checkpoint.state.average)
  var score = NetworkScore(model: model, parameters: average)
  var generator = experiment.generator(process: model.process, dimension: data.dimension)
  let file = request.output ?? folder.samples(step: checkpoint.state.step)
  try communicator.agree { try folder.refuseLinks() }
  return try draw(request, experiment, data, &score, &generator, file, communicator)
}

private func sampleExactly(_ request: SampleRequest, _ communicator: Communicator) throws -> String {
  let (experiment, target) = try communicator.agree { () throws -> (Experiment, any Targets.Target) in
    let experiment = try Experiment(contentsOf: request.source, settings: request.settings)
    guard let target = try experiment.target() else {
      throw ExperimentError.usage("--score exact needs data.target: a file's score is not known")
    }
    return (experiment, target)
  }
  let process = experiment.process.make()
  let standardisation =
    experiment.data.standardise ? target.standardisation : Standardisation.identity(target.dimension)
  let score = try communicator.agree { () throws -> any Score in
    guard let score = target.score(under: process, in: standardisation) else {
      throw ExperimentError.usage("--score exact: the score of \(experiment.data.target?.rawValue ?? "") is not known")
    }
    return score
  }
  let data = DataSet.Description(
    dimension: target.dimension, rows: 0, columnNames: nil, standardisation: standardisation,
    constantColumns: [Bool](repeating: false, count: target.dimension), fingerprint: "")
  var generator = experiment.generator(process: process, dimension: target.dimension)
  let file = request.output ?? experiment.name + "-exact.npy"
  func opened(_ score: some Score) throws -> String {
    var score = score
    return try draw(request, experiment, data, &score, &generator, file, communicator)
  }
  return try opened(score)
}

private func draw(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ score: inout some Score,
  _ generator: inout Generator, _ file: String, _ communicator: Communicator
) throws -> String {
  let count = request.count ?? experiment.sampling.count
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  let writer = SampleWriter(communicator: communicator, description: data)
  let summary = try writer.write(
    count: count, score: &score, generator: &generator, to: file, progress: { display.sampling($0) })
  return
    "\(count) samples by \(experiment.sampling.sampler.rawValue), \(summary.evaluationsPerSample) evaluations each, "
    + "in \(duration(summary.seconds)): \(file)"
}
