internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Runs
internal import Targets
internal import Theory

extension TheoryInquiry {
  /// Functional-inequality and regularity constants.
  package func constants(_ communicator: Communicator) throws -> TheoryFindings {
    var found = TheoryFindings()
    switch subject {
    case .gaussian(let data):
      add(gaussian: data, to: &found)
    case .doubleWell:
      let barriers = [0.5, 1, 2, 3, 4, 5, 6]
      let gaps = try communicator.sweep(barriers.count, width: 6) { i in
        let law = DensityOnLine.doubleWell(barrier: barriers[i])
        let (gap, error) = law.spectralGap()
        let hardy = law.hardyBounds()
        return [
          gap, error, law.moments.variance, hardy.poincare.upperBound, hardy.logSobolev.upperBound,
          doubleWellBound(barrier: barriers[i]).value,
        ]
      }
      found.add(
        "double well exp(-h (x^2 - 1)^2)", note: "Poincaré constant 1/gap (estimate), above the variance (lower bound)",
        ["h", "spectral gap", "its error", "Poincaré constant", "variance"],
        zip(barriers, gaps).map { cells($0, $1[0], $1[1], 1 / $1[0], $1[2]) })
      found.add(
        "upper bounds",
        note: "Poincaré: Muckenhoupt; log-Sobolev: Barthe and Roberto on the line, and Holley–Stroock with Bakry–Émery",
        ["h", "Poincaré, Muckenhoupt", "log-Sobolev, Barthe-Roberto", "both, Holley-Stroock"],
        zip(barriers, gaps).map { cells($0, $1[3], $1[4], $1[5]) })
      found.panels.append(
        (
          "double-well",
          CurvePanel(
            title: "Poincaré constant of a double well", x: "h", y: "constant", logarithmic: true,
            series: [
              .init("Holley–Stroock", barriers, gaps.map { $0[5] }, marked: false),
              .init("Muckenhoupt", barriers, gaps.map { $0[3] }, marked: false),
              .init("1/gap", barriers, gaps.map { 1 / $0[0] }), .init("variance", barriers, gaps.map { $0[2] }),
            ])
        ))
    case .builtIn(let target, let name):
      try add(target, name, to: &found, communicator)
    case .logLipschitz: addLogLipschitz(to: &found)
    case .runs: throw ToolError.fault("constants of a run")
    }
    return found
  }

  /// exp(−x²/2 − |x|): not smooth, and 1-convex.
  private func addLogLipschitz(to found: inout TheoryFindings) {
    let law = DensityOnLine(support: -9...9) { -0.5 * $0 * $0 - abs($0) }
    let (gap, error) = law.spectralGap()
    let hardy = law.hardyBounds()
    found.add(
      "constants of exp(-x^2/2 - |x|)", ["quantity", "value", "certainty", "source"],
      marked([
        MarkedValue("Poincaré constant", 1 / gap, .estimate, "spectral gap, its error about \(short(error))"),
        MarkedValue("Poincaré constant", law.moments.variance, .lowerBound, "variance of a linear function"),
        bakryEmery("Poincaré constant", convexity: 1, of: "a 1-convex potential"),
        bakryEmery("log-Sobolev constant", convexity: 1, of: "a 1-convex potential"),
        MarkedValue("Poincaré constant", hardy.poincare.upperBound, .upperBound, "Muckenhoupt 1972"),
        MarkedValue("log-Sobolev constant", hardy.logSobolev.upperBound, .upperBound, "Barthe, Roberto 2003"),
        MarkedValue("log-Sobolev constant", hardy.logSobolev.lowerBound, .lowerBound, "Barthe, Roberto 2003"),
        MarkedValue("one-sided Lipschitz constant L_0", .infinity, .exact, "the kink at 0"),
        MarkedValue("log-Lipschitz decomposition: α", 1, .exact, "V = x²/2"),
        MarkedValue("log-Lipschitz decomposition: L", 1, .exact, "H = |x|"),
      ]))
    let noises = [0.05, 0.2, 1, 5]
    found.add(
      "X given X + Z = y", note: "Poincaré constants by the spectral gap (estimates); Bakry–Émery bounds every y",
      ["noise of y", "y = 0", "y = 1", "y = 3", "any y, at most"],
      noises.map { q in
        cells(q)
          + [0.0, 1, 3].map { y -> TheoryFindings.Cell in
            .number(1 / law.posterior(given: y, noise: q).spectralGap().gap)
          }
          + cells(posteriorBakryEmery(noise: q, semiconvexity: -1).value)
      })
  }

  private func marked(_ values: [MarkedValue]) -> [[TheoryFindings.Cell]] {
    values.map { [.text($0.quantity), .number($0.value), .text($0.certainty.rawValue), .text($0.source)] }
  }

