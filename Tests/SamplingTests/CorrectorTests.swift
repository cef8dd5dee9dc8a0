import Diffusion
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

@Suite struct CorrectorTests {
  /// √n · KS distance of generated positions from the data's marginal at the final time.
  private func distance(_ process: any ForwardProcess, _ sampler: any Sampler, steps: Int) -> Double {
    var score = GaussianScore(process: process, dimension: 8)
    let end = TimeGrid.standardFinalTime(horizon: process.horizon)
    let times = TimeGrid.logSNR.times(steps: steps, of: process, to: end)
    var generator = Generator(
      process: process, dimension: 8, sampler: sampler, times: times, denoises: false, seed: 5)
    let law = score.marginal(at: end)
    return kolmogorovSmirnov(generator.values(chunks: 4, score: &score)) {
      normalDistribution($0, law.mean[0], law.covariance[0, 0])
    }
  }

  @Test(
    "predictor–corrector keeps the law of the data, whatever blocks it corrects",
    arguments: processes, CorrectedBlocks.allCases)
  func predictorCorrector(process: any ForwardProcess, corrected: CorrectedBlocks) {
    // Of one block all is the position (`parts`): the same samples once more.
    guard process.blocks > 1 || corrected == .all else { return }
    for predictor in [SamplerKind.eulerMaruyama, .ancestral] {
      let sampler = PredictorCorrector(
        predictor: predictor.make(), corrections: 4, signalToNoise: 0.05, corrected: corrected)
      // False alarm 5e-5; a bias of r² in the variance, 0.25 %, is a fortieth of it. The predictor's own errors do not show
      // at 250 steps either.
      #expect(distance(process, sampler, steps: 300) < kolmogorovSmirnovBound, "\(predictor)")
    }
  }

