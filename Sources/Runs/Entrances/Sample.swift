package import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets
internal import Training

/// Runs `sgm-sample` on all ranks.
///
/// - Returns: one line for people, on rank 0.
package func sample(_ request: SampleRequest, _ communicator: Communicator) throws -> String {
  if request.isExact { return try sampleExactly(request, communicator) }
  let simulated = try communicator.agree { try request.simulatedFile() }
  let (line, experiment) = try sampleRun(request, communicator)
  guard let simulated else { return line }
  return try line + "\n" + Simulations.make(request, experiment, to: simulated, communicator)
}

/// Draws from a run's network; the experiment is the run's with the request's settings.
private func sampleRun(_ request: SampleRequest, _ communicator: Communicator) throws -> (String, Experiment) {
  let folder = RunFolder(request.source)
  let step = try request.checkpoint ?? Checkpoint.newestHeader(in: folder, communicator).header.sampledStep
  let checkpoint = try Checkpoint.newest(in: folder, step: step, communicator)
  try checkProcessor(communicator)
  if communicator.isRoot { checkpoint.header.warnOfEdits(in: folder) { announce("warning: " + $0, communicator) } }
  let experiment = try communicator.agree { () throws -> Experiment in
    let changed = try checkpoint.header.experiment.sampled(request.settings, file: folder.experiment)
    guard changed.process == checkpoint.header.experiment.process || request.output != nil else {
      throw ToolError.usage(
        "--output is needed under another process: the run's own samples are those of its own process")
    }
    try request.checkSampler(changed.sampling)
    try request.checkCompletion(changed.sampling)
    return changed
  }
  let data = checkpoint.header.data
  let parameters = try MatrixBox(request.parameters(of: checkpoint))
  guard request.average == nil || request.output != nil else {
    throw ToolError.usage("--output is needed with --average: the run's own samples are of its moving average")
  }
  if experiment.drawsWithoutScore {
    try communicator.agree { try request.refuseConstraints(of: experiment) }
  }
  if let table = request.completed {
    let network = NetworkScore(model: experiment.model(of: data), parameters: parameters.value.head(1))
    let (own, output) = (folder.samples(step: checkpoint.state.step), request.output ?? "")
    try communicator.agree {
      guard output != own, Identity(output).map({ $0 != Identity(own) }) ?? true else {
        throw ToolError.exists(file: output, remedy: "these are the run's own samples: name another file by --output")
      }
    }
    let inputs = DataSource.files(of: experiment, base: communicator.isRoot ? folder.base() : "")
    let line = try complete(table, request, experiment, data, network, inputs: inputs, communicator) {
      network.setConditions($0, firstIndex: 0)
    }
    return (line, experiment)
  }
  let conditions = try communicator.agree { try SampleConstraints(request, data) }
  for line in conditions.remarks { announce(line, communicator) }
  let trained = try communicator.agree { try request.conditions(data, experiment.data) }
  for line in trained?.remarks ?? [] { announce(line, communicator) }
  var request = request
  if request.together { try communicator.agree { [request] in try request.checkTogether(trained, conditions) } }
  request.observed = request.together ? 1 : trained?.count ?? 1
  if let trained, !request.together {
    request.count = try communicator.agree { try trained.total(request.count, experiment) }
  }
  let own = folder.samples(step: checkpoint.state.step)
  let file = request.output ?? own
  let isRuns = file == own || Identity(file).map { $0 == Identity(own) } ?? false
  let lock = try communicator.agree { [request] () throws -> RunLock? in
    guard communicator.isRoot else { return nil }
    if isRuns { try folder.refuseLinks() }
    try request.checkPlaces(
      file, isRuns: isRuns, inputs: DataSource.files(of: experiment, base: folder.base()))
    return isRuns ? try RunLock(folder) : nil
  }
  defer { lock?.release() }
  if experiment.drawsWithoutScore || !request.together && !conditions.isGiven {
    let line = try drawFromNetwork(request, experiment, data, parameters, given: trained, file, communicator)
    // They speak of the samples that these have replaced.
    try communicator.agree { if lock != nil { try folder.removeJudgements() } }
    return (line + (trained?.words ?? ""), experiment)
  }
  let network = NetworkScore(model: experiment.model(of: data), parameters: parameters.value.head(1))
  var score = network
  if request.together, let trained {
    let source = try DataSource.open(
      experiment, base: communicator.fromRoot { folder.base() }, in: folder, communicator)
    var composed = try ComposedScore(network, together: trained, source, data, communicator)
    let line = try drawFreely(
      request, experiment, data, &composed, fixed: nil, file, communicator, prepare: { _ in })
    try communicator.agree { if lock != nil { try folder.removeJudgements() } }
    return (
      line + "; each is given all \(counted(trained.count, "observation")) of \(request.condition ?? "")", experiment
    )
  }
  if conditions.isGiven, experiment.sampling.observing == .particles, let trained, trained.count > 1 {
    try communicator.agree {
      throw ToolError.usage(
        "--condition with several rows: particles replace one another and need one row for all; "
          + "give one, or --set sampling.observing=guidance")
    }
  }
  let line = try draw(request, experiment, data, &score, conditions, file, communicator) {
    trained?.apply(to: network, chunk: $0)
  }
  try communicator.agree { if lock != nil { try folder.removeJudgements() } }
  return (line + (trained?.words ?? ""), experiment)
}

