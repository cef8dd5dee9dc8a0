internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import RealFunctions
internal import Reports
internal import Runs
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Log-norms, adapted norms, couplings and the curvature over time.
  package func contract(_ communicator: Communicator) throws -> TheoryFindings {
    let process = experiment.process.make()
    try communicator.agree {
      guard process.stationaryCovariance != nil, process.blocks <= 2 else {
        throw ToolError.usage("contract needs a process of one or two blocks with a stationary law")
      }
    }
    var found = TheoryFindings()
    let drift = process.renormalisedDrift
    let abscissa = drift.spectralAbscissa
    // At a = 1, ε = 0 it is 0 up to rounding.
    let logNorm = abs(drift.logNorm) < 1e-12 ? 0 : drift.logNorm
    found.add(
      "the renormalised drift", ["quantity", "value"],
      [
        [.text("largest real part of an eigenvalue"), .number(abscissa)],
        [.text("Euclidean log-norm"), .number(logNorm)],
        [.text("is negative definite"), .text(logNorm < 0 ? "yes" : "no")],
      ])
    let etas = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99].map { -$0 * abscissa }
    let norms = etas.map { AdaptedNorm(drift: drift, eta: $0) }
    found.add(
      "adapted norms", note: "|z|_M contracts at this rate at every instant; root cond(M) is paid once",
      ["eta", "rate", "cond(M)"], zip(etas, norms).map { cells($0, $1.rate, $1.condition) })
    if process.blocks == 2 { addCounterexample(process, to: &found) }
    switch subject {
    case .gaussian(let data): addCoupling(process, data, norms[1], to: &found)
    case .logLipschitz: try addLogLipschitz(process, to: &found, communicator)
    case .builtIn(let target, let name):
      try addChains(process, target, name, norms[1], to: &found, communicator)
      try addCurvature(process, target, name, to: &found, communicator)
    case .runs, .doubleWell: throw ToolError.fault("contract of the double well")
    }
    return found
  }

  private func addCounterexample(_ process: any ForwardProcess, to found: inout TheoryFindings) {
    let d = process.diffusion(at: process.horizon)
    let rows = [0.1, 0.25, 0.5, 0.75, 0.9].map { c -> [TheoryFindings.Cell] in
      let example = LogConcaveCounterexample(correlation: c)
      let drift = process.drift(at: process.horizon)
      return cells(c, 1 - c, example.growth(diffusion: d), example.reverseLogNorm(drift: drift, diffusion: d))
    }
    found.add(
      "log-concavity is not enough: H = [[-1, c], [c, -1]]",
      note:
        "positive growth although p is (1-c)-log-concave; for Z of the same sign with |Z_x| > |Z_v|/c at epsilon = 0",
      ["c", "log-concavity", "largest eigenvalue of sym DH", "log-norm of -A + DH"], rows)
  }

  private func addCoupling(
    _ process: any ForwardProcess, _ data: GaussianData, _ norm: AdaptedNorm, to found: inout TheoryFindings
  ) {
    let points = SynchronousCoupling.points(process, data, norm: norm)
    found.add(
      "synchronous coupling", note: "largest |Z_s|/|Z_0| over all pairs; eta = \(short(norm.eta))",
      ["s", "Euclidean", "adapted", "bound on adapted", "curvature of log p/p_inf"],
      points.enumerated().filter { $0.offset % 10 == 0 }.map {
        cells($0.element.time, $0.element.euclidean, $0.element.adapted, $0.element.bound, $0.element.curvature)
      })
    let times = points.map(\.time)
    found.panels.append(
      (
        "contract-coupling",
        CurvePanel(
          title: "synchronous coupling", x: "s", y: "|Z_s|/|Z_0|", logarithmic: true,
          series: [
            .init("bound, adapted norm", times, points.map(\.bound), marked: false),
            .init("adapted norm", times, points.map(\.adapted), marked: false),
            .init("Euclidean norm", times, points.map(\.euclidean), marked: false),
          ])
      ))
    if process.blocks == 1, process is OrnsteinUhlenbeck {
      let rows = [0.0, 0.1, 0.25, 0.5, 1, 2].filter { $0 <= process.horizon }.map { t -> [TheoryFindings.Cell] in
        let widest = data.marginal(process, at: t).coordinates.reduce(0) { max($0, $1.covariance[0, 0]) }
        return cells(t, 1 / widest, 2 * (1 - 2 / widest)) + [.text(widest < 2 ? "yes" : "no")]
      }
      found.add(
        "log-concavity of p_t and the rate of |Z|^2", ["t", "lambda", "2(1 - 2 lambda)", "contracts"], rows)
    }
  }

  private func addLogLipschitz(
    _ process: any ForwardProcess, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let law = LogLipschitzLaw(slope: 1)
    let horizon = process.horizon
    let times = (0...24).map { horizon * pow(10, -4 + Double($0) / 6) }
    let values = try communicator.sweep(times.count, width: 2) { i in
      let (whole, last) = law.curvature(process, at: times[i])
      return [whole, last]
    }
    let clock = times.map { process.clock($0) }
    let a = -process.renormalisedDrift.spectralAbscissa
    found.add(
      "curvature of log p_t/p_inf for exp(-x^2/2 - |x|)",
      note: "\(Certainty.estimate.rawValue): largest over a grid of states; laws are up to a constant",
      ["tau", "whole Hessian", "last block's row", "lecture's law", "corrected law"],
      clock.indices.map {
        cells(
          clock[$0], values[$0][0], values[$0][1], CurvatureLaw.lecture(time: clock[$0]),
          CurvatureLaw.corrected(a: a, time: clock[$0]))
      })
    let early = clock.indices.prefix(7)
    let slope = { (j: Int) in fittedSlope(early.map { clock[$0] }, early.map { values[$0][j] }) }
    found.add(
      "slopes at short times", note: "last row -1/2; whole -3/2 at epsilon = 0 and -1/2 with noise on the position",
      ["rows", "fitted"], [[.text("whole"), .number(slope(0))], [.text("last"), .number(slope(1))]])
    found.panels.append(
      (
        "contract-curvature",
        CurvePanel(
          title: "curvature over tau", x: "τ", y: "largest |eigenvalue|", logarithmic: true, logarithmicX: true,
          series: [
            .init("whole Hessian", clock, values.map { $0[0] }), .init("v-row", clock, values.map { $0[1] }),
            .init("lecture", clock, clock.map { CurvatureLaw.lecture(time: $0) }, marked: false),
            .init("corrected", clock, clock.map { CurvatureLaw.corrected(a: a, time: $0) }, marked: false),
          ])
      ))
  }

  private func addCurvature(
    _ process: any ForwardProcess, _ target: any Target, _ name: String, to found: inout TheoryFindings,
    _ communicator: Communicator
  ) throws {
    let score = try communicator.agree { try exactScore(target, name, process) }
    let times = (0...10).map { process.horizon * pow(10, -2 + Double($0) / 5) }
    let count = request.count ?? 64
    func curvature(_ score: some Score, _ t: Double) -> Double {
      var score = score
      var rows = Matrix(rows: count, columns: target.dimension)
      target.draw(RandomStream(seed: experiment.seed, purpose: .targetDraw), firstIndex: 0, into: &rows)
      target.standardisation.apply(to: &rows)
      let stream = RandomStream(seed: experiment.seed, purpose: .diffusionNoise)
      let state = diffused(rows, by: process.kernel(at: t), stream, firstIndex: 0)
      return largestCurvature(state, at: t, score: &score, seed: experiment.seed)
    }
    let values = try communicator.sweep(times.count, width: 1) { i in [curvature(score, times[i])] }
    let clock = times.map { process.clock($0) }
    let a = -process.renormalisedDrift.spectralAbscissa
    found.add(
      "curvature of log p_t/p_inf along \(name)",
      note:
        "\(Certainty.estimate.rawValue): power iteration at \(count) states drawn from p_t, standardised coordinates",
      ["tau", "largest |eigenvalue|", "lecture's law", "corrected law"],
      clock.indices.map {
        cells(
          clock[$0], values[$0][0], CurvatureLaw.lecture(time: clock[$0]), CurvatureLaw.corrected(a: a, time: clock[$0])
        )
      })
  }
}
