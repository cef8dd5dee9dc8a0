internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Three synchronous chains of a built-in target, with sweeps over the horizon, the step and the score's error.
  func sampledErrors(
    _ target: any Target, _ name: String, _ process: any ForwardProcess, _ communicator: Communicator
  ) throws -> TheoryFindings {
    let exact = try communicator.agree { try exactScore(target, name, process) }
    let seed = experiment.seed
    let laboratory = ChainLaboratory(
      dimension: target.dimension, seed: seed, count: request.count ?? 2048, communicator
    ) { set, first, rows in
      target.draw(RandomStream(seed: seed, purpose: .targetDraw, step: set), firstIndex: first, into: &rows)
      target.standardisation.apply(to: &rows)
    }
    let study = ChainStudy(
      name: name, process: process, sampler: EulerMaruyama(), samplerName: SamplerKind.eulerMaruyama.rawValue,
      grid: .uniform,
      finalTime: TimeGrid.standardFinalTime(horizon: process.horizon), steps: request.steps ?? 200, exact: exact,
      learned: BlendedScore(first: exact, share: -0.05), learnedName: "1.05 times the exact score",
      secondMoment: Double(target.dimension), laboratory: laboratory)
    var found = TheoryFindings()
    try study.addSplit(to: &found)
    let horizon = experiment.process.horizon
    try study.addMixing(
      to: &found,
      try [0.25, 0.5, 0.75, 1, 1.25].map { part in
        let process = self.process(horizon: part * horizon)
        return (process, try exactScore(target, name, process))
      })
    try study.addDiscretisation(to: &found)
    try study.addLearning(
      to: &found, name: "relative error",
      [0.0125, 0.025, 0.05, 0.1].map { ($0, BlendedScore(first: exact, share: -$0)) })
    return found
  }

  /// The split of a trained run, its network's score beside the exact one where the target's is known.
  func runErrors(_ path: String, _ communicator: Communicator) throws -> TheoryFindings {
    let run = try TheoryRun(path, request, communicator)
    let sampling = run.experiment.sampling
    let process = run.process
    let exact = run.exactScore
    let laboratory = try run.laboratory(count: request.count ?? 2048, communicator)
    let known = try communicator.agree { () throws -> (sampler: any Sampler, kind: SamplerKind, grid: TimeGrid) in
      guard process.isRegular, process.noise == .gaussian else {
        throw ToolError.usage("\(path): errors needs a process with a linear SDE, finite up to its horizon")
      }
      return run.sampler(standsAlone: true)
    }
    let study = ChainStudy(
      name: path, process: process, sampler: known.sampler, samplerName: run.words(of: known.kind), grid: known.grid,
      finalTime: sampling.finalTime,
      steps: request.steps ?? sampling.steps, exact: exact, learned: run.score, learnedName: "the network's score",
      secondMoment: exact == nil ? nil : Double(run.data.dimension), laboratory: laboratory)
    var found = TheoryFindings()
    try study.addSplit(to: &found)
    guard let exact else { return found }
    if known.sampler is EulerMaruyama { try study.addDiscretisation(to: &found) }
    try study.addLearning(
      to: &found, name: "share of the network's error",
      [0.125, 0.25, 0.5, 1].map { ($0, BlendedScore(first: exact, second: run.score, share: $0)) })
    return found
  }
}

/// Chains of one law, and the tables that are made of them.
struct ChainStudy {
  package let name: String
  package let process: any ForwardProcess
  package let sampler: any Sampler
  /// The sampler in words.
  let samplerName: String
  package let grid: TimeGrid
  package let finalTime: Double
  package let steps: Int
  /// Nil for data whose score is not known.
  package let exact: (any Score)?
  package let learned: any Score
  let learnedName: String
  /// E|x_0|² in trained coordinates, where it is known.
  let secondMoment: Double?
  let laboratory: ChainLaboratory

  private func times(_ process: any ForwardProcess, _ steps: Int) -> [Double] {
    grid.times(steps: steps, of: process, to: finalTime)
  }

  private func plan(_ score: any Score, fromMarginal: Bool = false, other: (any Score)? = nil) -> ChainPlan {
    ChainPlan(
      process: process, sampler: sampler, times: times(process, steps), fromMarginal: fromMarginal, score: score,
      other: other)
  }

