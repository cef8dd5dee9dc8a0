import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Targets
import Testing
import Training

@testable import Sampling

/// A process of each kind, of critically damped Langevin one without noise on the position and one with it.
struct Family: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let process: any ForwardProcess

  static let all: [Family] = ProcessKind.allCases.flatMap { kind in
    var options = ProcessOptions(kind)
    // A start that knows the data's variance, and a path that ends near its base.
    options.prior = .noiseAndData
    if kind == .annealed { (options.annealing, options.horizon) = (.exponential, 5) }
    return (kind == .criticallyDampedLangevin ? [0, 0.25] : [0]).map { epsilon in
      options.epsilon = epsilon
      return Family(testDescription: kind.rawValue + (epsilon > 0 ? ", ε > 0" : ""), process: options.make())
    }
  }
}

/// Samples given observations by particles, chunks of 256 of them, with what became of them.
func particles(
  _ score: some DifferentiableScore, given observations: Observations, draws: DataDraws?, times: [Double]? = nil,
  chunks: Int = 6
) -> (rows: [[Double]], outcomes: [ParticleGenerator.Outcome], held: Double) {
  var score = score
  let process = score.process
  let times = times ?? TimeGrid.logSNR.times(steps: 250, of: process, to: process.time(ofNoise: 0.002))
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

extension PlaneMixture {
  /// Expects means, deviations and weights of samples to be this law's.
  ///
  /// A chunk's 256 particles count for about 150: 0.033 deviations is one standard error of a mean over six chunks, and
  /// 0.024 one of a deviation's logarithm; over four, 0.041 and 0.029. The network's own error is held to 5 % of a
  /// deviation.
  func expect(
    _ rows: [[Double]], mean tolerance: Double = 0.15, deviation: Double = 0.1, weight: Double = 0.06,
    _ comment: Comment
  ) {
    for h in [[1.0, 0], [0, 1.0]] {
      let (mean, exact) = moments(along: h)
      let values = rows.map { h[0] * $0[0] + h[1] * $0[1] }
      let found = values.reduce(0, +) / Double(values.count)
      let spread = (values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(values.count)).squareRoot()
      #expect(abs(found - mean) < tolerance * exact, comment)
      #expect(abs(log(spread / exact)) < deviation, "\(comment): \(spread) for \(exact)")
    }
    var counts = [Double](repeating: 0, count: weights.count)
    for row in rows { counts[component(of: row)] += 1 / Double(rows.count) }
    for (found, expected) in zip(counts, weights) {
      #expect(abs(found - expected) < weight, "\(comment): \(counts) for \(weights)")
    }
  }
}

@Suite struct ObservedNetworkTests {
  /// One observation and two, noise from 0.01 to 1, rare values: two of these for each law and every process.
  private static let precise = Observations(rows: [[1, 0.5]], values: [-0.6], deviations: [0.01])
  private static let vague = Observations(rows: [[1, 0.5]], values: [-0.6], deviations: [1])
  private static let two = Observations(rows: [[1, 0], [0.5, 1]], values: [-1, 0.4], deviations: [0.1, 0.2])

  @Test(
    "a network that has learned a correlated Gaussian samples its exact law given observations",
    arguments: Family.all.filter { family in !apart.contains { $0.testDescription == family.testDescription } })
  func gaussian(_ family: Family) throws {
    // Of the Gaussian 1 row in 1,000 is as far out: 3.29 deviations of √2.05.
    let rare = Observations(rows: [[1, 0.5]], values: [-4.71], deviations: [0.1])
    // Its posterior mean is linear, which half of the steps teach; it has no weights, which need the most particles.
    try check(family, PlaneMixture.gaussian(correlation: 0.8), [Self.vague], rare: rare, steps: 1000, chunks: 4)
  }

  /// The processes that are tested by modes, the others being tested by the Gaussian.
  ///
  /// All of several blocks; of one block, whose processes differ little here, that which keeps the data's variance, one without
  /// a diffusion and one that starts from noise alone.
  static let apart = Family.all.filter { family in
    let kinds: [ProcessKind] = [.variancePreserving, .flowMatching, .varianceExploding]
    return family.process.blocks > 1 || kinds.map(\.rawValue).contains(family.testDescription)
  }

  @Test("a network that has learned three modes samples their exact law given observations", arguments: apart)
  func modes(_ family: Family) throws {
    // 1 row in 1,000 is less: 0.3 Φ((−2.014 + 1.2)/0.3).
    let rare = Observations(rows: [[1, 0]], values: [-2.014], deviations: [0.1])
    try check(family, PlaneMixture.modes, [Self.precise, Self.two], rare: family.process.blocks > 1 ? rare : nil)
  }

  private func check(
    _ family: Family, _ law: PlaneMixture, _ cases: [Observations], rare: Observations? = nil, steps: Int = 2000,
    chunks: Int = 6
  ) throws {
    var score = try trainedScore(on: family.process, steps: steps) { law.draw(&$0) }
    let draws = DataDraws.drawn(from: &score, seed: 9)
    // The deviations from the exact laws are no larger than with 250 steps: they are the network's and the particles'.
    let process = family.process
    let times = TimeGrid.logSNR.times(steps: 150, of: process, to: process.time(ofNoise: 0.002))
    for (number, observations) in (cases + (rare.map { [$0] } ?? [])).enumerated() {
      let (rows, outcomes, held) = particles(score, given: observations, draws: draws, times: times, chunks: chunks)
      // Forty of its 40,000 rows are as rare: the network's own error is held to twice as much there.
      let isRare = number == cases.count
      law.given(observations).expect(
        rows, mean: isRare ? 0.3 : 0.15, deviation: isRare ? 0.2 : 0.1, "\(observations.deviations)")
      // Γ has to be held where the network's derivative is noise, which the average with Γ_g leaves to few rows.
      #expect(held < 0.05)
      #expect(outcomes.allSatisfy { $0.distinct > 150 })
    }
  }
}
