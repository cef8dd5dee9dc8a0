import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Targets
import Testing
import Training

@testable import Sampling

/// One process of every family.
let families: [(name: String, process: any ForwardProcess)] = [
  ("ornstein-uhlenbeck", OrnsteinUhlenbeck()),
  ("variance-preserving", VariancePreserving()),
  ("sub-variance-preserving", SubVariancePreserving()),
  ("variance-exploding", VarianceExploding(prior: .noiseAndData)),
  ("critically-damped-langevin, ε = 0", CriticallyDampedLangevin(epsilon: 0, beta: 4)),
  ("critically-damped-langevin", CriticallyDampedLangevin(epsilon: 0.25, beta: 4)),
  ("phase-space-langevin", LinearProcess.phaseSpaceLangevin()), ("third-order-langevin", LinearProcess.thirdOrderLangevin()),
  ("flow-matching", FlowMatching(horizon: 0.999)),
  ("annealed", AnnealedPath(annealing: .exponential, horizon: 5)),
]

@Suite struct ObservedNetworkTests {
  /// Samples given observations by particles, with what became of them.
  private func samples(
    _ score: some DifferentiableScore, given observations: Observations, draws: DataDraws?, steps: Int = 250,
    chunks: Int = 12
  ) -> (rows: [[Double]], outcomes: [ParticleGenerator.Outcome], held: Double) {
    var score = score
    let process = score.process
    let times = TimeGrid.logSNR.times(steps: steps, of: process, to: process.time(ofNoise: 0.01))
    var generator = ParticleGenerator(
      process: process, dimension: 2, times: times, denoises: true, seed: 3, given: observations, draws: draws,
      derivativeError: score.derivativeError)
    var rows: [[Double]] = []
    var outcomes: [ParticleGenerator.Outcome] = []
    var chunk = Matrix(rows: Generator.rows, columns: 2)
    for c in 0..<chunks {
      outcomes.append(generator.generate(chunk: c, score: &score, into: &chunk))
      for r in 0..<chunk.rows { rows.append([Double(chunk[r, 0]), Double(chunk[r, 1])]) }
    }
    return (rows, outcomes, generator.heldShare)
  }

  static let cases: [(String, Observations)] = [0.01, 0.1, 1].flatMap { sd in
    [
      ("one, \(sd)", Observations(rows: [[1, 0.5]], values: [-0.6], deviations: [sd])),
      ("two, \(sd)", Observations(rows: [[1, 0], [0.5, 1]], values: [-1, 0.4], deviations: [sd, 2 * sd])),
    ]
  }

  @Test func explore() throws {
    for (name, process) in families {
      for (kind, law) in [("gaussian", PlaneMixture.gaussian(correlation: 0.8)), ("modes", .modes)] {
        let start = Date()
        var score = try trainedScore(on: process) { law.draw(&$0) }
        let took = Date().timeIntervalSince(start)
        let draws = DataDraws.drawn(from: &score, seed: 9)
        print(name, kind, "trained in", took, "draws' variance", draws.variances, draws.mean)
        for (which, observations) in Self.cases {
          let start = Date()
          let (rows, outcomes, held) = samples(score, given: observations, draws: draws)
          let exact = law.given(observations)
          var text = "   \(which):"
          for h in [[1.0, 0], [0, 1.0]] {
            let (mean, deviation) = exact.moments(along: h)
            let values = rows.map { h[0] * $0[0] + h[1] * $0[1] }
            let found = values.reduce(0, +) / Double(values.count)
            let spread = (values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)).squareRoot()
            text += String(format: " mean %+.3f (%+.3f) sd %.3f (%.3f);", found, mean, spread, deviation)
          }
          var counts = [Double](repeating: 0, count: law.weights.count)
          for row in rows { counts[exact.component(of: row)] += 1 / Double(rows.count) }
          text += " w " + counts.map { String(format: "%.3f", $0) }.joined(separator: " ")
          text += " (" + exact.weights.map { String(format: "%.3f", $0) }.joined(separator: " ") + ")"
          text += String(format: " held %.3f resampled %.1f smallest %.0f distinct %.0f in %.1f s", held,
            Double(outcomes.map(\.resamplings).reduce(0, +)) / Double(outcomes.count),
            outcomes.map(\.smallestEffective).min() ?? 0, Double(outcomes.map(\.distinct).min() ?? 0),
            Date().timeIntervalSince(start))
          print(text)
        }
      }
    }
  }
}
