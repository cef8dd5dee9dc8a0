internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory
internal import Training

extension TheoryInquiry {
  /// What noise on the position changes: the exact quantities, and the table of sliced W2 with exact and learned scores.
  func epsilonTable(_ communicator: Communicator) throws -> TheoryFindings {
    if case .runs(let paths) = subject { return try epsilonOfRuns(paths, communicator) }
    let (target, name) = try communicator.agree { () throws -> (any Target, String) in
      let (target, name) = try epsilonTarget()
      guard experiment.process.kind == .criticallyDampedLangevin else {
        throw ToolError.usage("epsilon takes the process critically-damped-langevin")
      }
      let shards = experiment.training.shards
      guard !request.isLearned || communicator.size <= shards else {
        throw ToolError.usage("--learned trains on \(shards) shards: start at most \(shards) ranks")
      }
      return (target, name)
    }
    var cases: [EpsilonCase] = []
    for a in [0.25, 1, 2] {
      for epsilon in [0, 0.25, 1] { cases.append(EpsilonCase(experiment, a: a, epsilon: epsilon)) }
    }
    cases.append(EpsilonCase(phaseSpace: experiment))
    var found = TheoryFindings()
    addExact(cases, to: &found)
    try addTable(cases, target, name, to: &found, communicator)
    return found
  }

  /// The law to draw and to learn, with its name.
  private func epsilonTarget() throws -> (any Target, String) {
    switch subject {
    case .builtIn(let target, let name) where name != "mixture": return (target, name)
    case .gaussian(let data):
      if request.mean == nil, request.variance == nil, let target = try experiment.target() {
        return (target, "gaussian")
      }
      guard !request.isLearned else {
        throw ToolError.usage(
          "epsilon --learned trains on the built-in gaussian: leave out --mean and --variance")
      }
      return (GaussianMixture(mean: data.mean, variance: data.variance), "gaussian")
    default:
      throw ToolError.usage("epsilon takes a built-in target with an exact score, such as funnel, or run folders")
    }
  }

  /// Unit Gaussian data of zero mean, one coordinate: the part that two moments see.
  private func addExact(_ cases: [EpsilonCase], to found: inout TheoryFindings) {
    let data = GaussianData(mean: [0], variance: [1])
    let steps = request.steps ?? 1000
    let rows = cases.map { one -> [TheoryFindings.Cell] in
      let process = one.process
      let logNorm = process.renormalisedDrift.logNorm
      let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
      let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
      let split = recursion.errorSplit(over: times, perturbation: ScorePerturbation(), positionsOnly: true)
      return one.names
        + cells(
          abs(logNorm) < 1e-12 ? 0 : logNorm,
          data.marginal(process, at: process.horizon).wasserstein(to: process.prior(dimension: 1)), split.mixing,
          split.discretisation)
    }
    found.add(
      "unit Gaussian data, one coordinate", note: "exact; W2",
      ["a", "epsilon", "log-norm", "p_T to prior", "mixing, position", "discretisation, position"], rows)
  }

  private func addTable(
    _ cases: [EpsilonCase], _ target: any Target, _ name: String, to found: inout TheoryFindings,
    _ communicator: Communicator
  ) throws {
    var table = EpsilonTable(
      target, count: request.count ?? 20_000, repeats: request.repeats ?? 5, steps: request.steps ?? 1000,
      seed: experiment.seed, directions: experiment.evaluation.directions, communicator)
    var exact: [[Spread]] = []
    for one in cases {
      let score = try communicator.agree { try exactScore(target, name, one.process) }
      exact.append(try table.distances(one.process, score))
    }
    let columns = [
      "a", "epsilon", "stationary start", "sd", "p_T-moment start", "sd of it", "p_T start", "its sd", "floor",
      "sd of floor",
    ]
    let numbers = { (starts: [Spread]) in starts.flatMap { cells($0.mean, $0.deviation) } }
    let floor = table.floor
    let setting = "Euler-Maruyama, \(table.steps) uniform steps, \(table.count) samples, \(table.repeats) seeds"
    found.add(
      "sliced W2 of \(name), exact score, \(setting)",
      note: "original units; from the stationary law, from the two moments of p_T, and from p_T, nan where samples "
        + "diverged; the last row is PSLD",
      columns + ["stationary start is"],
      zip(cases, exact).map { one, starts in
        one.names + numbers(starts) + cells(floor.mean, floor.deviation) + [.text(table.verdict(starts[0]))]
      })
    addPanel("epsilon", "exact score", cases, exact, floor, to: &found)
    guard request.isLearned else { return }
    var learned: [[Spread]] = []
    // A network that has learned noise levels serves every row.
    let isShared = experiment.noiseLevels != nil
    var network: MatrixBox?
    for one in cases {
      if isShared {
        let end = TimeGrid.standardFinalTime(horizon: one.process.horizon)
        try communicator.agree { try experiment.checkNoise(under: one.experiment.process, from: end) }
      }
      if network == nil || !isShared { network = try one.train(communicator) }
      guard let network else { continue }
      learned.append(try table.distances(one.process, one.score(network, dimension: target.dimension)))
    }
    let parameters = network?.value.count ?? 0
    let training = experiment.training
    found.add(
      "sliced W2 of \(name), learned score, \(setting)",
      note: "\(parameters) parameters, \(training.steps) steps of \(training.batch) rows, objective "
        + "\(training.objective.rawValue) at unit variance, one network for \(isShared ? "all rows" : "each row"); nan where "
        + "samples diverged; the last row is PSLD",
      columns + ["above the exact score"],
      cases.indices.map { k in
        cases[k].names + numbers(learned[k]) + cells(floor.mean, floor.deviation, learned[k][0].mean - exact[k][0].mean)
      })
    addPanel("epsilon-learned", "learned score", cases, learned, floor, to: &found)
  }

