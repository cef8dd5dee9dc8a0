import Diffusion
import Foundation
import LinearAlgebra
import Targets
import Testing

@testable import Sampling

@Suite struct DefaultTests {
  @Test("the default noise at the end is the same for every process", arguments: Family.all)
  func finalNoise(_ family: Family) {
    let process = family.process
    let kernel = process.kernel(at: process.usualFinalTime)
    // The time is rounded to three digits; σ goes like its first to 2.5th power.
    #expect(abs(kernel.signalToNoise.squareRoot() * 0.002 - 1) < 0.02)
    #expect(abs(process.kernel(at: process.time(ofNoise: 0.3)).signalToNoise * 0.09 - 1) < 1e-6)
  }

  @Test("at the defaults narrow modes are as wide as they should be, for every process", arguments: Family.all)
  func modeWidth(_ family: Family) throws {
    // Modes of 0.014 of the data's deviation.
    let law = GaussianMixture.eightGaussians
    let (process, standardisation) = (family.process, law.standardisation)
    let score = try #require(law.score(under: process, in: standardisation) as? any DifferentiableScore)
    func opened(_ score: some Score) -> [Double] {
      var score = score
      let times = SamplerChoice.usual.usualGrid.times(
        steps: SamplerChoice.usual.usualSteps, of: process, to: process.usualFinalTime)
      var generator = Generator(
        process: process, dimension: 2, sampler: DPMSolverMultistep(), times: times, denoises: true, seed: 5)
      return generator.values(chunks: 16, score: &score)
    }
    let values = opened(score)
    let squares = stride(from: 0, to: values.count, by: 2).map { i in
      let x = (0..<2).map { standardisation.mean[$0] + standardisation.scale[$0] * values[i + $0] }
      return law.means.map { pow(x[0] - $0[0], 2) + pow(x[1] - $0[1], 2) }.min() ?? .infinity
    }
    // Rows within four deviations of a mode: the 0.3 % between modes would count for more than their number.
    let inside = squares.filter { $0 < 16 * 0.0004 }
    #expect(Double(inside.count) > 0.99 * Double(squares.count))
    let width = (inside.reduce(0, +) / Double(inside.count) / 2 / 0.0004).squareRoot()
    // 4,096 rows: a standard error of 0.8 %. A final time of 0.001 gave 0.31 (Ornstein–Uhlenbeck) to 0.86.
    #expect(abs(width - 1) < 0.03, "\(width)")
  }
}
