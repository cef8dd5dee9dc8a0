import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Testing

@Suite struct OrderTests {
  /// One of each kind of process.
  private static let everyProcess: [any ForwardProcess] =
    processes + [
      VariancePreserving(schedule: .cosine), SubVariancePreserving(), VarianceExploding(sigmaMin: 0.05, sigmaMax: 5),
      FlowMatching(), FlowMatching(horizon: 0.9), AnnealedPath(annealing: .linear), AnnealedPath(annealing: .cosine),
      AnnealedPath(annealing: .exponential, scale: 1.5, horizon: 2),
      LinearProcess.phaseSpaceLangevin(velocityVariance: 0.25),
      LinearProcess.thirdOrderLangevin(velocityVariance: 0.25, accelerationVariance: 0.25),
    ]

  /// The grids whose largest step goes to 0 as steps are added: not those of a short chain, whose first step is the final time's.
  private static let grids = TimeGrid.allCases.filter { ![.varianceLinear, .varianceQuadratic].contains($0) }

  /// Every sampler on every process that it serves, each on two grids in turn: every grid meets every sampler and every process.
  private static let cases: [(any ForwardProcess, SamplerKind, [TimeGrid])] =
    everyProcess.enumerated().flatMap { number, process in
      SamplerKind.allCases.filter { $0.make().order != nil && $0.make().requirement.isMet(by: process) }
        .enumerated().map { position, kind in
          (process, kind, [0, 2].map { grids[(number + position + $0) % grids.count] })
        }
    }

  /// The error of the final law when the start is the exact law there, so that discretisation alone is seen.
  private func error(_ kind: SamplerKind, _ process: any ForwardProcess, _ grid: TimeGrid, steps: Int) -> Double {
    let score = GaussianScore(process: process, dimension: 1)
    // Equal steps must be shorter than the final time before schemes that go by the noise level show their order.
    // So must any where a velocity or an acceleration is much quieter than the data at first.
    let isEarly = grid == .uniform || process is LinearProcess
    let end = isEarly ? 0.05 * process.horizon : TimeGrid.standardFinalTime(horizon: process.horizon)
    let times = grid.times(steps: steps, of: process, to: end)
    let start = score.marginal(at: times[0])
    return start.propagated(by: kind.make(), over: times, score: score).distance(to: score.marginal(at: end))
  }

  @Test("every fixed-step sampler has its declared order on every process that it serves", arguments: cases)
  func order(process: any ForwardProcess, kind: SamplerKind, grids: [TimeGrid]) throws {
    let expected = Double(try #require(kind.make().order))
    for grid in grids {
      // Stiff processes and schemes of the noise level show their order late: halved steps, until it shows.
      var (steps, slopes, errors) = (400, [Double](), [error(kind, process, grid, steps: 400)])
      // A scheme that is exact for this law has errors of rounding alone.
      while errors[0] > 1e-11, slopes.last.map({ abs($0 - expected) > 0.2 }) ?? true, steps < 25_600 {
        steps *= 2
        errors.append(error(kind, process, grid, steps: steps))
        slopes.append(log2(errors[errors.count - 2] / errors[errors.count - 1]))
      }
      // The next order's share, seen up to 0.1.
      #expect(
        slopes.last.map { abs($0 - expected) < 0.2 } ?? true,
        "\(kind.rawValue) \(type(of: process)) \(grid.rawValue): \(slopes), \(errors)")
    }
  }

  @Test("every sampler declares an order, or has a bias that its steps do not remove") func declared() {
    let without = SamplerKind.allCases.filter { $0.make().order == nil }
    #expect(
      without == [
        .predictorCorrector, .annealedLangevin, .consistentAnnealed, .diffusionAnnealedLangevin,
        .underdampedAnnealedLangevin,
      ])
  }

  @Test(
    "splittings leave the stationary law alone at any step",
    arguments: [SamplerKind.splitting, .splittingMidpoint, .leapfrog, .baoab, .obabo])
  func stationary(kind: SamplerKind) {
    let score = GaussianScore(process: OrnsteinUhlenbeck(), dimension: 1, mean: 0, variance: 1)
    let law = Moments(mean: BlockVector(0), covariance: BlockMatrix(1))
    let times = TimeGrid.uniform.times(steps: 2, of: score.process, to: 1)
    let end = law.propagated(by: kind.make(), over: times, score: score)
    #expect(end.distance(to: law) < 1e-14)  // roundings: hD f(u) must vanish
  }

  @Test("Euler–Maruyama draws no position noise at ε = 0") func undriven() {
    let stages = EulerMaruyama().step(CriticallyDampedLangevin(epsilon: 0), from: 0.5, to: 0.49)
    #expect(stages.count == 1)
    #expect(stages[0].noise?.column(0) == BlockVector(0, 0))
    #expect(abs((stages[0].noise?[1, 1] ?? 0) - (2 * 0.04).squareRoot()) < 1e-14)  // rounding
  }
}
