internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Runs
internal import Targets
internal import Theory

/// A law that is one of a ball, blurred by a little Gaussian noise: what is known of targets without a density.
struct Ball {
  package let radius: Double
  package let noise: Double

  /// The ball around the law's middle, in original units; nil for other targets.
  init?(_ target: any Target) {
    switch target {
    // Both moons lie in [−1, 2] × [−½, 1]; half its diagonal.
    case let moons as TwoMoons: (radius, noise) = (2.8125.squareRoot(), moons.noise * moons.noise)
    case is Checkerboard: (radius, noise) = (32.0.squareRoot(), 0)
    case let roll as SwissRoll: (radius, noise) = (0.9 * Double.pi, roll.noise * roll.noise)
    default: return nil
    }
  }
}

extension TheoryInquiry {
  /// A law of a ball: bounds on p_t over time.
  func addConvolutions(_ ball: Ball, _ name: String, to found: inout TheoryFindings) {
    let times = [0.0, 0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2, 3]
    let rows = times.map { t -> [Double] in
      let (m, q) = (exp(-t), exp(-2 * t) * ball.noise - expm1(-2 * t))
      guard q > 0 else { return [.infinity, .infinity] }
      return [
        convolutionBound(radius: m * ball.radius, noise: q).value,
        convolutionSemiconvexity(radius: m * ball.radius, noise: q),
      ]
    }
    found.add(
      "p_t of \(name), original units, Ornstein-Uhlenbeck",
      note: "upper bounds: a law of a ball of radius \(short(ball.radius)), blurred (Mikulincer, Shenfeld 2022)",
      ["t", "Poincaré and log-Sobolev constant", "sup of the largest eigenvalue of ∇²log p_t"],
      zip(times, rows).map { cells($0, $1[0], $1[1]) })
  }

  /// What quadrature adds on the line.
  func onLine(_ mixture: GaussianMixture) -> [MarkedValue] {
    let law = MixtureOnLine(mixture)
    let (gap, error) = mixture.onLine.spectralGap()
    let hardy = mixture.onLine.hardyBounds()
    let curvature = law.curvatureRange
    return [
      MarkedValue("Poincaré constant", 1 / gap, .estimate, "spectral gap, its error about \(short(error))"),
      MarkedValue("Poincaré constant", hardy.poincare.upperBound, .upperBound, "Muckenhoupt 1972"),
      MarkedValue("log-Sobolev constant", hardy.logSobolev.upperBound, .upperBound, "Barthe, Roberto 2003"),
      MarkedValue("log-Sobolev constant", hardy.logSobolev.lowerBound, .lowerBound, "Barthe, Roberto 2003"),
      MarkedValue("one-sided Lipschitz constant L_0", -curvature.lowerBound, .estimate, "largest −(ln p)'' on a grid"),
      MarkedValue("sup of the largest eigenvalue of ∇²log p", curvature.upperBound, .estimate, "on a grid"),
      MarkedValue("relative Fisher information to N(0, I)", law.relativeFisherInformation, .exact, "quadrature"),
    ]
  }

  func addOverTime(
    _ mixture: GaussianMixture, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let times = [0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2, 3]
    let rows = try communicator.sweep(times.count, width: 5) { i in
      let (m, q) = (exp(-times[i]), -expm1(-2 * times[i]))
      let law = mixture.blurred(mean: m, noise: q)
      let gap = mixture.dimension == 1 ? 1 / law.onLine.spectralGap().gap : .nan
      return [
        law.poincareLowerBound.value, gap, law.poincareBound().value, law.logSobolevBound?.value ?? .infinity,
        law.semiconvexity?.value ?? .infinity,
      ]
    }
    let isLine = mixture.dimension == 1
    found.add(
      "constants of p_t over time, Ornstein-Uhlenbeck, original units",
      note: "Poincaré: variance, \(isLine ? "1/gap (estimate), " : "")pairwise χ²; log-Sobolev: means in a ball",
      ["t", "Poincaré, at least"] + (isLine ? ["1/gap"] : [])
        + ["Poincaré, at most", "log-Sobolev, at most", "∇²log p_t, at most"],
      zip(times, rows).map {
        cells($0, $1[0]) + (isLine ? cells($1[1]) : []) + cells($1[2], $1[3], $1[4])
      })
    var series: [CurvePanel.Series] = [
      .init("log-Sobolev, at most", times, rows.map { $0[3] }), .init("Poincaré, at most", times, rows.map { $0[2] }),
      .init("Poincaré, at least", times, rows.map { $0[0] }),
    ]
    if isLine { series.append(.init("Poincaré, 1/gap", times, rows.map { $0[1] })) }
    found.panels.append(
      (
        "constants",
        CurvePanel(title: "constants of p_t", x: "t", y: "constant", logarithmic: true, series: series)
      ))
  }

  /// X given X + √q Z = y, over y on the first axis and for every y.
  func addPosterior(
    _ mixture: GaussianMixture, to found: inout TheoryFindings, _ communicator: Communicator
  ) throws {
    let scale = mixture.standardisation.scale[0]
    let places = (-4...4).map { mixture.standardisation.mean[0] + 0.75 * scale * Double($0) }
    let noises = [0.1, 0.5, 2].map { $0 * scale * scale }
    let isLine = mixture.dimension == 1
    let rows = try communicator.sweep(places.count * noises.count, width: 3) { i in
      var y = mixture.standardisation.mean
      y[0] = places[i % places.count]
      let law = mixture.posterior(given: y, noise: noises[i / places.count])
      return [
        law.poincareLowerBound.value, isLine ? 1 / law.onLine.spectralGap().gap : .nan, law.poincareBound().value,
      ]
    }
    for (k, q) in noises.enumerated() {
      let any = mixture.posterior(given: mixture.standardisation.mean, noise: q)
      var uniform = [("pairwise χ²", any.poincareBound(anyWeights: true).value)]
      if let bound = any.logSobolevBound { uniform.append(("means in a ball", bound.value)) }
      if let bend = mixture.semiconvexity {
        uniform.append(("Bakry–Émery", posteriorBakryEmery(noise: q, semiconvexity: bend.value).value))
      }
      let words = uniform.map { "\($0.0) \(short($0.1))" }.joined(separator: ", ")
      found.add(
        "X given X + Z = y over y, noise \(short(q))", note: "Poincaré constants; at most, for every y: \(words)",
        ["y", "at least (variance)"] + (isLine ? ["1/gap (estimate)"] : []) + ["at most (χ² at this y)"],
        places.indices.map { j in
          let row = rows[k * places.count + j]
          return cells(places[j], row[0]) + (isLine ? cells(row[1]) : []) + cells(row[2])
        })
    }
  }
}