  /// The three chains and the parts between them.
  func addSplit(to found: inout TheoryFindings) throws {
    guard let exact else { return try addLearnedSplit(to: &found) }
    let ends = try laboratory.run([
      plan(exact, fromMarginal: true), plan(exact, other: learned), plan(learned),
    ])
    let (truth, fresh) = (laboratory.truth(), laboratory.truth(2))
    let (x, y, z) = (ends[0].positions, ends[1].positions, ends[2].positions)
    let sliced = try laboratory.slicedDistances([(truth, x), (x, y), (y, z), (truth, y), (truth, z), (truth, fresh)])
    let divergences = try laboratory.divergences([(truth, x), (truth, y), (truth, z), (truth, fresh)])
    let mixing = secondMoment.map {
      mixingBound(process, dimension: laboratory.dimension, secondMoment: $0)
    }
    let none = TheoryFindings.Cell.text("")
    func row(_ name: String, _ w: Double, coupling: Double?, _ divergence: Double?, bound: Double?)
      -> [TheoryFindings.Cell]
    {
      [.text(name), .number(w), coupling.map { .number($0) } ?? none, divergence.map { .number($0) } ?? none]
        + [bound.map { .number($0) } ?? none, bound.map { .number(min(1, (0.5 * $0).squareRoot())) } ?? none]
    }
    found.add(
      "synchronous chains on \(name), \(steps) steps of \(samplerName), learned: \(learnedName)",
      note:
        "\(laboratory.count) rows, trained coordinates; estimates, to be read above the floor; bounds: W2 by the "
        + "coupling, KL by second moments and by the path, TV by Pinsker",
      ["part", "sliced W2", "W2 at most", "k-NN KL", "KL at most", "TV at most"],
      [
        row("discretisation: data, from p_T", sliced[0], coupling: nil, divergences[0], bound: nil),
        row(
          "mixing: from p_T, from the prior", sliced[1], coupling: ChainLaboratory.coupling(x, y), nil, bound: mixing),
        row(
          "learning: exact, learned", sliced[2], coupling: ChainLaboratory.coupling(y, z), nil,
          bound: ends[1].information),
        row("whole, exact score", sliced[3], coupling: nil, divergences[1], bound: nil),
        row("whole, learned score", sliced[4], coupling: nil, divergences[2], bound: nil),
        row("floor: data, other data", sliced[5], coupling: nil, divergences[3], bound: nil),
      ])
  }

  /// Without an exact score: discretisation and learning are not told apart.
  private func addLearnedSplit(to found: inout TheoryFindings) throws {
    let ends = try laboratory.run([plan(learned, fromMarginal: true), plan(learned)])
    let (truth, x, y) = (laboratory.truth(), ends[0].positions, ends[1].positions)
    let sliced = try laboratory.slicedDistances([(truth, x), (x, y), (truth, y)])
    found.add(
      "synchronous chains on \(name), \(steps) steps of \(samplerName), \(learnedName)",
      note: "\(laboratory.count) rows, trained coordinates; the exact score of this data is not known",
      ["part", "sliced W2", "W2 at most"],
      [
        [.text("discretisation and learning"), .number(sliced[0]), .text("")],
        [.text("mixing"), .number(sliced[1]), .number(ChainLaboratory.coupling(x, y))],
        [.text("whole"), .number(sliced[2]), .text("")],
      ])
  }

  /// Chains from p_T and from the prior over horizons.
  func addMixing(to found: inout TheoryFindings, _ settings: [(any ForwardProcess, any Score)]) throws {
    let plans = settings.flatMap { process, score in
      [true, false].map {
        ChainPlan(
          process: process, sampler: sampler, times: times(process, steps), fromMarginal: $0, score: score)
      }
    }
    let ends = try laboratory.run(plans).map(\.positions)
    let pairs = settings.indices.map { (ends[2 * $0], ends[2 * $0 + 1]) }
    let sliced = try laboratory.slicedDistances(pairs)
    let coupled = pairs.map { ChainLaboratory.coupling($0, $1) }
    let horizons = settings.map { $0.0.horizon }
    let decays = settings.map { abs($0.0.transition(from: 0, to: $0.0.horizon).map[0, 0]) }
    let bounds = settings.map { mixingBound($0.0, dimension: laboratory.dimension, secondMoment: secondMoment ?? 0) }
    found.add(
      "mixing over the horizon", note: "estimates; b is the data's share of the position",
      ["T", "b", "sliced W2", "W2 at most (coupling)", "KL at most"],
      horizons.indices.map { cells(horizons[$0], decays[$0], sliced[$0], coupled[$0], bounds[$0]) })
    addSlopes("b", decays, [("sliced W2", sliced), ("coupling", coupled), ("bound on KL", bounds)], to: &found)
    addPanel("mixing", "T", horizons, sliced, bound: coupled, isLogarithmic: false, to: &found)
  }

