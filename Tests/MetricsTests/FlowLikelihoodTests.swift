import Diffusion
import Glibc
import LinearAlgebra
import Randomness
import Targets
import Testing

@testable import Metrics

/// A law of known density, with 256 draws of it.
private struct KnownLaw: CustomTestStringConvertible {
  let testDescription: String
  let mixture: GaussianMixture

  init(_ name: String, _ weights: [Double], _ means: [[Double]], _ variances: [[Double]]) {
    testDescription = name
    mixture = GaussianMixture(weights: weights, means: means, variances: variances)
  }

  func draws(firstIndex: UInt64 = 0) -> Matrix {
    var rows = Matrix(rows: 256, columns: mixture.dimension)
    mixture.draw(RandomStream(seed: 3, purpose: .targetDraw), firstIndex: firstIndex, into: &rows)
    return rows
  }

  /// log Σ w N(x; μ, v), written down once more.
  func logDensity(_ x: [Double]) -> Double {
    let terms = mixture.weights.indices.map { c in
      x.indices.reduce(log(mixture.weights[c])) { sum, k in
        let (away, v) = (x[k] - mixture.means[c][k], mixture.variances[c][k])
        return sum - 0.5 * (away * away / v + log(2 * Double.pi * v))
      }
    }
    let largest = terms.max() ?? 0
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }

  static let gaussian = KnownLaw("Gaussian", [1], [[0.3, -0.2]], [[0.6, 1.2]])
  static let mixture = KnownLaw(
    "mixture", [0.4, 0.6], [[-0.8, 0.5], [0.6, -0.4]], [[0.1, 0.2], [0.3, 0.1]])
  /// In 20 dimensions, whose trace is estimated; the two components correlate all coordinates.
  static let wide = KnownLaw(
    "wide mixture", [0.5, 0.5], [Array(repeating: 0.5, count: 20), Array(repeating: -0.5, count: 20)],
    [Array(repeating: 0.75, count: 20), Array(repeating: 0.75, count: 20)])
}

private struct KnownProcess: CustomTestStringConvertible {
  let testDescription: String
  let process: any ForwardProcess

  private static let root2 = 2.0.squareRoot()

  /// With horizons at which less than 1e-4 of the data is left, as the prior knows nothing of it.
  static let all = [
    KnownProcess(testDescription: "OU", process: OrnsteinUhlenbeck(horizon: 10)),
    KnownProcess(testDescription: "VP", process: VariancePreserving(schedule: .linear(min: 0.1, max: 40))),
    KnownProcess(testDescription: "sub-VP", process: SubVariancePreserving(schedule: .linear(min: 0.1, max: 40))),
    KnownProcess(testDescription: "flow matching", process: FlowMatching(horizon: 1)),
    KnownProcess(
      testDescription: "CLD with position noise",
      process: CriticallyDampedLangevin(
        a: 1, sigma: root2, epsilon: 0.25, velocityVariance: 0.04, beta: 12, horizon: 1)),
    KnownProcess(
      testDescription: "CLD",
      process: CriticallyDampedLangevin(a: 2, sigma: root2, epsilon: 0, velocityVariance: 0.04, beta: 6, horizon: 1)),
    KnownProcess(testDescription: "third order", process: LinearProcess.thirdOrderLangevin(schedule: .constant(10))),
    // Off critical damping the signal-to-noise ratio stands still at isolated times.
    KnownProcess(
      testDescription: "third order, oscillating",
      process: LinearProcess.thirdOrderLangevin(coupling: 2, friction: 3.5, schedule: .constant(14))),
  ]
}

@Suite struct FlowLikelihoodTests {
  private static func keys(from first: Int = 0, draw: Int = 0) -> [FlowLikelihood.Key] {
    (first..<first + 256).map { FlowLikelihood.Key(index: $0, draw: draw) }
  }

  /// Ours less the exact log-density, row by row, averaged over draws.
  private static func errors(
    _ law: KnownLaw, _ process: any ForwardProcess, steps: Int = 200, draws: Int = 1, firstTime: Double = 1e-5
  ) throws -> [Double] {
    let identity = Standardisation.identity(law.mixture.dimension)
    let score = try #require(law.mixture.score(under: process, in: identity) as? any DifferentiableScore)
    func opened(_ score: some DifferentiableScore) -> [Double] {
      var score = score
      var flow = FlowLikelihood(
        process: process, dimension: law.mixture.dimension, firstTime: firstTime, steps: steps,
        seed: 1)
      let rows = law.draws()
      var errors = (0..<256).map { -law.logDensity(doubles(rows, $0)) }
      for draw in 0..<draws {
        let found = flow.logDensities(rows, keys: Self.keys(draw: draw), score: &score)
        for r in 0..<256 { errors[r] += found[r] / Double(draws) }
      }
      return errors
    }
    return opened(score)
  }

  @Test(
    "with the exact score log-densities of Gaussians and mixtures are right to 1e-3 nats, and the bound is tight",
    arguments: KnownProcess.all, [KnownLaw.gaussian, .mixture])
  private func exact(process: KnownProcess, law: KnownLaw) throws {
    let errors = try Self.errors(law, process.process, steps: process.process.blocks == 3 ? 400 : 200)
    // What is asked of the mean. Single rows: the third of 256 in the tails may be several times further off.
    #expect(abs(errors.reduce(0, +) / 256) < 1e-3, "\(errors.reduce(0, +) / 256)")
    // Flow matching starts at 0.999 T, where the noise's variance is 0.998 and not the prior's 1: 1e-3 (|z|² − d).
    let most = process.process is FlowMatching ? 1.5e-2 : 5e-3
    #expect(errors.map(abs).max() ?? 1 < most, "\(errors.map(abs).max() ?? 1)")
  }