  @Test("in two dimensions too the corrector alone leaves the law where it is") func fewCoordinates() {
    struct Nothing: Sampler {
      var order: Int? { nil }
      func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] { [] }
    }
    // Data like the base: every p_t is N(0, 1), and hundreds of corrections have nothing to do.
    let process = VariancePreserving()
    var score = GaussianScore(process: process, dimension: 2, mean: 0, variance: 1)
    let times = TimeGrid.logSNR.times(steps: 300, of: process, to: 1e-3)
    let sampler = PredictorCorrector(predictor: Nothing(), corrections: 4, signalToNoise: 0.1)
    var generator = Generator(
      process: process, dimension: 2, sampler: sampler, times: times, denoises: false, seed: 6)
    let values = generator.values(chunks: 16, score: &score)
    // False alarm 5e-5; steps by each sample's own ‖Z‖²/‖s‖² would double the variance.
    #expect(kolmogorovSmirnov(values) { normalDistribution($0, 0, 1) } < kolmogorovSmirnovBound)
  }

  @Test("corrections act at the time that the predictor has led to, with the kernel of that time", arguments: processes)
  func stages(process: any ForwardProcess) {
    let (t, s) = (0.4, 0.25)
    let sampler = PredictorCorrector(predictor: EulerMaruyama(), corrections: 3, signalToNoise: 0.2)
    let stages = sampler.step(process, from: t, to: s)
    #expect(stages.count == 4 && stages[0] == EulerMaruyama().step(process, from: t, to: s)[0])
    let covariance = process.kernel(at: s).covariance
    for stage in stages[1...] {
      #expect(stage.time == s && stage.signalToNoise == 0.2 && stage.score == covariance)
      let noise = stage.noise ?? .zero(process.blocks)
      // Rounding of a Cholesky factor.
      #expect((noise * noise.transpose - covariance.scaled(by: 2)).norm < 1e-14 * covariance.norm)
    }
    let annealed = AnnealedLangevin(corrections: 2, stepSize: 0.3).step(process, from: t, to: s)
    #expect(annealed.count == 2 && annealed.allSatisfy { $0.time == s && $0.score == covariance.scaled(by: 0.3) })
    let noise = annealed[0].noise ?? .zero(process.blocks)
    #expect((noise * noise.transpose - covariance.scaled(by: 0.6)).norm < 1e-14 * covariance.norm)  // rounding
  }

  @Test("a corrected block moves alone, by its own part of the covariance") func parts() {
    let covariance = BlockMatrix(2, 0.5, 0.5, 3)
    #expect(CorrectedBlocks.all.part(of: covariance) == covariance)
    #expect(CorrectedBlocks.position.part(of: covariance) == BlockMatrix(2, 0, 0, 0))
    #expect(CorrectedBlocks.velocity.part(of: covariance) == BlockMatrix(0, 0, 0, 3))
    let single = BlockMatrix(2)
    #expect(CorrectedBlocks.all.part(of: single) == single && CorrectedBlocks.position.part(of: single) == single)
  }

  @Test("a typical sample's step is 2r², one ten times too far out is held back by ‖P^½s‖²", arguments: [2, 100])
  func delta(dimension: Int) {
    // P = 4: the factor √2 P^½ is 2√2, and a score of size 1/2 a coordinate is what the noise alone gives.
    let factor = BlockMatrix(2 * 2.0.squareRoot())
    func delta(_ size: Float) -> Double {
      var slope = Matrix(rows: 1, columns: dimension)
      slope.fill(0.5 * size)
      return CorrectorStep.delta(slope: slope.row(0), factor, used: [0], dimension: dimension, ratio: 0.3)
    }
    let n = Double(dimension)
    let bound = n + 6 * (2 * n).squareRoot()
    // ‖P^{½ᵀ}s‖² is n · size²; roundings of the factor.
    #expect(abs(delta(1) - 2 * 0.09) < 1e-15)
    #expect(abs(delta(10) - 2 * 0.09 * bound / (100 * n)) < 1e-14)
  }

  @Test("a predictor too coarse is put right by corrections") func putsRight() {
    let process = VariancePreserving()
    let plain = distance(process, ProbabilityFlowEuler(), steps: 12)
    let corrected = distance(
      process, PredictorCorrector(predictor: ProbabilityFlowEuler(), corrections: 40, signalToNoise: 0.2), steps: 12)
    // Eight thousand numbers see the flow's error at 12 steps, and less than half of it after 40 corrections at each.
    #expect(plain > 3 && corrected < plain / 2, "\(plain), \(corrected)")
  }

  @Test("annealed Langevin ends in the law of the data", arguments: processes)
  func annealed(process: any ForwardProcess) {
    // False alarm 5e-5.
    #expect(distance(process, AnnealedLangevin(corrections: 20, stepSize: 0.1), steps: 200) < kolmogorovSmirnovBound)
  }

  @Test("a correction's step is its sample's own") func ownStep() {
    // One row's score is a hundred times larger; the others' bits must not change.
    let process = processes[1]
    func samples(_ factor: Float) -> [Double] {
      var score = ScaledRow(base: GaussianScore(process: process, dimension: 3), row: 7, factor: factor)
      let times = TimeGrid.quadratic.times(steps: 10, of: process, to: 0.01)
      var generator = Generator(
        process: process, dimension: 3, sampler: SamplerKind.predictorCorrector.make(), times: times, denoises: true,
        seed: 3)
      return generator.values(chunks: 1, score: &score)
    }
    let (plain, scaled) = (samples(1), samples(100))
    let changed = Set((0..<plain.count).filter { plain[$0] != scaled[$0] }.map { $0 / 3 })
    #expect(changed == [7])
  }
}

/// A score in which one row is multiplied by a factor.
struct ScaledRow<Base: Score>: Score {
  var base: Base
  let row: Int
  let factor: Float
  var process: any ForwardProcess { base.process }
  var dimension: Int { base.dimension }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    base.evaluate(state, at: t, into: &score)
    for k in 0..<score.columns { score[row, k] *= factor }
  }
}