  private func addPanel(
    _ file: String, _ title: String, _ cases: [EpsilonCase], _ values: [[Spread]], _ floor: Spread,
    to found: inout TheoryFindings
  ) {
    var series: [CurvePanel.Series] = []
    for a in [0.25, 1, 2] {
      let indices = cases.indices.filter { cases[$0].a == a }
      let x = indices.map { cases[$0].epsilon }
      series.append(.init("a = \(a == 0.25 ? "¼" : "\(Int(a))")", x, indices.map { values[$0][0].mean }))
      guard a == 0.25 else { continue }
      series.append(.init("a = ¼, moments", x, indices.map { values[$0][1].mean }))
      series.append(.init("a = ¼, p_T", x, indices.map { values[$0][2].mean }))
    }
    if let control = values.last?.first?.mean {
      series.append(.init("PSLD", [0, 1], [control, control], marked: false))
    }
    series.append(.init("floor", [0, 1], [floor.mean, floor.mean], marked: false))
    found.panels.append(
      (file, CurvePanel(title: "sliced W2 over epsilon, \(title)", x: "ε", y: "sliced W2", series: series)))
  }

  /// Trained runs side by side: what their networks make, beside the exact score of the same process.
  private func epsilonOfRuns(_ paths: [String], _ communicator: Communicator) throws -> TheoryFindings {
    var rows: [[TheoryFindings.Cell]] = []
    var steppers: [(kind: SamplerKind, words: String)] = []
    for path in paths {
      let run = try TheoryRun(path, request, communicator)
      let (target, exact) = try communicator.agree { () throws -> (any Target, any Score) in
        guard let target = run.target, let exact = run.exactScore, run.process.isRegular else {
          throw ToolError.usage("\(path): epsilon needs runs of a target with an exact score and a linear SDE")
        }
        return (target, exact)
      }
      let stepper = run.sampler(standsAlone: false)
      steppers.append((stepper.kind, run.words(of: stepper.kind)))
      var table = EpsilonTable(
        target, map: run.data.standardisation, count: request.count ?? 4096, repeats: request.repeats ?? 3,
        sampler: stepper.sampler, steps: request.steps ?? 1000, grid: stepper.grid,
        finalTime: run.experiment.sampling.finalTime, seed: run.experiment.seed,
        directions: run.experiment.evaluation.directions, communicator)
      let (known, learned) = (try table.distances(run.process, exact), try table.distances(run.process, run.score))
      let (process, training) = (run.experiment.process, run.experiment.training)
      let isDamped = process.kind == .criticallyDampedLangevin
      rows.append(
        [
          .text(path), .text(process.kind.rawValue), isDamped ? .number(process.a) : .text(""),
          isDamped ? .number(process.epsilon) : .text(""), .number(Double(run.parameterCount)),
          .text("\(training.objective.rawValue), \(training.weight.orAutomatic.word)"),
        ] + zip(known, learned).flatMap { cells($0.mean, $1.mean, $1.deviation) } + cells(table.floor.mean))
    }
    var columns = [
      "run", "process", "a", "epsilon", "parameters", "objective, weight", "stationary, exact", "network", "sd",
      "moments, exact", "network of it", "its sd", "p_T, exact", "network there", "sd there", "floor",
    ]
    // Where every run has Euler and Maruyama's sampler, the title says all.
    if steppers.contains(where: { $0.words != SamplerKind.eulerMaruyama.rawValue }) {
      columns.append("sampler")
      for (k, stepper) in steppers.enumerated() { rows[k].append(.text(stepper.words)) }
    }
    var found = TheoryFindings()
    found.add(
      "sliced W2 of runs, \(Self.words(of: steppers.map(\.kind))) on each run's grid to its final time",
      note:
        "original units; from the stationary law, from a Gaussian with the two moments of p_T, and from p_T itself, nan "
        + "where samples diverged; compare rows of equal parameters, objective and weight alone",
      columns, rows)
    return found
  }

  /// The sampler that all runs were drawn by, in the words of a title.
  private static func words(of kinds: [SamplerKind]) -> String {
    guard let kind = kinds.first, kinds.allSatisfy({ $0 == kind }) else { return "the sampler that each row names" }
    return kind == .eulerMaruyama ? "Euler-Maruyama" : kind.rawValue
  }
}
