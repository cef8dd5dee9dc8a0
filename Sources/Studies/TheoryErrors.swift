internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Mixing, discretisation and learning, with bounds and slopes.
  package func errors(_ communicator: Communicator) throws -> TheoryFindings {
    if case .runs(let paths) = subject { return try runErrors(paths[0], communicator) }
    let process = experiment.process.make()
    try communicator.agree {
      guard process.stationaryCovariance != nil, process.noise == .gaussian else {
        throw ToolError.usage("errors needs a process with a stationary law, such as ornstein-uhlenbeck")
      }
    }
    switch subject {
    case .gaussian(let data):
      var found = TheoryFindings()
      try addMixing(data, to: &found, communicator)
      try addDiscretisation(data, process, to: &found, communicator)
      try addLearning(data, process, to: &found, communicator)
      addSplit(data, process, to: &found)
      return found
    case .builtIn(let target, let name):
      if let mixture = target as? GaussianMixture, mixture.dimension == 1, process.blocks == 1 {
        return try lineErrors(MixtureOnLine(mixture, standardised: true), communicator)
      }
      return try sampledErrors(target, name, process, communicator)
    case .runs, .doubleWell, .logLipschitz: throw ToolError.fault("errors of a law on the line")
    }
  }

  private func addMixing(
    _ data: GaussianData, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let horizon = experiment.process.horizon
    let horizons = [0.75, 1, 1.25, 1.5, 1.75, 2].map { $0 * horizon }
    let isCentred = data.mean.allSatisfy { $0 == 0 }
    let study = MixingStudy(data: data) { process(horizon: $0) }
    let points = try communicator.sweep(horizons.count, width: 4) { i in
      let point = study.point(horizon: horizons[i])
      return [point.decay, point.marginal, point.sde, point.flow]
    }
    found.add(
      "mixing over the horizon",
      note: "W2 in phase space, continuous time, exact; b is the data's share of the position",
      ["T", "b", "p_T to prior", "generated, SDE", "generated, flow"],
      zip(horizons, points).map { cells($0, $1[0], $1[1], $1[2], $1[3]) })
    // The first horizons are not yet asymptotic.
    let last = points.suffix(4)
    let slopes = (1...3).map { j in fittedSlope(last.map { $0[0] }, last.map { $0[j] }) }
    let theory = isCentred ? [2.0, 4, 2] : [1, 2, 1]
    found.add(
      "slopes over b, \(isCentred ? "centred data" : "data not centred")", ["error", "fitted", "theory"],
      zip(["p_T to prior", "generated, SDE", "generated, flow"], zip(slopes, theory)).map {
        [.text($0), .number($1.0), .number($1.1)]
      })
    found.panels.append(
      (
        "errors-mixing",
        CurvePanel(
          title: "mixing over T", x: "T", y: "W2", logarithmic: true,
          series: ["p_T to prior", "SDE", "flow"].enumerated().map { j, name in
            .init(name, horizons, points.map { $0[j + 1] })
          })
      ))
  }

  private func addDiscretisation(
    _ data: GaussianData, _ process: any ForwardProcess, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let steps = [50, 100, 200, 400, 800, 1600]
    let kinds: [(SamplerKind, Double)] = [
      (.eulerMaruyama, 1), (.splitting, 1), (.splittingMidpoint, 2), (.probabilityFlowHeun, 2),
    ]
    let values = try communicator.sweep(steps.count * kinds.count, width: 2) { i in
      let recursion = MomentRecursion(process: process, data: data, sampler: kinds[i % kinds.count].0.make())
      let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps[i / kinds.count])
      let split = recursion.errorSplit(over: times, perturbation: ScorePerturbation())
      return [
        split.discretisation, recursion.errorBound(over: times, perturbation: ScorePerturbation()).discretisation,
      ]
    }
    let h = steps.map { process.horizon / Double($0) }
    let curve = { (kind: Int, j: Int) in steps.indices.map { values[$0 * kinds.count + kind][j] } }
    found.add(
      "discretisation over the step",
      note: "W2 of p_0 and the chain from p_T, exact; the bound telescopes one-step errors",
      ["h"] + kinds.flatMap { [$0.0.rawValue, "\($0.0.rawValue), bound"] },
      steps.indices.map { i in
        cells(h[i]) + kinds.indices.flatMap { cells(curve($0, 0)[i], curve($0, 1)[i]) }
      })
    found.add(
      "slopes over h", note: "the lecture's bound has slope 1/2",
      ["sampler", "fitted", "theory", "of the bound"],
      kinds.enumerated().map { k, kind in
        [
          .text(kind.0.rawValue), .number(fittedSlope(h, curve(k, 0))), .number(kind.1),
          .number(fittedSlope(h, curve(k, 1))),
        ]
      })
    var curves = [CurvePanel.Series("Euler–Maruyama, bound", h, curve(0, 1), marked: false)]
    for k in kinds.indices { curves.append(CurvePanel.Series(kinds[k].0.rawValue, h, curve(k, 0))) }
    found.panels.append(
      (
        "errors-discretisation",
        CurvePanel(
          title: "discretisation over h", x: "h", y: "W2", logarithmic: true, logarithmicX: true,
          series: curves)
      ))
  }

  private func addLearning(
    _ data: GaussianData, _ process: any ForwardProcess, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let sizes = [0.0125, 0.025, 0.05, 0.1, 0.2]
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let times = MomentRecursion.uniformTimes(from: process.horizon, steps: request.steps ?? 200)
    let values = try communicator.sweep(sizes.count, width: 3) { i in
      let shift = ScorePerturbation(shift: sizes[i])
      return [
        recursion.errorSplit(over: times, perturbation: shift).learning,
        recursion.errorBound(over: times, perturbation: shift).learning,
        recursion.errorSplit(over: times, perturbation: ScorePerturbation(relative: sizes[i])).learning,
      ]
    }
    found.add(
      "learning over the score's error", note: "Euler-Maruyama; s + size, and (1 + size) s",
      ["size", "shift", "bound", "relative"], zip(sizes, values).map { cells($0, $1[0], $1[1], $1[2]) })
    found.add(
      "slopes over the score's error", ["error", "fitted", "theory"],
      [
        [.text("shift"), .number(fittedSlope(sizes, values.map { $0[0] })), .number(1)],
        [.text("relative"), .number(fittedSlope(sizes, values.map { $0[2] })), .number(1)],
      ])
    found.panels.append(
      (
        "errors-learning",
        CurvePanel(
          title: "learning over the score's error", x: "size", y: "W2", logarithmic: true, logarithmicX: true,
          series: [
            .init("shift, bound", sizes, values.map { $0[1] }, marked: false),
            .init("shift", sizes, values.map { $0[0] }), .init("relative", sizes, values.map { $0[2] }),
          ])
      ))
  }

  private func addSplit(_ data: GaussianData, _ process: any ForwardProcess, to found: inout TheoryFindings) {
    let shift = ScorePerturbation(shift: 0.05)
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let steps = request.steps ?? 200
    let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
    let bound = recursion.errorBound(over: times, perturbation: shift)
    func row(_ name: String, _ split: ErrorSplit) -> [TheoryFindings.Cell] {
      [.text(name)]
        + cells(split.mixing, split.discretisation, split.learning, split.total, split.divergence)
        + [split.totalVariation.map { .number($0) } ?? .text("no closed form")]
    }
    found.add(
      "the split at T = \(short(process.horizon)), \(steps) steps, shift 0.05",
      ["law", "mixing", "discretisation", "learning", "total W2", "KL", "TV"],
      [
        row("phase space", recursion.errorSplit(over: times, perturbation: shift)),
        row("position", recursion.errorSplit(over: times, perturbation: shift, positionsOnly: true)),
        [.text("bound")] + cells(bound.mixing, bound.discretisation, bound.learning)
          + cells(bound.mixing + bound.discretisation + bound.learning) + [.text(""), .text("")],
      ])
  }
}
