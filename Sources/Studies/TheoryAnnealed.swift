internal import Communication
internal import Configuration
internal import Files
internal import RealFunctions
internal import Reports
internal import Runs
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Action and bias of annealed Langevin dynamics.
  package func annealed(_ communicator: Communicator) throws -> TheoryFindings {
    switch subject {
    case .gaussian(let data): return try gaussianAnnealed(data, communicator)
    case .builtIn(let target, let name):
      if let mixture = target as? GaussianMixture, mixture.dimension == 1 {
        return try lineAnnealed(mixture, communicator)
      }
      return try sampledAnnealed(target, name, communicator)
    case .runs, .doubleWell, .logLipschitz: throw ToolError.fault("annealed of a run or a law on the line")
    }
  }

  /// Gaussian data: exact by moment equations.
  private func gaussianAnnealed(_ data: GaussianData, _ communicator: Communicator) throws -> TheoryFindings {
    let path = GaussianAnnealedPath(data: data)
    let dynamics = GaussianAnnealedLangevin(path: path)
    let speeds = (0...12).map { 0.01 * pow(10, 0.25 * Double($0)) }
    let target = path.marginal(at: 1)
    let points = try communicator.sweep(speeds.count, width: 6) { i in
      let bias = dynamics.bias(speed: speeds[i])
      let slow = dynamics.end(speed: speeds[i], .underdamped(friction: 2)).positions
      let nelson = dynamics.end(speed: speeds[i], .nelson)
      return [
        bias.divergence, bias.actionBound, bias.sharpenedBound, target.divergence(from: slow),
        target.divergence(from: nelson), target.wasserstein(to: nelson),
      ]
    }
    var found = TheoryFindings()
    let moment = path.secondMoment
    let d = Double(data.dimension)
    found.add(
      "action", note: "of the path from the base to the data; C = pi^2 (M2 + V)/8 bounds that of the cosine schedule",
      ["base", "schedule", "action", "certainty"],
      [
        [.text("N(0, I)"), .text("cosine"), .number(path.action), .text(Certainty.exact.rawValue)],
        [
          .text("N(0, I)"), .text("cosine"),
          .number(GaussianAnnealedPath.actionBound(secondMoment: moment, baseMoment: d)),
          .text(Certainty.upperBound.rawValue),
        ],
        [
          .text("N(0, I)"), .text("linear"),
          .number(GaussianAnnealedPath(data: data, schedule: .linear).action), .text(Certainty.exact.rawValue),
        ],
        [
          .text("N(0, I)"), .text("exponential, T = 2"),
          .number(GaussianAnnealedPath(data: data, schedule: .exponential(horizon: 2)).action),
          .text(Certainty.exact.rawValue),
        ],
        [
          .text("Student-t, 5 degrees"), .text("cosine"),
          .number(GaussianAnnealedPath.actionBound(secondMoment: moment, baseMoment: 5 * d / 3)),
          .text(Certainty.upperBound.rawValue),
        ],
      ])
    found.add(
      "bias over the speed kappa", note: "KL of the data from the law reached, cosine schedule, by moment equations",
      ["kappa", "overdamped", "kappa A/4", "log-Sobolev bound", "underdamped (position)", "Nelson"],
      zip(speeds, points).map { cells($0, $1[0], $1[1], $1[2], $1[3], $1[4]) })
    found.panels.append(
      (
        "annealed",
        CurvePanel(
          title: "bias of annealed Langevin", x: "kappa", y: "KL", logarithmic: true, logarithmicX: true,
          series: [
            .init("κ𝒜/4", speeds, points.map { $0[1] }, marked: false),
            .init("log-Sobolev", speeds, points.map { $0[2] }, marked: false),
            .init("overdamped", speeds, points.map { $0[0] }), .init("underdamped", speeds, points.map { $0[3] }),
          ])
      ))
    return found
  }
}
