import Diffusion
import LinearAlgebra
import Sampling
import Testing
import Theory

@Suite struct SlopeTests {
  static let processes: [any ForwardProcess] = [
    CriticallyDampedLangevin(epsilon: 0, velocityVariance: 0.25),
    CriticallyDampedLangevin(epsilon: 0.25, velocityVariance: 0.25), OrnsteinUhlenbeck(horizon: 1),
  ]

  @Test(
    "mixing over b = e^{−aT}(1 + aT): b and b² for p_T, b² and b⁴ by SDE, b and b² by flow, data not centred and centred",
    arguments: 0..<3)
  func mixing(index: Int) {
    for (mean, marginal, sde, flow) in [(0.7, 1.0, 2.0, 1.0), (0.0, 2.0, 4.0, 2.0)] {
      let study = MixingStudy(data: GaussianData(mean: [mean], variance: [0.3])) { Self.process(index, horizon: $0) }
      let points = study.points(horizons: [1, 1.25, 1.5, 1.75].map { $0 * (index == 2 ? 2.5 : 1) })
      let b = points.map(\.decay)
      // ± 0.15: finite T leaves the next order of b, and at critical damping a factor of T.
      #expect(abs(fittedSlope(b, points.map(\.marginal)) - marginal) < 0.15)
      #expect(abs(fittedSlope(b, points.map(\.sde)) - sde) < 0.15)
      #expect(abs(fittedSlope(b, points.map(\.flow)) - flow) < 0.15)
    }
  }

  private static func process(_ index: Int, horizon: Double) -> any ForwardProcess {
    index == 2
      ? OrnsteinUhlenbeck(horizon: horizon)
      : CriticallyDampedLangevin(
        epsilon: index == 0 ? 0 : 0.25, velocityVariance: 0.25, horizon: horizon)
  }

  @Test(
    "discretisation over h: order 1 by Euler–Maruyama and the Euler splitting, 2 by the midpoint splitting",
    arguments: processes)
  func discretisation(process: any ForwardProcess) {
    let data = GaussianData(mean: [0.7], variance: [0.3])
    for (kind, order) in [(SamplerKind.eulerMaruyama, 1.0), (.splitting, 1), (.splittingMidpoint, 2)] {
      let recursion = MomentRecursion(process: process, data: data, sampler: kind.make())
      let steps = [100, 200, 400, 800]
      let errors = steps.map {
        recursion.errorSplit(
          over: MomentRecursion.uniformTimes(from: process.horizon, steps: $0), perturbation: ScorePerturbation()
        ).discretisation
      }
      let slope = fittedSlope(steps.map { 1 / Double($0) }, errors)
      #expect(abs(slope - order) < 0.15, "\(kind): \(slope)")  // finite steps leave the next order
    }
  }

  @Test("a score's error enters with its first power, as a shift and relative", arguments: processes)
  func learning(process: any ForwardProcess) {
    let data = GaussianData(mean: [0.7], variance: [0.3])
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let times = MomentRecursion.uniformTimes(from: process.horizon, steps: 100)
    let sizes = [0.01, 0.02, 0.04, 0.08]
    let shifted = sizes.map { recursion.errorSplit(over: times, perturbation: ScorePerturbation(shift: $0)).learning }
    let scaled = sizes.map { recursion.errorSplit(over: times, perturbation: ScorePerturbation(relative: $0)).learning }
    #expect(abs(fittedSlope(sizes, shifted) - 1) < 1e-6)  // exactly linear
    #expect(abs(fittedSlope(sizes, scaled) - 1) < 0.15)  // the next order of the error, some per cent of it
  }

  @Test("every part of the error lies below its telescoped bound, and the parts' sum above the whole")
  func bounds() {
    for process in Self.processes {
      for (mean, variance) in [(0.7, 0.3), (0, 0.05), (2, 3)] {
        let data = GaussianData(mean: [mean, 0.5], variance: [variance, 1])
        for kind in [SamplerKind.eulerMaruyama, .splitting, .splittingMidpoint] {
          let recursion = MomentRecursion(process: process, data: data, sampler: kind.make())
          for steps in [20, 100] {
            let times = MomentRecursion.uniformTimes(from: process.horizon, steps: steps)
            let shift = ScorePerturbation(shift: 0.1)
            let split = recursion.errorSplit(over: times, perturbation: shift)
            let bound = recursion.errorBound(over: times, perturbation: shift)
            let slack = 1 + 1e-9  // rounding
            #expect(split.mixing <= bound.mixing * slack && split.discretisation <= bound.discretisation * slack)
            #expect(split.learning <= bound.learning * slack)
            let sum = split.stopping + split.discretisation + split.mixing + split.learning
            #expect(split.total <= sum * slack)
            let projected = recursion.errorSplit(over: times, perturbation: shift, positionsOnly: true)
            #expect(projected.total <= split.total * slack)
          }
        }
      }
    }
  }
}
