import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Randomness
import Sampling
import TestSupport
import Testing

@testable import Theory

/// Which sets have been asked for, by whoever draws them.
private final class Asked {
  var sets: [UInt64] = []
}

@Suite struct ChainLaboratoryTests {
  private let process = OrnsteinUhlenbeck(horizon: 1)
  private let times = stride(from: 0, through: 10, by: 1).map { 1 - 0.099 * Double($0) }

  private func laboratory(_ asked: Asked = Asked()) -> ChainLaboratory {
    ChainLaboratory(dimension: 2, seed: 3, count: 512, .single) { set, firstIndex, rows in
      asked.sets.append(set)
      RandomStream(seed: 9, purpose: .targetDraw, step: set).fillNormals(&rows, firstIndex: firstIndex)
    }
  }

  @Test("a blend of two scores is one less its share of the first and its share of the second") func blend() {
    let state = normals(256, 2, seed: 1)
    var (first, second) = (
      GaussianScore(process: process, dimension: 2),
      GaussianScore(process: process, dimension: 2, mean: -1, variance: 2)
    )
    var a = Matrix(rows: 256, columns: 2)
    var b = Matrix(rows: 256, columns: 2)
    var both = Matrix(rows: 256, columns: 2)
    var less = Matrix(rows: 256, columns: 2)
    first.evaluate(state, at: 0.5, into: &a)
    second.evaluate(state, at: 0.5, into: &b)
    var blend = BlendedScore(first: first, second: second, share: 0.25)
    blend.evaluate(state, at: 0.5, into: &both)
    var shrunk = BlendedScore(first: first, share: 0.25)
    shrunk.evaluate(state, at: 0.5, into: &less)
    for r in 0..<256 {
      for k in 0..<2 {
        // Single precision of scores of some units.
        #expect(abs(both[r, k] - (0.75 * a[r, k] + 0.25 * b[r, k])) < 1e-5 && abs(less[r, k] - 0.75 * a[r, k]) < 1e-5)
      }
    }
  }

  @Test("a coupling's length goes over all coordinates") func coupling() {
    var moved = normals(64, 2, seed: 1)
    let rows = MatrixBox(normals(64, 2, seed: 1))
    for r in 0..<64 { (moved[r, 0], moved[r, 1]) = (moved[r, 0] + 3, moved[r, 1] - 4) }
    #expect(abs(ChainLaboratory.coupling(rows, MatrixBox(moved)) - 5) < 1e-5)  // single precision
  }

  @Test("chains from p_T start from set 1 of the data, and rows to compare with are set 0 unless another is asked for")
  func starts() throws {
    let asked = Asked()
    let laboratory = laboratory(asked)
    let score = GaussianScore(process: process, dimension: 2, mean: 0, variance: 1)
    _ = try laboratory.run([
      ChainPlan(process: process, sampler: EulerMaruyama(), times: times, fromMarginal: true, score: score)
    ])
    #expect(asked.sets == [1, 1])
    _ = laboratory.truth()
    #expect(asked.sets == [1, 1, 0])
  }

  @Test("the divergence of two paths is half the squared difference of their drifts in units of the noise")
  func information() throws {
    let (one, other) = (
      GaussianScore(process: process, dimension: 2, mean: 0.5), GaussianScore(process: process, dimension: 2, mean: 0.1)
    )
    let plan = ChainPlan(process: process, sampler: EulerMaruyama(), times: times, score: one, other: other)
    let found = try laboratory().run([plan])[0].information
    // The scores differ by δ = M (0.5 − 0.1)/σ² in each of two coordinates, whatever the state, and the noise's variance is 2
    // for a unit of time: ½ Σ h · 2 · 2δ².
    let expected = zip(times, times.dropFirst()).reduce(0.0) { sum, step in
      let difference = process.kernel(at: step.0).mean[0] * 0.4 / one.marginal(at: step.0).covariance[0, 0]
      return sum + (step.0 - step.1) * 2 * difference * difference
    }
    #expect(abs(found / expected - 1) < 1e-4, "\(found), \(expected)")  // single precision of scores
  }

