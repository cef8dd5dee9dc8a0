import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Testing

@Suite struct OrderTests {
  /// The error of the final law when the start is the exact p_T, so that discretisation alone is seen.
  private func error(_ kind: SamplerKind, _ process: any ForwardProcess, _ grid: TimeGrid, steps: Int) -> Double {
    let score = GaussianScore(process: process, dimension: 1)
    let end = TimeGrid.standardFinalTime(horizon: process.horizon)
    let times = grid.times(steps: steps, from: process.horizon, to: end)
    let start = score.marginal(at: process.horizon)
    return start.propagated(by: kind.make(), over: times, score: score).distance(to: score.marginal(at: end))
  }

  @Test(
    "reverse Euler–Maruyama and the Euler splitting have order 1, the midpoint splitting and Heun's flow order 2",
    arguments: processes, SamplerKind.allCases)
  func order(process: any ForwardProcess, kind: SamplerKind) {
    let expected = kind == .eulerMaruyama || kind == .splitting ? 1.0 : 2.0
    for grid in TimeGrid.allCases {
      let slope = log2(error(kind, process, grid, steps: 800) / error(kind, process, grid, steps: 1600))
      // The next order's share at 800 steps, seen up to 0.05.
      #expect(abs(slope - expected) < 0.1, "\(grid.rawValue): \(slope)")
    }
  }

  @Test("splitting leaves the stationary law alone at any step", arguments: [Splitting.ScoreStep.euler, .midpoint])
  func stationary(scoreStep: Splitting.ScoreStep) {
    let score = GaussianScore(process: OrnsteinUhlenbeck(), dimension: 1, mean: 0, variance: 1)
    let law = Moments(mean: BlockVector(0), covariance: BlockMatrix(1))
    let times = TimeGrid.uniform.times(steps: 2, from: 5, to: 1)
    let end = law.propagated(by: Splitting(scoreStep: scoreStep), over: times, score: score)
    #expect(end.distance(to: law) < 1e-14)  // roundings: hD f(u) must vanish
  }

  @Test("Euler–Maruyama draws no position noise at ε = 0") func undriven() {
    let stages = EulerMaruyama().step(CriticallyDampedLangevin(), from: 0.5, to: 0.49)
    #expect(stages.count == 1)
    #expect(stages[0].noise?.column(0) == BlockVector(0, 0))
    #expect(abs((stages[0].noise?[1, 1] ?? 0) - (2 * 0.04).squareRoot()) < 1e-14)
  }

  @Test("grids run from the horizon to the final time", arguments: TimeGrid.allCases) func grids(grid: TimeGrid) {
    let times = grid.times(steps: 10, from: 2, to: 1e-3)
    #expect(times.count == 11 && times[0] == 2 && times[10] == 1e-3)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
    let last = times[9] - times[10]
    #expect(abs(last / 1.999 - (grid == .uniform ? 0.1 : 0.01)) < 1e-12)
  }
}
