import Communication
import Diffusion
import LinearAlgebra
import Metrics
import Sampling
import Targets
import Testing
import Theory

@Suite struct EpsilonTableTests {
  @Test("a short horizon's error is that of the start: p_T leaves none, its moments leave what they do not see")
  func starts() throws {
    // The parts of MG25 lie far apart along both axes: p_T at a = 0.25 still shows them.
    let target = GaussianMixture.mg25(dimension: 2)
    let process = CriticallyDampedLangevin(a: 0.25, sigma: 2.0.squareRoot(), epsilon: 0, velocityVariance: 0.01)
    let score = try #require(target.score(under: process, in: target.standardisation))
    var table = EpsilonTable(
      target, count: 512, repeats: 3, steps: 200, seed: 1, directions: 50, Communicator.single)
    let distances = try table.distances(process, score)
    let (prior, moments, exact) = (distances[0].mean, distances[1].mean, distances[2])
    #expect(prior > 2 * moments && moments > 1.5 * exact.mean, "\(distances)")
    #expect(table.verdict(exact) == "at the floor", "\(exact), \(table.floor)")
    #expect(table.verdict(distances[0]) == "above")
    // Two deviations of a difference of two means of three repeats.
    let limit = 2 * ((table.floor.deviation * table.floor.deviation + 0.01 * 0.01) / 3).squareRoot()
    for (share, verdict) in [(0.99, "at the floor"), (1.01, "above")] {
      let value = Spread(mean: table.floor.mean + share * limit, deviation: 0.01)
      #expect(table.verdict(value) == verdict, "\(share)")
    }
  }

  @Test("the table steps by the sampler that it is given, by default Euler and Maruyama's")
  func samplers() throws {
    let target = GaussianMixture.mg25(dimension: 2)
    let process = CriticallyDampedLangevin(a: 1, sigma: 2.0.squareRoot(), epsilon: 0.25, velocityVariance: 0.01)
    let score = try #require(target.score(under: process, in: target.standardisation))
    func distance(_ make: (Communicator) -> EpsilonTable) throws -> Double {
      var table = make(Communicator.single)
      return try table.distances(process, score)[2].mean
    }
    func distance(_ sampler: any Sampler) throws -> Double {
      try distance {
        EpsilonTable(
          target, count: 512, repeats: 2, sampler: sampler, steps: 8, grid: .quadratic, seed: 1, directions: 50, $0)
      }
    }
    let usual = try distance {
      EpsilonTable(target, count: 512, repeats: 2, steps: 8, grid: .quadratic, seed: 1, directions: 50, $0)
    }
    let (first, ancestral) = (try distance(EulerMaruyama()), try distance(AncestralSampler(variance: .posterior)))
    #expect(usual == first)
    // Eight steps of the posterior's variance are too few for it: 0.28 beside 0.17 for a run on a like grid.
    #expect(ancestral > 1.2 * first, "\(first), \(ancestral)")
  }

  @Test("a start from which samples diverge has no distance, and the other starts keep theirs")
  func divergence() throws {
    let target = GaussianMixture.mg25(dimension: 2)
    // Little noise at the horizon: p_T stays within 2 of the middle, where the prior and a Gaussian have rows beyond 2.5.
    let process = VariancePreserving(schedule: .constant(0.01))
    let exact = try #require(target.score(under: process, in: target.standardisation))
    func distances(_ score: any Score) throws -> (values: [Spread], verdicts: [String]) {
      var table = EpsilonTable(
        target, count: 512, repeats: 2, steps: 20, seed: 1, directions: 50, Communicator.single)
      let values = try table.distances(process, score)
      return (values, values.map { table.verdict($0) })
    }
    let usual = try distances(exact)
    let steep = try distances(Bounded(base: exact, limit: 2.5))
    #expect(steep.values.map(\.mean.isNaN) == [true, true, false], "\(steep)")
    #expect(steep.verdicts[0] == "not reached: samples diverged")
    #expect(usual.values.allSatisfy(\.mean.isFinite) && steep.values[2] == usual.values[2], "\(usual)")
  }
}

/// A score that knows nothing of states beyond a limit: it is infinite there.
private struct Bounded: Score {
  var base: any Score
  let limit: Float

  var process: any ForwardProcess { base.process }
  var dimension: Int { base.dimension }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    base.evaluate(state, at: t, into: &score)
    for r in 0..<state.rows {
      for k in 0..<state.columns where abs(state[r, k]) > limit { score[r, k] = .infinity }
    }
  }

  mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    precondition(times.allSatisfy { $0 == times[0] }, "a table steps all rows at once")
    evaluate(state, at: times[0], into: &score)
  }
}