  @Test(
    "chains with shared noise end where a generator does, with a state kept for the next stage too",
    arguments: [SamplerKind.eulerMaruyama, .exponentialIntegrator, .probabilityFlowHeun, .splittingMidpoint])
  func generator(kind: SamplerKind) {
    let process = CriticallyDampedLangevin(epsilon: 0.25)
    let times = TimeGrid.uniform.times(steps: 8, of: process, to: 0.05)
    var score = GaussianScore(process: process, dimension: 2)
    var generator = Generator(
      process: process, dimension: 2, sampler: kind.make(), times: times, denoises: false, seed: 5)
    var samples = Matrix(rows: Generator.rows, columns: 2)
    generator.generate(chunk: 1, score: &score, into: &samples)
    let chains = SynchronousChains(process: process, dimension: 2, sampler: kind.make(), times: times, seed: 5)
    var noise = Matrix(rows: Generator.rows, columns: 4)
    RandomStream(seed: 5, purpose: .samplingPrior).fillNormals(&noise, firstIndex: 256)
    var state = Matrix(rows: Generator.rows, columns: 4)
    state.assign(process.priorCovariance.cholesky(), times: noise, dimension: 2)
    chains.run(&state, firstIndex: 256, relativeError: 0, score: &score)
    for r in 0..<Generator.rows {
      // Sums of single precision in another order.
      for k in 0..<2 { #expect(abs(state[r, k] - samples[r, k]) < 1e-4 * (1 + abs(samples[r, k])), "row \(r)") }
    }
  }

  @Test(
    "schemes that look back run in no chain, those from their second step on either", arguments: SamplerKind.allCases)
  func lookingBack(kind: SamplerKind) {
    let process = VariancePreserving()
    guard kind.make().requirement.isMet(by: process) else { return }
    let times = TimeGrid.uniform.times(steps: 2, of: process, to: 0.1)
    let looksBack: [SamplerKind] = [
      .dpmSolver, .exponentialMultistep, .leapfrog, .baoab, .obabo, .predictorCorrector, .underdampedAnnealedLangevin,
    ]
    #expect(SynchronousChains.canRun(kind.make(), process, over: times) == !looksBack.contains(kind))
  }

  @Test("a relative error of the score is a score so much larger") func relativeError() {
    let chains = SynchronousChains(process: process, dimension: 2, sampler: EulerMaruyama(), times: times, seed: 5)
    var score = GaussianScore(process: process, dimension: 2)
    var larger = BlendedScore(first: score, share: -0.2)
    var first = normals(256, 2, seed: 1)
    var second = normals(256, 2, seed: 1)
    var plain = normals(256, 2, seed: 1)
    chains.run(&first, firstIndex: 0, relativeError: 0.2, score: &score)
    chains.run(&second, firstIndex: 0, relativeError: 0, score: &larger)
    chains.run(&plain, firstIndex: 0, relativeError: 0, score: &score)
    let (a, b, c) = (array(first), array(second), array(plain))
    for k in a.indices { #expect(abs(a[k] - b[k]) < 1e-4) }  // single precision
    #expect(a != c)
  }

  @Test("x − ln(1 + x) keeps its digits near 0", arguments: [-0.04, -1e-5, 1e-9, 1e-3, 0.049, 0.06, 3])
  func excess(x: Double) {
    // −ln(1 + x) + x by its series in x/(2 + x): 2 artanh, whose first term is nearly x.
    let s = x / (2 + x)
    let series = stride(from: 3, through: 301, by: 2).reduce(0.0) { $0 + pow(s, Double($1)) / Double($1) }
    let expected = x * s - 2 * series
    #expect(abs(excessOverLogarithm(x) - expected) < 1e-12 * expected)  // a few roundings of the two terms
  }

  @Test("a posterior given −z is that given z turned round") func mirrored() {
    let law = LogLipschitzLaw(slope: 1.5)
    for (z, noise) in [(0.3, 0.2), (2, 0.05), (7, 1)] {
      let (right, left) = (law.posteriorVariance(at: z, noise: noise), law.posteriorVariance(at: -z, noise: noise))
      #expect(abs(left / right - 1) < 1e-9, "\(z)")  // the panels' accuracy
    }
  }

  @Test("a path's action is that of annealing time, whatever its horizon") func horizons() {
    func action(_ horizon: Double) -> [Double] {
      let path = AnnealedPath(annealing: .cosine, horizon: horizon)
      var score = GaussianScore(process: path, dimension: 2)
      return actionSamples(path, normals(32, 2, seed: 4), score: &score, seed: 8)
    }
    // Single precision of states and scores.
    for (one, three) in zip(action(1), action(3)) { #expect(abs(three / one - 1) < 1e-4, "\(one), \(three)") }
  }

  @Test(
    "an action is extrapolated from K and 2K segments to infinitely many, and the last correction is part of its error")
  func extrapolation() {
    let action = TransportAction(
      process: AnnealedPath(annealing: .cosine, horizon: 1), mean: [0, 0], segments: 2, rows: 4, repeats: 2, seed: 1
    ) { _, _ in }
    // Two repeats alike: 1 + 2 from two segments, 1 + 1 + 1 + 0.6 from four.
    let found = action.estimate([1, 2, 1, 1, 1, 0.6, 1, 2, 1, 1, 1, 0.6])
    #expect(abs(found.value - (4 * 3.6 - 3) / 3) < 1e-14 && abs(found.error - 2 * 0.6 / 3) < 1e-14)  // rounding
  }

  @Test("the whole error is measured from the data, not from the law at the final time") func whole() {
    let recursion = MomentRecursion(
      process: OrnsteinUhlenbeck(horizon: 6), data: GaussianData(mean: [0.4], variance: [0.2]), sampler: EulerMaruyama()
    )
    let times = TimeGrid.uniform.times(steps: 4000, of: recursion.process, to: 0.3)
    let split = recursion.errorSplit(over: times, perturbation: ScorePerturbation())
    // A fine grid and a long horizon leave what stopping early costs.
    #expect(split.stopping > 0.1 && abs(split.total / split.stopping - 1) < 0.02, "\(split)")
  }

  @Test("a law's variance is about its mean") func moments() {
    let law = DensityOnLine.mixture(weights: [0.25, 0.75], means: [3, 5], variances: [0.2, 0.4])
    // 0.25 · 0.2 + 0.75 · 0.4 + 0.25 · 0.75 · 4.
    #expect(abs(law.moments.mean - 4.5) < 1e-10 && abs(law.moments.variance - 1.1) < 1e-10)  // what lies outside
  }
}
