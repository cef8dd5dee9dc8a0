internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Runs
internal import Sampling
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Any target with an exact score: action by Monte Carlo and by transport, bias by chains, from both bases.
  func sampledAnnealed(
    _ target: any Target, _ name: String, _ communicator: Communicator
  ) throws -> TheoryFindings {
    var found = TheoryFindings()
    let bases: [(name: String, law: NoiseLaw)] = [
      ("N(0, I)", .gaussian), ("Student-t, 5 degrees", .studentT(degrees: 5)),
    ]
    let d = Double(target.dimension)
    var rows: [[TheoryFindings.Cell]] = []
    for (k, base) in bases.enumerated() {
      let path = AnnealedPath(annealing: .cosine, base: base.law)
      let score = try communicator.agree { try exactScore(target, name, path) }
      let action = try transportAction(target, path, communicator)
      let known = k == 0 ? try exactAction(target, path, score, communicator) : nil
      let bound = GaussianAnnealedPath.actionBound(secondMoment: d, baseMoment: k == 0 ? d : 5 * d / 3)
      rows += [
        [.text(base.name), .text("optimal transport"), .text(Certainty.estimate.rawValue)]
          + cells(action.value, action.error),
        [.text(base.name), .text("second moments"), .text(Certainty.upperBound.rawValue), .number(bound), .text("")],
      ]
      if let known {
        rows.insert(
          [.text(base.name), .text("exact score"), .text(Certainty.estimate.rawValue)]
            + cells(known.mean, 2 * known.deviation),
          at: rows.count - 2)
      }
      try addBias(target, name, path, score, base.name, action: known?.mean ?? action.value, to: &found, communicator)
    }
    found.tables.insert(
      TheoryFindings.Table(
        name: "action of the cosine path of \(name)",
        note: "standardised coordinates; errors are two standard errors, that of transport with its last correction",
        columns: ["base", "by", "certainty", "action", "error"], rows: rows), at: 0)
    return found
  }

  private func transportAction(
    _ target: any Target, _ path: AnnealedPath, _ communicator: Communicator
  ) throws -> TransportAction.Estimate {
    // Standardised data has no mean.
    let action = TransportAction(
      process: path, mean: Array(repeating: 0, count: target.dimension), rows: min(request.count ?? 300, 600),
      seed: experiment.seed
    ) {
      target.draw($0, firstIndex: 0, into: &$1)
      target.standardisation.apply(to: &$1)
    }
    let terms = try communicator.sweep(action.terms, width: 1) { [try action.term($0)] }
    return action.estimate(terms.map { $0[0] })
  }

  private func exactAction(
    _ target: any Target, _ path: AnnealedPath, _ score: any Score, _ communicator: Communicator
  ) throws -> Spread {
    let count = request.count ?? 2048
    func chunk(_ score: some Score, _ c: Int) -> [Double] {
      var score = score
      var rows = Matrix(rows: 256, columns: target.dimension)
      let stream = RandomStream(seed: experiment.seed, purpose: .targetDraw, step: UInt64(c))
      target.draw(stream, firstIndex: 0, into: &rows)
      target.standardisation.apply(to: &rows)
      return actionSamples(path, rows, score: &score, seed: experiment.seed &+ UInt64(c))
    }
    return Spread(errorOf: try communicator.sweep((count + 255) / 256, width: 256) { chunk(score, $0) }.flatMap { $0 })
  }

  /// KL by nearest neighbours and sliced W2 of three dynamics over the speed.
  private func addBias(
    _ target: any Target, _ name: String, _ path: AnnealedPath, _ score: any Score, _ base: String,
    action: Double, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    // The exact score under Student-t noise is a quadrature: fewer and faster chains.
    let speeds = path.noise == .gaussian ? [0.2, 0.5, 1, 2, 5] : [1, 2, 5]
    let laboratory = ChainLaboratory(
      dimension: target.dimension, seed: experiment.seed, count: request.count ?? 1024, communicator
    ) { set, first, rows in
      target.draw(RandomStream(seed: experiment.seed, purpose: .floor, step: set), firstIndex: first, into: &rows)
      target.standardisation.apply(to: &rows)
    }
    let isGaussian = path.noise == .gaussian
    let (truth, fresh) = (laboratory.truth(), laboratory.truth(1))
    // Nelson's process needs a finite clock up to the base, which the cosine path has not.
    let own = AnnealedPath(annealing: .exponential, horizon: 3)
    let nelson = isGaussian ? try communicator.agree { try exactScore(target, name, own) } : nil
    var sets: [MatrixBox] = []
    for speed in speeds {
      let samplers: [any Sampler] = [
        DiffusionAnnealedLangevin(slowdown: speed), UnderdampedAnnealedLangevin(slowdown: speed, friction: 2),
      ]
      for sampler in samplers {
        sets.append(try annealedSamples(score, path, sampler, speed: speed, laboratory, target))
      }
      if let nelson {
        sets.append(
          try annealedSamples(nelson, own, NelsonProcess(slowdown: speed), speed: speed, laboratory, target))
      }
    }
    let pairs = sets.map { (truth, $0) } + [(truth, fresh)]
    let (divergences, sliced) = (try laboratory.divergences(pairs), try laboratory.slicedDistances(pairs))
    let width = isGaussian ? 3 : 2
    let dynamics = ["overdamped", "underdamped", "Nelson (exponential path)"].prefix(width)
    let floor = (divergences[sets.count], sliced[sets.count])
    found.add(
      "bias over the speed kappa from \(base)",
      note: "\(laboratory.count) rows; KL by nearest neighbours (floor \(short(floor.0))) and sliced W2 (floor "
        + "\(short(floor.1))), estimates",
      ["kappa", "kappa A/4"] + dynamics.flatMap { ["KL, \($0)", "W2, \($0)"] },
      speeds.indices.map { k in
        (0..<width).reduce(cells(speeds[k], 0.25 * speeds[k] * action)) {
          $0 + cells(divergences[k * width + $1], sliced[k * width + $1])
        }
      })
    found.panels.append(
      (
        isGaussian ? "annealed-chains" : "annealed-chains-student",
        CurvePanel(
          title: "bias on \(name) from \(base)", x: "kappa", y: "KL", logarithmic: true, logarithmicX: true,
          series: [.init("κ𝒜/4", speeds, speeds.map { 0.25 * $0 * action }, marked: false)]
            + dynamics.enumerated().map { j, dynamics in
              .init(dynamics, speeds, speeds.indices.map { max(divergences[$0 * width + j], 1e-3) })
            } + [.init("floor", speeds, speeds.map { _ in max(floor.0, 1e-3) }, marked: false)])
      ))
  }

  /// Ends of one dynamics; steps so short that the narrowest component is followed.
  private func annealedSamples(
    _ score: any Score, _ path: AnnealedPath, _ sampler: any Sampler, speed: Double, _ laboratory: ChainLaboratory,
    _ target: any Target
  ) throws -> MatrixBox {
    let narrowest = (target as? GaussianMixture).map { mixture in
      zip(mixture.variances[0], mixture.standardisation.scale).reduce(1.0) { min($0, $1.0 / ($1.1 * $1.1)) }
    }
    let wanted = 3 / (speed * (narrowest ?? 0.02))
    let steps = request.steps ?? min(max(200, Int(wanted)), 4000)
    let times = TimeGrid.uniform.times(steps: steps, of: path, to: TimeGrid.standardFinalTime(horizon: path.horizon))
    let generator = Generator(
      process: path, dimension: target.dimension, sampler: sampler, times: times, denoises: false, seed: experiment.seed
    )
    return MatrixBox(try drawn(generator, score, count: laboratory.count, laboratory.communicator))
  }
}
