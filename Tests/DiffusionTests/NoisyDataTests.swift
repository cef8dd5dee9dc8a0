import Foundation
import LinearAlgebra
import Testing

@testable import Diffusion

func logarithm(_ x: Double) -> Double { log(x) }

/// A sequence of pseudo-random numbers (SplitMix64): enough to choose parameters by.
private struct Choices {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
  }

  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }

  /// Between the two, evenly in the logarithm.
  mutating func scale(_ low: Double, _ high: Double) -> Double { low * pow(high / low, uniform()) }
}

/// The kind with parameters at random, the other processes' included.
private func randomProcess(_ kind: ProcessKind, _ choices: inout Choices) -> any ForwardProcess {
  var options = ProcessOptions(kind)
  options.a = choices.scale(0.1, 3)
  options.sigma = choices.scale(0.3, 3)
  options.epsilon = choices.uniform() < 0.3 ? 0 : choices.scale(0.01, 1)
  options.velocityVariance = choices.scale(1e-3, 1)
  options.accelerationVariance = choices.scale(1e-3, 1)
  options.beta = choices.scale(0.5, 8)
  options.betaMinimum = choices.scale(0.05, 0.5)
  options.positionDamping = choices.uniform()
  options.velocityDamping = 1.5 + 3 * choices.uniform()
  options.coupling = choices.scale(1, 4)
  options.friction = choices.scale(2, 6)
  options.sigmaMaximum = choices.scale(5, 100)
  options.baseScale = choices.scale(0.5, 2)
  options.annealing = .cosine
  return options.make()
}

/// A law of x_0 whose posterior mean is computed from the kernel N(M x_0, L Lᵀ) itself, in 106 bits.
private enum Law: CaseIterable {
  case gaussian, mixture, funnel

  /// E[x_0|u], `u` a state for each coordinate.
  func posteriorMean(_ u: [[Double]], mean: [Double], factor: [[Double]]) -> [Double] {
    let gaussian = WideGaussian(mean: mean, factor: factor)
    switch self {
    case .gaussian: return u.map { gaussian.posterior($0, mu: 0.4, variance: 0.09).mean.high }
    case .mixture:
      let components = [(0.2, -1.0, 0.04), (0.5, 0.3, 0.25), (0.3, 1.1, 0.01)]
      // One component for all coordinates.
      let posteriors = components.map { c in u.map { gaussian.posterior($0, mu: c.1, variance: c.2) } }
      let weights = zip(components, posteriors).map { c, all in
        all.reduce((Wide(0), log(c.0))) { ($0.0 + $1.logDensity, $0.1 - 0.5 * $1.logDeterminant) }
      }
      return Self.average(weights, posteriors.map { $0.map(\.mean) })
    case .funnel:
      // x_1 on a grid around its posterior given u_1 alone, by the trapezoidal rule.
      let first = gaussian.posterior(u[0], mu: 0, variance: 1)
      // E[x_0|u = 0] for x_0 ~ N(1, 1) is 1 − snr/(1 + snr), the posterior's variance.
      let none = [Double](repeating: 0, count: mean.count)
      let width = gaussian.posterior(none, mu: 1, variance: 1).mean.high.squareRoot()
      let grid = (-112...112).map { first.mean + Wide(width * Double($0) / 8) }
      var weights: [(Wide, Double)] = []
      let values = grid.map { x -> [Wide] in
        let own = gaussian.posterior(u[0], mu: x.high, variance: 0)
        let tails = u.dropFirst().map { gaussian.posterior($0, mu: 0, variance: exp(x.high)) }
        weights.append(
          tails.reduce((own.logDensity - Wide(0.5) * Wide(x.high) * Wide(x.high), 0)) {
            ($0.0 + $1.logDensity, $0.1 - 0.5 * $1.logDeterminant)
          })
        return [Wide(x.high)] + tails.map(\.mean)
      }
      return Self.average(weights, values)
    }
  }

  /// Σ e^w v / Σ e^w; the first part of w is large and all but cancels.
  private static func average(_ weights: [(Wide, Double)], _ values: [[Wide]]) -> [Double] {
    let origin = weights.reduce(weights[0]) { $1.0.high > $0.0.high ? $1 : $0 }
    let shares = weights.map { exp(($0.0 - origin.0).high + ($0.1 - origin.1)) }
    let total = shares.reduce(0, +)
    return values[0].indices.map { k in
      let base = values[0][k]
      return (base + Wide(zip(shares, values).reduce(0) { $0 + $1.0 / total * ($1.1[k] - base).high })).high
    }
  }
}

