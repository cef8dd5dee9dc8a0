import Communication
import Diffusion
import Metrics
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
  }
}