  /// Chains of several steps along one Brownian path, against the finest.
  func addDiscretisation(to found: inout TheoryFindings) throws {
    guard let exact else { return }
    let finest = 8 * steps
    let counts = [1, 2, 4].map { $0 * steps / 2 }.filter { $0 > 0 && finest % $0 == 0 } + [finest]
    let fine = times(process, finest)
    let plans = counts.map {
      ChainPlan(
        process: process, sampler: sampler, times: times(process, $0), fine: fine, fromMarginal: true, score: exact)
    }
    let ends = try laboratory.run(plans).map(\.positions)
    let last = ends[ends.count - 1]
    let sliced = try laboratory.slicedDistances(ends.dropLast().map { ($0, last) })
    let coupled = ends.dropLast().map { ChainLaboratory.coupling($0, last) }
    let h = counts.dropLast().map { process.horizon / Double($0) }
    found.add(
      "discretisation over the step", note: "chains from p_T against the one of \(finest) steps on the same path",
      ["mean h", "sliced W2", "W2 at most (coupling)"],
      h.indices.map { cells(h[$0], sliced[$0], coupled[$0]) })
    addSlopes("h", h, [("sliced W2", sliced), ("coupling", coupled)], to: &found)
    addPanel("discretisation", "h", h, sliced, bound: coupled, isLogarithmic: true, to: &found)
  }

  /// Chains from the prior with scores ever further from the exact one.
  func addLearning(to found: inout TheoryFindings, name: String, _ scores: [(Double, any Score)]) throws {
    guard let exact else { return }
    let ends = try laboratory.run([plan(exact)] + scores.map { plan($0.1) })
    // The path's divergence is that of the exact chain, and quadratic in the score's error.
    let whole = try laboratory.run([plan(exact, other: scores[scores.count - 1].1)])[0].information
    let sizes = scores.map(\.0)
    let bounds = sizes.map { whole * ($0 / sizes[sizes.count - 1]) * ($0 / sizes[sizes.count - 1]) }
    let sliced = try laboratory.slicedDistances(ends.dropFirst().map { (ends[0].positions, $0.positions) })
    let coupled = ends.dropFirst().map { ChainLaboratory.coupling(ends[0].positions, $0.positions) }
    found.add(
      "learning over the score's error", ["\(name)", "sliced W2", "W2 at most (coupling)", "KL at most (path)"],
      sizes.indices.map { cells(sizes[$0], sliced[$0], coupled[$0], bounds[$0]) })
    addSlopes(name, sizes, [("sliced W2", sliced), ("coupling", coupled), ("bound on KL", bounds)], to: &found)
    addPanel("learning", name, sizes, sliced, bound: coupled, isLogarithmic: true, to: &found)
  }

  private func addSlopes(
    _ x: String, _ points: [Double], _ curves: [(String, [Double])], to found: inout TheoryFindings
  ) {
    found.add(
      "slopes over \(x)", ["curve", "fitted"],
      curves.map { [.text($0.0), .number(fittedSlope(points, $0.1))] })
  }

  private func addPanel(
    _ name: String, _ x: String, _ points: [Double], _ measured: [Double], bound: [Double], isLogarithmic: Bool,
    to found: inout TheoryFindings
  ) {
    found.panels.append(
      (
        "errors-chains-\(name)",
        CurvePanel(
          title: "\(name) over \(x)", x: x, y: "W2", logarithmic: true, logarithmicX: isLogarithmic,
          series: [.init("coupling, a bound", points, bound, marked: false), .init("sliced W2", points, measured)])
      ))
  }
}
