import Diffusion
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

/// A mixture of two normals in every coordinate.
private struct TwoNormals: LogDensity {
  let dimension: Int
  static let parts = [(weight: 0.3, mean: -1.0, variance: 0.25), (weight: 0.7, mean: 0.8, variance: 0.16)]

  static func distribution(_ x: Double) -> Double {
    parts.reduce(0) { $0 + $1.weight * normalDistribution(x, $1.mean, $1.variance) }
  }

  mutating func evaluate(_ points: borrowing Matrix, logDensity: inout [Double], gradient: inout Matrix) {
    for row in 0..<points.rows {
      logDensity[row] = 0
      for k in 0..<dimension {
        let x = Double(points[row, k])
        let densities = Self.parts.map {
          $0.weight * exp(-0.5 * (x - $0.mean) * (x - $0.mean) / $0.variance) / $0.variance.squareRoot()
        }
        let total = densities.reduce(0, +)
        logDensity[row] += log(total)
        let slope = zip(densities, Self.parts).reduce(0) { $0 - $1.0 * (x - $1.1.mean) / $1.1.variance }
        gradient[row, k] = Float(slope / total)
      }
    }
  }
}

/// N(0, 1) in every coordinate.
private struct Normal: LogDensity {
  let dimension: Int

  mutating func evaluate(_ points: borrowing Matrix, logDensity: inout [Double], gradient: inout Matrix) {
    for row in 0..<points.rows {
      logDensity[row] = 0
      for k in 0..<dimension {
        logDensity[row] -= 0.5 * Double(points[row, k] * points[row, k])
        gradient[row, k] = -points[row, k]
      }
    }
  }
}

@Suite struct ChainTests {
  private func run(
    _ kind: ChainKind, _ density: some LogDensity, steps: Int, h: Double, chunks: Int
  ) -> (values: [Double], outcome: LangevinChains.Outcome) {
    var density = density
    var chains = LangevinChains(kind: kind, dimension: density.dimension, steps: steps, stepSize: h, seed: 6)
    var samples = Matrix(rows: Generator.rows, columns: density.dimension)
    var (values, outcome) = ([Double](), LangevinChains.Outcome())
    for chunk in 0..<chunks {
      outcome = chains.generate(chunk: chunk, density: &density, into: &samples, diagnoses: true)
      for i in 0..<samples.count { values.append(Double(samples.span[i])) }
    }
    return (values, outcome)
  }

  @Test("MALA draws from a mixture, at a step where ULA does not") func adjusted() {
    let (exact, outcome) = run(.adjusted, TwoNormals(dimension: 1), steps: 500, h: 0.1, chunks: 32)
    // False alarm 5e-5.
    #expect(kolmogorovSmirnov(exact, TwoNormals.distribution) < kolmogorovSmirnovBound)
    let rate = Double(outcome.accepted) / Double(outcome.proposed)
    #expect(rate > 0.5 && rate < 0.95, "\(rate)")
    let (biased, _) = run(.unadjusted, TwoNormals(dimension: 1), steps: 500, h: 0.1, chunks: 32)
    #expect(kolmogorovSmirnov(biased, TwoNormals.distribution) > kolmogorovSmirnovBound)
  }

  @Test("chains without a test have the variance that their step gives a Gaussian") func biases() {
    let h = 0.5
    for (kind, variance) in [(ChainKind.unadjusted, 1 / (1 - h / 2)), (.kinetic, 1 / (1 - h * h / 4)), (.adjusted, 1)] {
      let (values, outcome) = run(kind, Normal(dimension: 4), steps: 200, h: h, chunks: 8)
      // False alarm 5e-5.
      #expect(
        kolmogorovSmirnov(values) { normalDistribution($0, 0, variance) } < kolmogorovSmirnovBound, "\(kind.rawValue)")
      #expect(kind == .adjusted || outcome.accepted == outcome.proposed)
      // Half a chain is worth some ten independent draws, so R̂ = √(1 + 1/10).
      #expect((outcome.diagnostics?.splitRHat ?? 2) < 1.06)
    }
  }

  @Test("diagnostics are of an even number of draws, half of a chain's", arguments: ChainKind.allCases) func secondHalf(
    kind: ChainKind
  ) throws {
    let outcome = run(kind, TwoNormals(dimension: 2), steps: 21, h: 0.1, chunks: 1).outcome
    // Eleven of 21 draws, of which an even number is kept.
    #expect(try #require(outcome.diagnostics).draws == 256 * 10)
  }

  @Test("a chain's bits depend on its index alone") func chunks() {
    for kind in ChainKind.allCases {
      var (first, second) = (TwoNormals(dimension: 2), TwoNormals(dimension: 2))
      func chains() -> LangevinChains {
        LangevinChains(kind: kind, dimension: 2, steps: 20, stepSize: 0.1, seed: 2)
      }
      var one = Matrix(rows: 256, columns: 2)
      var other = Matrix(rows: 256, columns: 2)
      var left = chains()
      _ = left.generate(chunk: 3, density: &first, into: &one)
      var right = chains()
      _ = right.generate(chunk: 0, density: &second, into: &other)
      let differs = (0..<512).count { one.span[$0] != other.span[$0] } > 500
      _ = right.generate(chunk: 3, density: &second, into: &other, diagnoses: true)
      let equal = (0..<512).allSatisfy { one.span[$0] == other.span[$0] }
      #expect(differs && equal)
    }
  }

  @Test("split-R̂ and effective sample size are those of known chains") func diagnostics() {
    var generator = SystemNumbers(state: 1)
    func chains(_ correlation: Double, shift: Double = 0) -> [[Double]] {
      (0..<64).map { chain in
        var x = generator.normal()
        return (0..<500).map { _ in
          x = correlation * x + (1 - correlation * correlation).squareRoot() * generator.normal()
          return x + (chain % 2 == 0 ? shift : -shift)
        }
      }
    }
    for correlation in [0, 0.5, 0.9, -0.5] {
      let found = chainDiagnostics(chains(correlation))
      let expected = 32_000 * (1 - correlation) / (1 + correlation)
      // Autocorrelations of 32,000 draws: some per cent of the sum, more where chains are slow.
      #expect(abs(found.effectiveSampleSize / expected - 1) < 0.2, "\(correlation): \(found)")
      #expect(abs(found.splitRHat - 1) < 0.05)
      #expect(found.draws == 32_000)
    }
    // Between-chain variance 4, within 1: R̂ = √5.
    let apart = chainDiagnostics(chains(0, shift: 2))
    #expect(abs(apart.splitRHat - 5.0.squareRoot()) < 0.1 && apart.effectiveSampleSize < 200, "\(apart)")
  }
}

/// A small generator of the test's own.
private struct SystemNumbers {
  var state: UInt64

  mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (Double(state >> 11) + 0.5) / 9_007_199_254_740_992
  }

  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
}