  private func add(gaussian data: GaussianData, to found: inout TheoryFindings) {
    let process = OrnsteinUhlenbeck(horizon: 4)
    let smallest = data.variance.min() ?? 1
    let unit = process.prior(dimension: data.dimension)
    found.add(
      "constants of the data", ["quantity", "value", "certainty", "source"],
      marked(
        gaussianConstants(data, mean: 1, noise: 0) + [
          MarkedValue(
            "relative Fisher information to N(0, I)", data.law.relativeFisherInformation(from: unit), .exact, "Gaussian"
          ),
          MarkedValue("KL from N(0, I)", data.law.divergence(from: unit), .exact, "Gaussian"),
          MarkedValue("one-sided Lipschitz constant L_0", 1 / smallest, .exact, "the largest precision"),
          MarkedValue(
            "log-Lipschitz decomposition: α", 1 / (data.variance.max() ?? 1), .exact, "V the whole potential, L = 0"),
        ]))
    let times = (0...8).map { 0.5 * Double($0) }
    let rows = times.map { t -> [Double] in
      let kernel = process.transition(from: 0, to: t)
      let constant = gaussianConstants(data, mean: kernel.map[0, 0], noise: kernel.covariance[0, 0])[0].value
      let q = t > 0 ? kernel.covariance[0, 0] / (kernel.map[0, 0] * kernel.map[0, 0]) : 0
      return [constant, q, t > 0 ? gaussianPosteriorConstants(data, noise: q)[0].value : 0]
    }
    found.add(
      "over time, Ornstein-Uhlenbeck", note: "exact; Poincaré and log-Sobolev constants are equal",
      ["t", "of p_t", "noise of y", "of X given X + Z = y, any y"],
      zip(times, rows).map { cells($0, $1[0], $1[1], $1[2]) })
    found.panels.append(
      (
        "constants-gaussian",
        CurvePanel(
          title: "Poincaré constants", x: "t", y: "constant",
          series: [
            .init("of p_t", times, rows.map { $0[0] }), .init("of X given X + Z = y", times, rows.map { $0[2] }),
          ])
      ))
  }

  private func add(
    _ target: any Target, _ name: String, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    var values: [MarkedValue] = []
    if let funnel = target as? Funnel {
      let d = funnel.dimension
      values = [
        MarkedValue(
          "relative Fisher information to N(0, I)", funnelFisherInformation(dimension: d), .exact,
          "closed form (docs/theory.md)"),
        MarkedValue("one-sided Lipschitz constant L_0", .infinity, .exact, "precision e^(-x_1) is unbounded"),
        MarkedValue("Poincaré constant", .infinity, .exact, "x_2 has no exponential moment (Gromov, Milman 1983)"),
        MarkedValue("log-Sobolev constant", .infinity, .exact, "at least the Poincaré constant"),
      ]
    } else if let mixture = target as? GaussianMixture {
      values = [
        mixture.poincareBound(), mixture.poincareLowerBound, mixture.logSobolevBound, mixture.oneSidedLipschitzBound,
        mixture.semiconvexity,
      ].compactMap { $0 }
      if let (alpha, slope) = mixture.logLipschitzDecomposition { values += [alpha, slope] }
      if mixture.dimension == 1 { values += onLine(mixture) }
      try addOverTime(mixture, to: &found, communicator)
      try addPosterior(mixture, to: &found, communicator)
    } else if let ball = Ball(target) {
      addConvolutions(ball, name, to: &found)
      return
    } else {
      return try communicator.agree {
        throw ToolError.usage(
          "the constants of \(name) are not known; choose another target, or a run of this one by errors")
      }
    }
    found.add("constants of \(name), original units", ["quantity", "value", "certainty", "source"], marked(values))
    try addFisher(target, name, to: &found, communicator)
  }

  /// I(p_t‖N(0, I)) by Monte Carlo with the exact score, in standardised coordinates.
  private func addFisher(
    _ target: any Target, _ name: String, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let process = OrnsteinUhlenbeck(horizon: 4)
    let times = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3]
    let count = request.count ?? 2000
    let score = try communicator.agree { try exactScore(target, name, process) }
    let rows = try communicator.sweep(times.count, width: 2) { i in
      relativeInformation(score, target, process, at: times[i], count: count)
    }
    found.add(
      "relative Fisher information of p_t to N(0, I), standardised coordinates",
      note: "\(Certainty.estimate.rawValue): Monte Carlo over \(count) draws with the exact score",
      ["t", "value", "standard error"], zip(times, rows).map { cells($0, $1[0], $1[1]) })
  }

  private func relativeInformation(
    _ score: some Score, _ target: any Target, _ process: any ForwardProcess, at t: Double, count: Int
  ) -> [Double] {
    var score = score
    var rows = Matrix(rows: count, columns: target.dimension)
    target.draw(RandomStream(seed: experiment.seed, purpose: .targetDraw), firstIndex: 0, into: &rows)
    target.standardisation.apply(to: &rows)
    let state = diffused(
      rows, by: process.kernel(at: t), RandomStream(seed: experiment.seed, purpose: .diffusionNoise), firstIndex: 0)
    var scores = Matrix(rows: count, columns: target.dimension)
    score.evaluate(state, at: t, into: &scores)
    let values = squaredRelativeScores(
      state, score: scores, prior: process.priorCovariance, dimension: target.dimension)
    let mean = Spread(errorOf: values)
    return [mean.mean, mean.deviation]
  }
}
