import Diffusion
import LinearAlgebra

let autonomousAndScheduled: [any ForwardProcess] =
  [
    OrnsteinUhlenbeck(), VariancePreserving(), VariancePreserving(schedule: .cosine),
    VariancePreserving(schedule: .exponential(min: 0.1, max: 20, rate: 3), horizon: 2),
  ] + langevins

let schedules: [NoiseSchedule] = [
  .constant(4), .linear(min: 0.1, max: 20), .cosine, .exponential(min: 0.1, max: 20, rate: 3),
  .exponential(min: 0.1, max: 20, rate: -1e-7), .discreteLinear(DiscreteNoise(steps: 50, first: 0.002, last: 0.4)),
]

/// Values of the general process: position and velocity, or position, velocity and acceleration.
let linearProcesses: [any ForwardProcess] = [
  LinearProcess.phaseSpaceLangevin(), LinearProcess.phaseSpaceLangevin(positionDamping: 0.5, velocityDamping: 3.5),
  LinearProcess.thirdOrderLangevin(), LinearProcess.thirdOrderLangevin(schedule: .linear(min: 0.1, max: 12)),
]

/// Processes without a stationary law, all of one block; the first four lose all of the data or have none to lose.
let pathProcesses: [any ForwardProcess] = [
  FlowMatching(), AnnealedPath(annealing: .linear), AnnealedPath(annealing: .cosine, scale: 2),
  SubVariancePreserving(), SubVariancePreserving(schedule: .cosine), VarianceExploding(),
  VarianceExploding(prior: .noiseAndData, horizon: 2), FlowMatching(horizon: 0.9), NoiseLevels(horizon: 30),
]

let stationaryProcesses: [any ForwardProcess] =
  autonomousAndScheduled + linearProcesses + [AnnealedPath(annealing: .exponential, scale: 0.5, horizon: 4)]
  + [
    CriticallyDampedLangevin(epsilon: 0.25, schedule: .linear(min: 0.1, max: 12)),
    CriticallyDampedLangevin(epsilon: 0.25, schedule: .exponential(min: 0.5, max: 12, rate: 2), horizon: 2),
  ]

/// Every kind with its usual parameters, and special values of most.
let everyProcess = ProcessKind.allCases.map { ProcessOptions($0).make() } + stationaryProcesses + pathProcesses

let langevins: [any ForwardProcess] = [
  CriticallyDampedLangevin(epsilon: 0), CriticallyDampedLangevin(epsilon: 0.25), CriticallyDampedLangevin(epsilon: 1),
  CriticallyDampedLangevin(a: 2, sigma: 2.0.squareRoot(), epsilon: 0.5, velocityVariance: 1, beta: 2, horizon: 2),
]

/// The largest difference of two matrices' elements, each beside √(b_ii b_jj): what correlation and scale can see.
func discrepancy(_ a: BlockMatrix, _ b: BlockMatrix) -> Double {
  var largest = 0.0
  for i in 0..<a.size {
    for j in 0..<a.size {
      largest = max(largest, abs(a[i, j] - b[i, j]) / (b[i, i] * b[j, j]).squareRoot())
    }
  }
  return largest
}