@Suite struct NoisyDataTests {
  private func rows(_ l: BlockMatrix) -> [[Double]] { (0..<l.size).map { i in (0..<l.size).map { l[i, $0] } } }

  private func expectReduction(_ process: any ForwardProcess, _ choices: inout Choices) {
    let c = process.blocks
    for fraction in [1e-5, 1e-4, 1e-2, 0.3, 1] {
      let kernel = process.kernel(at: fraction * process.horizon)
      guard kernel.signalToNoise > 0 else { continue }
      let mean = (0..<c).map { kernel.mean[$0] }
      let factor = rows(kernel.cholesky)
      let u = (0..<3).map { _ in
        let (x, e) = (choices.normal(), (0..<c).map { _ in choices.normal() })
        return (0..<c).map { i in (0...i).reduce(mean[i] * x) { $0 + factor[i][$1] * e[$1] } }
      }
      let (p, sigma) = (kernel.noisyData, 1 / kernel.signalToNoise.squareRoot())
      let y = u.map { [p.dot(BlockVector($0))] }
      for law in Law.allCases {
        let whole = law.posteriorMean(u, mean: mean, factor: factor)
        let reduced = law.posteriorMean(y, mean: [1], factor: [[sigma]])
        for (a, b) in zip(whole, reduced) {
          #expect(abs(a - b) < 1e-10 * (1 + abs(a)), "\(process), \(law), t = \(fraction) T: \(a), \(b)")
        }
      }
    }
  }

  @Test("posterior means given the noisy data are those given the state, to 1e-10", arguments: everyProcess)
  func everyReduction(process: any ForwardProcess) {
    guard process.noise == .gaussian else { return }
    var choices = Choices(state: 7)
    expectReduction(process, &choices)
  }

  @Test("so they are for processes of random parameters", arguments: ProcessKind.allCases)
  func randomReductions(kind: ProcessKind) {
    var choices = Choices(state: 11)
    for _ in 0..<12 { expectReduction(randomProcess(kind, &choices), &choices) }
  }

  @Test("what the network sees is the noisy data scaled to unit variance", arguments: everyProcess)
  func scaled(process: any ForwardProcess) {
    guard process.noise == .gaussian else { return }
    for fraction in [1e-5, 1e-2, 0.3, 0.9] {
      let t = fraction * process.horizon
      let kernel = process.kernel(at: t)
      let c = ScoreCoefficients(process, input: .noisyData, output: .posteriorMean, conditioning: .data, at: t)
      let size = (1 + 1 / kernel.signalToNoise).squareRoot()
      for i in 0..<process.blocks {
        let expected = kernel.noisyData[i] / size
        #expect(abs(c.whitening[0, i] - expected) < 1e-13 * abs(expected))  // a few roundings
        for row in 1..<max(process.blocks, 2) where row < process.blocks { #expect(c.whitening[row, i] == 0) }
      }
    }
  }

  @Test("a training row on the noisy data knows nothing of the process but its noise", arguments: everyProcess)
  func rows(process: any ForwardProcess) {
    guard process.noise == .gaussian else { return }
    for fraction in [1e-4, 1e-2, 0.3, 0.9] {
      let t = fraction * process.horizon
      let noise = 1 / process.kernel(at: t).signalToNoise.squareRoot()
      let settings: [(any ForwardProcess, Double)] = [(process, t), (NoiseLevels(horizon: 2 * noise), noise)]
      let pair = settings.map { process, t in
        TrainingCoefficients(
          process, input: .noisyData, output: .posteriorMean, conditioning: .data, weight: .unitVariance, at: t)
      }
      #expect(pair[0].sources == 2 && pair[1].sources == 2)
      // snr holds the roundings of its process, and of its square root.
      #expect(abs(pair[0].noiseLevel - pair[1].noiseLevel) < 1e-12)
      #expect(abs(pair[0].outputGain(0) - pair[1].outputGain(0)) < 1e-12)
      for j in 0..<2 {
        #expect(abs(pair[0].input(0, j) - pair[1].input(0, j)) < 1e-12)
        #expect(abs(pair[0].target(0, j) - pair[1].target(0, j)) < 1e-12)
      }
    }
  }
}