extension SampleRequest {
  /// Refuses observations of one θ where there are none, or where more is asked for than their score can do.
  fileprivate func checkTogether(
    _ trained: SampleConditions?, _ constraints: SampleConstraints
  ) throws(ToolError) {
    guard trained != nil else {
      throw .usage("--together: the network was trained without conditions, so there are no observations; leave it out")
    }
    guard !constraints.isGiven else {
      throw .usage("--together and --observe or --fix exclude each other; leave one of them out")
    }
  }

  /// The conditions of the samples, where the network was trained with any.
  fileprivate func conditions(
    _ data: DataSet.Description, _ section: Experiment.DataSection
  ) throws -> SampleConditions? {
    guard data.conditions > 0 else {
      guard let condition else { return nil }
      throw ToolError.usage("--condition \(condition): the network was trained without conditions; leave it out")
    }
    guard let condition else {
      throw ToolError.usage(
        "--condition is needed: the network was trained with \(data.conditionWords); give a value for each, or a file"
      )
    }
    return try SampleConditions(condition, data: data, section)
  }
}

/// Draws from a score, given observations and fixed coordinates where there are any.
func draw<S: Score>(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ score: inout S,
  _ conditions: SampleConstraints, _ file: String, _ communicator: Communicator,
  prepare: @escaping (_ chunk: Int) -> Void = { _ in }
) throws -> String {
  let observing = experiment.sampling.observing
  guard conditions.isGiven, observing == .particles || conditions.observations != nil else {
    let line = try drawFreely(
      request, experiment, data, &score, fixed: conditions.fixed, file, communicator, prepare: prepare)
    return conditions.isGiven ? line + "\n" + replacementNote : line
  }
  let known = score as? any DifferentiableScore
  let differentiable = try communicator.agree { () throws -> any DifferentiableScore in
    if let known, known.process.noise == .gaussian { return known }
    throw ToolError.usage(
      "--observe, and --fix without sampling.observing=guidance, need a score whose derivative is known and Gaussian "
        + "noise: a network's, or that of a Gaussian, a Gaussian mixture or the funnel")
  }
  func opened(_ score: some DifferentiableScore) throws -> String {
    var score = score
    guard observing == .guidance, let observations = conditions.observations else {
      let given = GivenSamples(
        experiment: experiment, observations: conditions.all(dimension: data.dimension), data: data,
        communicator: communicator, prepare: prepare)
      let (count, trajectory) = request.amount(experiment, data)
      var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
      let text = try given.drawParticles(
        score, request.particleGrid(experiment.sampling), count: count, to: file, trajectory: trajectory,
        progress: { display.sampling($0) })
      try trajectory?.write(beside: file, communicator)
      return text
    }
    let given = GivenSamples(
      experiment: experiment, observations: observations, data: data, communicator: communicator, prepare: prepare)
    let draws = try given.draws(&score)
    var observed = ObservedScore(score, given: observations, draws: draws)
    let line = try drawFreely(
      request, experiment, data, &observed, fixed: conditions.fixed, limits: draws.plausible(given: observations), file,
      communicator, prepare: prepare)
    let held = try communicator.allGather([observed.heldShare]).max() ?? 0
    return line + (held > 0.1 ? "\n" + heldWarning(held) : "")
  }
  return try opened(differentiable)
}

/// What replacement leaves, whatever the sampler: said wherever it is used.
private let replacementNote =
  "note: --fix by guidance replaces coordinates, which is exact only in the limit of many Langevin steps at each time: "
  + "compare with twice sampling.corrections, or leave sampling.observing at particles"

extension SampleRequest {
  /// The number of samples, and the first ones' paths where they are kept.
  func amount(_ experiment: Experiment, _ data: DataSet.Description) -> (count: Int, Trajectory?) {
    let count = count ?? experiment.sampling.count
    return (count, trajectories > 0 ? Trajectory(count: min(trajectories, count), data) : nil)
  }
}

/// Draws by the experiment's sampler from a score that is no network's alone, on one thread of each rank.
private func drawFreely(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ score: inout some Score,
  fixed: FixedCoordinates?, limits: [ClosedRange<Double>]? = nil, _ file: String, _ communicator: Communicator,
  prepare: (_ chunk: Int) -> Void
) throws -> String {
  let process = score.process
  try communicator.agree { [hasVariance = score.hasVariance] in
    try experiment.checkVariance(isLearned: hasVariance)
  }
  let source = try communicator.agree {
    try experiment.source(process: process, dimension: data.dimension, fixed: fixed)
  }
  let (count, trajectory) = request.amount(experiment, data)
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  let writer = SampleWriter(
    communicator: communicator, description: data, observations: request.observed, limits: limits)
  let summary = try writer.write(
    count: count, score: &score, source: source, to: file, trajectory: trajectory, prepare: prepare,
    progress: { display.sampling($0) })
  try trajectory?.write(beside: file, communicator)
  return summary.line(experiment, to: file)
}
