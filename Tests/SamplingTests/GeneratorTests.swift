import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Testing

@Suite struct GeneratorTests {
  private func generator(
    _ process: any ForwardProcess, _ kind: SamplerKind, dimension: Int, steps: Int = 40, denoises: Bool
  ) -> Generator {
    let times = TimeGrid.quadratic.times(steps: steps, of: process, to: 0.01 * process.horizon)
    return Generator(
      process: process, dimension: dimension, sampler: kind.make(), times: times, denoises: denoises, seed: 11)
  }

  @Test(
    "samples have the law that the sampler's steps give a Gaussian",
    arguments: SamplerKind.served)
  func law(process: any ForwardProcess, kind: SamplerKind) {
    // Its steps depend on the samples: see `CorrectorTests`.
    guard kind != .predictorCorrector else { return }
    law(process, kind, denoises: false)
    law(process, kind, denoises: true)
  }

  private func law(_ process: any ForwardProcess, _ kind: SamplerKind, denoises: Bool) {
    let (dimension, chunks) = (8, 8)
    var score = GaussianScore(process: process, dimension: dimension)
    var generator = generator(process, kind, dimension: dimension, denoises: denoises)
    var samples = Matrix(rows: Generator.rows, columns: dimension)
    var values: [Double] = []
    for chunk in 0..<chunks {
      generator.generate(chunk: chunk, score: &score, into: &samples)
      for i in 0..<samples.count { values.append(Double(samples.span[i])) }
    }

    let times = TimeGrid.quadratic.times(steps: 40, of: process, to: 0.01 * process.horizon)
    let zero = BlockVector(size: process.blocks, repeating: 0)
    let prior = Moments(mean: zero, covariance: process.priorCovariance)
    let end = prior.propagated(by: kind.make(), over: times, score: score)
    // The posterior mean is affine in u for a Gaussian: μ + q²Mᵀ Σ⁻¹ (u − Mμ).
    let marginal = score.marginal(at: 0.01 * process.horizon)
    let gain = (marginal.covariance.inverse * marginal.mean).scaled(by: score.variance / score.mean)
    let position = BlockMatrix.identity(process.blocks).row(0)
    let reading = denoises ? gain : position
    let mean = denoises ? score.mean + gain.dot(end.mean - marginal.mean) : end.mean[0]
    let variance = reading.dot(end.covariance * reading)

    let n = Double(values.count)
    let average = values.reduce(0, +) / n
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    // Five standard errors: a false alarm in 2 million.
    #expect(abs(average - mean) < 5 * (variance / n).squareRoot(), "\(average) for \(mean)")
    #expect(abs(spread / variance - 1) < 5 * (2 / n).squareRoot(), "\(spread) for \(variance)")
    // Kolmogorov–Smirnov at a false-alarm rate of 5e-5.
    let distribution = values.sorted().map { 0.5 * erfc((mean - $0) / (2 * variance).squareRoot()) }
    let gap = distribution.enumerated().map { abs($1 - (Double($0) + 0.5) / n) }.max() ?? 1
    #expect(gap * n.squareRoot() < 2.3)
  }

  @Test("a chunk's bits depend on its index alone", arguments: SamplerKind.served)
  func chunks(process: any ForwardProcess, kind: SamplerKind) {
    var score = GaussianScore(process: process, dimension: 3)
    var first = generator(process, kind, dimension: 3, denoises: true)
    var second = generator(process, kind, dimension: 3, denoises: true)
    var expected = Matrix(rows: Generator.rows, columns: 3)
    var other = Matrix(rows: Generator.rows, columns: 3)
    first.generate(chunk: 5, score: &score, into: &expected)
    second.generate(chunk: 0, score: &score, into: &other)
    let differing = (0..<other.count).count { other.span[$0] != expected.span[$0] }
    #expect(differing > other.count / 2)
    second.generate(chunk: 5, score: &score, into: &other)
    let equal = (0..<other.count).allSatisfy { other.span[$0] == expected.span[$0] }
    #expect(equal)
  }

  @Test("states to start from replace the prior's draws") func begin() {
    var score = GaussianScore(process: processes[0], dimension: 2)
    var generator = generator(processes[0], .eulerMaruyama, dimension: 2, denoises: false)
    var samples = Matrix(rows: Generator.rows, columns: 2)
    var first: [Float] = []
    generator.generate(
      chunk: 3, score: &score, into: &samples,
      begin: { index, states in
        for r in 0..<states.rows { for k in 0..<states.columns { states[r, k] = Float(index) + Float(r) } }
      },
      record: { _, states in if first.isEmpty { first = (0..<states.rows).map { states[$0, 0] } } })
    #expect(first == (0..<Generator.rows).map { Float(3 * Generator.rows + $0) })
  }

  @Test("evaluations are counted, the final denoising included") func evaluations() {
    for (kind, perStep, first) in [
      (SamplerKind.eulerMaruyama, 1, 0), (.exponentialIntegrator, 1, 0), (.splitting, 1, 0), (.splittingMidpoint, 2, 0),
      (.leapfrog, 2, 0), (.baoab, 2, 0), (.obabo, 2, 0), (.stochasticHeun, 2, 0), (.ancestral, 1, 0),
      (.probabilityFlowEuler, 1, 0), (.probabilityFlowHeun, 2, 0), (.ddim, 1, 0), (.dpmSolver, 1, 0),
      (.exponentialMultistep, 1, 0), (.predictorCorrector, 2, 0), (.annealedLangevin, 1, 0),
      (.consistentAnnealed, 1, 0),
      (.diffusionAnnealedLangevin, 1, 0), (.underdampedAnnealedLangevin, 1, 1), (.nelson, 1, 0),
    ] {
      for denoises in [false, true] {
        let count = generator(processes[0], kind, dimension: 1, denoises: denoises).evaluationsPerSample
        #expect(count == 40 * perStep + first + (denoises ? 1 : 0), "\(kind.rawValue)")
      }
    }
  }
}