  @Test(
    "from a later time on the density is the blurred data's, less the divergence of the velocities from their own law")
  func blurred() throws {
    let law = KnownLaw("Gaussian of one coordinate", [1], [[0]], [[0.6]])
    for (place, time) in [(1, 0.15), (4, 0.1)] {
      let process = KnownProcess.all[place].process
      let kernel = process.kernel(at: time)
      let (m, c) = (kernel.mean, kernel.covariance)
      let variance = 0.6 + c[0, 0] / (m[0] * m[0])
      var sizes: [Double] = []
      // Ours less the density of the unblurred data, row by row.
      let errors = try Self.errors(law, process, draws: 8, firstTime: time)
      let rows = law.draws()
      for r in 0..<256 {
        let x = Double(rows[r, 0])
        var expected = -0.5 * (x * x / variance + log(2 * Double.pi * variance)) - law.logDensity([x])
        if process.blocks == 2 {
          // Velocities are drawn about M_v x with the variance of e_v − (M_v/M_x) e_x; their own law given the position is Gaussian too.
          let ratio = m[1] / m[0]
          let drawn = c[1, 1] - 2 * ratio * c[0, 1] + ratio * ratio * c[0, 0]
          let (xx, xv, vv) = (c[0, 0] + 0.6 * m[0] * m[0], c[0, 1] + 0.6 * m[0] * m[1], c[1, 1] + 0.6 * m[1] * m[1])
          let (own, away) = (vv - xv * xv / xx, (m[1] - xv / xx * m[0]) * x)
          expected -= 0.5 * ((drawn + away * away) / own - 1 + log(own / drawn))
        }
        sizes.append(errors[r] - expected)
      }
      let found = Spread(of: sizes)
      // The method's own 1e-3, and four standard errors of the velocities drawn: a false alarm in 16,000.
      #expect(abs(found.mean) < 1e-3 + 4 * found.deviation / 16, "\(found)")
      #expect(m[0] < 0.95 && variance > 0.65, "\(m), \(variance)")
    }
  }

  @Test("the method is of order 4 in the number of steps", arguments: [0, 4])
  func order(process: Int) throws {
    let process = KnownProcess.all[process].process
    let found = try [16, 32, 128].map { try Self.errors(.mixture, process, steps: $0, firstTime: 1e-3) }
    let sizes = (0..<2).map { i in zip(found[i], found[2]).reduce(0) { $0 + abs($1.0 - $1.1) } / 256 }
    // 16-fold in the limit; at steps of 0.2 to 0.7 in ℓ higher orders still count.
    #expect(log2(sizes[0] / sizes[1]) > 3.3, "\(sizes)")
  }

  @Test("Hutchinson's estimate has no bias, and differs from draw to draw")
  func hutchinson() throws {
    let one = try Self.errors(.wide, VariancePreserving(schedule: .linear(min: 0.1, max: 40)), steps: 40)
    let four = try Self.errors(
      .wide, VariancePreserving(schedule: .linear(min: 0.1, max: 40)), steps: 40, draws: 4)
    let (first, second) = (Spread(of: one), Spread(of: four))
    // Four standard errors of 256 rows' mean: a false alarm in 16,000.
    #expect(abs(first.mean) < 4 * first.deviation / 16 && first.deviation > 0.01, "\(first)")
    #expect(abs(second.mean) < 4 * second.deviation / 16, "\(second)")
    // Half, up to 4.4 % standard error of each deviation.
    #expect(abs(second.deviation / first.deviation - 0.5) < 0.12, "\(first), \(second)")
  }

  @Test("a row's value depends on its index and not on its place in a chunk", arguments: [1, 4])
  func rows(process: Int) throws {
    let process = KnownProcess.all[process].process
    let law = KnownLaw.wide
    let score = try #require(law.mixture.score(under: process, in: .identity(20)) as? any DifferentiableScore)
    func opened(_ score: some DifferentiableScore) {
      var score = score
      var flow = FlowLikelihood(process: process, dimension: 20, firstTime: 1e-3, steps: 4, seed: 1)
      let first = flow.logDensities(law.draws(), keys: Self.keys(), score: &score)
      let second = flow.logDensities(law.draws(firstIndex: 7), keys: Self.keys(from: 7), score: &score)
      #expect(Array(first[7...]) == Array(second[..<249]))
    }
    opened(score)
  }

  @Test("a Gaussian fit's density is that of its mean and covariance")
  func gaussianFit() throws {
    var rows = Matrix(rows: 4, columns: 2)
    let corners: [[Float]] = [[0, 0], [2, 1], [4, 5], [2, 3]]
    for r in 0..<4 { for k in 0..<2 { rows[r, k] = corners[r][k] } }
    let found = try GaussianFit(rows).logDensities(of: rows)
    // By NumPy: mean (2, 2.25), covariance [[8, 10], [10, 14.75]] / 3.
    let known = [-2.976117323355984, -3.226117323355984, -2.976117323355984, -2.5594506566893176]
    // Rounding alone.
    for (a, b) in zip(found, known) { #expect(abs(a - b) < 1e-12) }
  }
}
