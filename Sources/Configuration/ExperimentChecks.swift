internal import Diffusion
internal import Files
internal import Metrics
internal import Sampling
internal import Targets
internal import Training

extension ExperimentReader {
  /// Fills in the defaults that depend on other keys and checks what no single key can.
  mutating func finish() throws(ToolError) -> Experiment {
    try checkName()
    guard !experiment.network.widths.isEmpty else { throw fault("network.widths", "must not be empty") }
    try checkData()
    fillProcess()
    try fillVariance()
    fillLatents()
    try checkConditions()
    if let target = experiment.data.target, experiment.data.dimension == nil {
      experiment.data.dimension = max(2, target.dimensions.lowerBound)
    }
    try checkDimension()
    try checkObjective()
    try checkConditionColumns()
    try checkStopping()
    try checkShards()
    if experiment.process.chain == nil {
      try checkProcess()
      let isStudent = experiment.training.teacher != nil
      if !isStudent { try checkVariance() }
      fillTimes()
      if isStudent { try checkStudent() } else { try checkScores() }
    } else {
      try checkStates()
    }
    if experiment.evaluation.metrics.contains(.frechet), experiment.evaluation.classes == nil {
      throw fault(
        "evaluation.metrics",
        "names frechet, which needs evaluation.classes: a file with the class of each row of data.file")
    }
    let features = experiment.network.embeddingFeatures
    if features % 2 != 0 {
      throw fault("network.embedding_features", "must be even: half are sines and half cosines, found \(features)")
    }
    return experiment
  }

  private func checkScores() throws(ToolError) {
    try checkDequantisation()
    try checkAdversary()
    try checkLatents()
    try checkTimes()
    try checkNoiseRange()
    try checkNoiseLevels()
    try checkSampler()
  }

  func fault(_ path: String, _ problem: String) -> ToolError {
    .configuration(places[path] ?? Place(file), "\(path) \(problem)")
  }

  private func checkName() throws(ToolError) {
    let name = experiment.name
    let isSafe = name.utf8.allSatisfy { $0.isLetterOrDigit || "._-".utf8.contains($0) }
    guard isSafe, let first = name.first, first != ".", first != "-", name.utf8.count <= 100 else {
      throw fault(
        "name",
        "must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \(quoted(name))")
    }
  }

  private func checkData() throws(ToolError) {
    let data = experiment.data
    if data.target != nil, data.file != nil {
      throw fault("data.file", "and data.target are both given; keep one, or set the other to null")
    }
    if !data.prior.entries.isEmpty {
      let other = data.target != nil ? "data.target" : data.file != nil ? "data.file" : nil
      if let other { throw fault("data.prior", "and \(other) are both given; keep one, or set the other to null") }
      guard data.simulator != nil else {
        throw fault("data.prior", "is of a simulator's parameters; name the program by data.simulator")
      }
      if let name = data.prior.entries.map(\.name).first(where: { $0.isEmpty || $0.contains("\n") }) {
        throw fault("data.prior", "needs names of one line, found \(quoted(name))")
      }
    }
    if data.target == nil, data.file == nil, data.prior.entries.isEmpty {
      let names = TargetKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw .configuration(
        Place(file), "there is no data; give data.file, data.prior with data.simulator, or data.target: one of \(names)"
      )
    }
    for path in ["data.file", "data.held_out"] {
      let text: String? =
        if path == "data.file" { data.file } else if case .file(let held) = data.heldOut { held } else { nil }
      if let text, text.utf8.contains(0) { throw fault(path, "must not contain a zero byte, found \(quoted(text))") }
    }
  }

  private func checkDimension() throws(ToolError) {
    guard let kind = experiment.data.target,
      let dimension = experiment.data.dimension, !kind.dimensions.contains(dimension)
    else { return }
    let (lowest, highest) = (kind.dimensions.lowerBound, kind.dimensions.upperBound)
    throw fault(
      "data.dimension",
      "must be \(lowest == highest ? "" : "at least ")\(lowest) for data.target \(kind.rawValue), found \(dimension)")
  }

