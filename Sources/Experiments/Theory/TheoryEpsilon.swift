internal import Communication
internal import Diffusion
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Sampling
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// What noise on the position changes: the exact quantities, and the table of sliced W2 with the exact score.
  func epsilonTable(_ communicator: Communicator) throws -> TheoryFindings {
    let (target, name) = try communicator.agree { () throws -> (any Targets.Target, String) in
      guard case .builtIn(let target, let name) = subject else {
        throw ExperimentError.usage("epsilon takes a built-in target with an exact score, such as funnel")
      }
      guard experiment.process.kind == .criticallyDampedLangevin else {
        throw ExperimentError.usage("epsilon takes the process critically-damped-langevin")
      }
      return (target, name)
    }
    var settings: [(a: Double, epsilon: Double)] = []
    for a in [0.25, 1, 2] { for epsilon in [0, 0.25, 1] { settings.append((a, epsilon)) } }
    var found = TheoryFindings()
    addExact(settings, to: &found)
    try addTable(settings, target, name, to: &found, communicator)
    return found
  }

  private func process(a: Double, epsilon: Double) -> CriticallyDampedLangevin {
    let section = experiment.process
    return CriticallyDampedLangevin(
      a: a, sigma: section.sigma, epsilon: epsilon, velocityVariance: section.velocityVariance, beta: section.beta,
      horizon: section.horizon)
  }

  /// Unit Gaussian data of zero mean, one coordinate: the part that two moments see.
  private func addExact(_ settings: [(a: Double, epsilon: Double)], to found: inout TheoryFindings) {
    let data = GaussianData(mean: [0], variance: [1])
    let steps = request.steps ?? 1000
    let rows = settings.map { setting -> [TheoryFindings.Cell] in
      let process = process(a: setting.a, epsilon: setting.epsilon)
      let logNorm = process.renormalisedDrift.logNorm
      let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
      let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
      let split = recursion.errorSplit(over: times, perturbation: ScorePerturbation(), positionsOnly: true)
      return cells(
        setting.a, setting.epsilon, abs(logNorm) < 1e-12 ? 0 : logNorm,
        data.marginal(process, at: process.horizon).wasserstein(to: process.prior(dimension: 1)), split.mixing,
        split.discretisation)
    }
    found.add(
      "unit Gaussian data, one coordinate", note: "exact; W2",
      ["a", "epsilon", "log-norm", "p_T to prior", "mixing, position", "discretisation, position"], rows)
  }

  private func addTable(
    _ settings: [(a: Double, epsilon: Double)], _ target: any Targets.Target, _ name: String,
    to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let (count, repeats, steps) = (request.count ?? 20_000, request.repeats ?? 5, request.steps ?? 1000)
    var rows: [[TheoryFindings.Cell]] = []
    let directions = randomDirections(count: experiment.evaluation.directions, dimension: target.dimension, seed: 1)
    var distance = SlicedWasserstein(directions: directions, over: communicator)
    var floors: [Double] = []
    var values = [[[Double]]](repeating: [[], []], count: settings.count)
    for repetition in 0..<repeats {
      let seed = experiment.seed &+ UInt64(repetition)
      func truth(_ step: UInt64) -> Matrix {
        var rows = Matrix(rows: count, columns: target.dimension)
        target.draw(RandomStream(seed: seed, purpose: .floor, step: step), firstIndex: 0, into: &rows)
        return rows
      }
      try distance.setReference(truth(0))
      floors.append(try distance.values(to: truth(1))[0])
      for (k, setting) in settings.enumerated() {
        let process = process(a: setting.a, epsilon: setting.epsilon)
        let kernel = process.kernel(at: process.horizon)
        // The two moments of p_T for data of zero mean and unit variance.
        let matched = kernel.covariance + kernel.mean.outer(kernel.mean)
        for (j, start) in [process.priorCovariance, matched].enumerated() {
          let samples = try generated(
            target, name, process, from: start, count: count, steps: steps, seed: seed, communicator)
          values[k][j].append(try distance.values(to: samples)[0])
        }
      }
    }
    let floor = Spread(of: floors)
    for (k, setting) in settings.enumerated() {
      let (prior, matched) = (Spread(of: values[k][0]), Spread(of: values[k][1]))
      // At the floor: within two standard deviations of a difference of means over the repeats.
      let error =
        2 * ((prior.deviation * prior.deviation + floor.deviation * floor.deviation) / Double(repeats)).squareRoot()
      rows.append(
        cells(
          setting.a, setting.epsilon, prior.mean, prior.deviation, matched.mean, matched.deviation, floor.mean,
          floor.deviation)
          + [
            .text(
              repeats > 1 && prior.mean <= floor.mean + error ? "at the floor" : repeats > 1 ? "above" : "one repeat")
          ])
    }
    found.add(
      "sliced W2 of \(name), exact score, Euler-Maruyama, \(steps) uniform steps, \(count) samples, \(repeats) seeds",
      note: "original units; from the stationary law, and from the two moments of p_T",
      [
        "a", "epsilon", "stationary start", "sd", "p_T-moment start", "sd of it", "floor", "sd of floor",
        "stationary start is",
      ], rows)
    let groups = [0.25, 1, 2]
    found.panels.append(
      (
        "epsilon",
        CurvePanel(
          title: "sliced W2 over epsilon", x: "ε", y: "sliced W2",
          series: groups.flatMap { a -> [CurvePanel.Series] in
            let indices = settings.indices.filter { settings[$0].a == a }
            let x = indices.map { settings[$0].epsilon }
            let start = { (j: Int) in indices.map { Spread(of: values[$0][j]).mean } }
            return a == 0.25
              ? [.init("a = 0.25", x, start(0)), .init("a = 0.25, p_T moments", x, start(1))]
              : [.init("a = \(short(a))", x, start(0))]
          } + [.init("floor", [0, 1], [floor.mean, floor.mean], marked: false)])
      ))
  }

  /// Samples in original units, chunks spread over the ranks.
  private func generated(
    _ target: any Targets.Target, _ name: String, _ process: any ForwardProcess, from start: BlockMatrix,
    count: Int, steps: Int, seed: UInt64,
    _ communicator: Communicator
  ) throws -> Matrix {
    let d = target.dimension
    let end = TimeGrid.standardFinalTime(horizon: process.horizon)
    var generator = Generator(
      process: process, dimension: d, sampler: EulerMaruyama(),
      times: TimeGrid.uniform.times(steps: steps, of: process, to: end), denoises: true, seed: seed,
      start: start)
    func chunks(_ score: some Score) throws -> [[Double]] {
      var score = score
      var samples = Matrix(rows: Generator.rows, columns: d)
      return try communicator.sweep((count + 255) / 256, width: 256 * d) { chunk in
        generator.generate(chunk: chunk, score: &score, into: &samples)
        target.standardisation.invert(&samples)
        return (0..<samples.count).map { Double(samples.span[$0]) }
      }
    }
    let score = try communicator.agree { try exactScore(target, name, process) }
    let all = try chunks(score)
    var rows = Matrix(rows: count, columns: d)
    for r in 0..<count { for j in 0..<d { rows[r, j] = Float(all[r / 256][r % 256 * d + j]) } }
    return rows
  }
}