  private func checkConditions() throws(ToolError) {
    for key in ExperimentKey.all {
      guard let condition = key.condition, let place = places[key.path], !condition.holds(experiment) else { continue }
      if condition.excludesStudents, experiment.training.teacher != nil { throw meaningless(key, at: place) }
      let subject = condition.subject.flatMap { path in ExperimentKey.all.first { $0.path == path } }
      let chosen =
        if let subject {
          "\(subject.path) is \(spelled(subject.get(experiment), as: subject.shape))"
        } else {
          chosenKind(key)
        }
      throw .configuration(place, "\(key.path) is for \(condition.words), but \(chosen); remove it")
    }
  }

  private func chosenKind(_ key: ExperimentKey) -> String {
    if key.section == "data" { return "data.file is given" }
    if key.section == "sampling" { return "sampling.sampler is \(experiment.sampling.sampler.rawValue)" }
    return "process.kind is \(experiment.process.words)"
  }

  private func checkShards() throws(ToolError) {
    let training = experiment.training
    let shards = training.shards
    guard shards & (shards - 1) == 0 else {
      throw fault("training.shards", "must be a power of two, found \(shards)")
    }
    guard training.batch % shards == 0 else {
      let near = max(1, (training.batch + shards / 2) / shards) * shards
      throw fault(
        "training.batch", "must be a multiple of training.shards = \(shards), found \(training.batch); try \(near)")
    }
  }

  /// Training and sampling end, unless they are told otherwise, at one noise level, whatever the process.
  private mutating func fillTimes() {
    var time = experiment.process.make().usualFinalTime
    if experiment.training.timeGrid == .chain {
      // Nothing is learned before the first state.
      let process = experiment.process
      time = ReverseChain.time(ofState: 1, of: process.chainSteps, horizon: process.horizon)
    }
    if places["training.minimum_time"] == nil { experiment.training.minimumTime = time }
    if places["sampling.final_time"] == nil { experiment.sampling.finalTime = time }
  }

  private func checkTimes() throws(ToolError) {
    let horizon = experiment.process.horizon
    for (path, time) in [
      ("training.minimum_time", experiment.training.minimumTime),
      ("sampling.final_time", experiment.sampling.finalTime),
    ] where time >= horizon {
      throw fault(path, "must be less than process.horizon = \(decimal(horizon)), found \(decimal(time))")
    }
  }
}

extension Experiment {
  /// What is allowed but probably not wanted, each with its remedy; to be shown once.
  package var warnings: [String] {
    let rows = training.batch / training.shards
    guard rows < 16 else { return [] }
    return [
      "training.batch = \(training.batch) gives each of \(training.shards) shards only \(rows) rows a step, "
        + "which is slow; "
        + "use a batch of at least \(16 * training.shards) or fewer shards"
    ]
  }

  /// Takes the usual steps and grid of a sampler that is not the one of the experiment that this one came from, unless
  /// they were set with it.
  ///
  /// A run's own file has all defaults filled in, among them the steps of another sampler.
  package mutating func followSampler(from before: Experiment, settings: [String]) {
    guard process.chain == nil, training.teacher == nil, sampling.sampler != before.sampling.sampler else { return }
    if !settings.contains(where: { $0.hasPrefix("sampling.steps=") }) { sampling.steps = sampling.sampler.usualSteps }
    if !settings.contains(where: { $0.hasPrefix("sampling.grid=") }) { sampling.grid = sampling.sampler.usualGrid }
  }

  /// The keys in which this experiment differs from that of the run it is to continue, but must not.
  ///
  /// Only the run's length, logging, checkpoints, sampling and evaluation may change.
  package func changes(from started: Experiment) -> [String] {
    ExperimentKey.all.filter { !$0.mutableOnResume && $0.get(self) != $0.get(started) }.map(\.path)
  }

  /// Refuses changes of anything but run length, logging, checkpoints, sampling and evaluation.
  ///
  /// - Parameters:
  ///   - before: the experiment of the checkpoint.
  ///   - allowingData: whether the data may change as well.
  /// - Throws: `ToolError.configuration` that names them all.
  package func checkResume(of before: Experiment, allowingData: Bool = false) throws {
    let refused = changes(from: before).filter { !allowingData || !$0.hasPrefix("data.") }
    guard let first = refused.first else { return }
    let others = refused.dropFirst()
    throw ToolError.configuration(
      Place(first),
      "cannot change on resume" + (others.isEmpty ? "" : ", nor can " + others.joined(separator: ", "))
        + ": start a new run (--init-from RUN takes this one's parameters), or drop the change")
  }
}
