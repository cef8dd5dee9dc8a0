import Diffusion
import LinearAlgebra

let autonomousAndScheduled: [any ForwardProcess] =
  [
    OrnsteinUhlenbeck(), VariancePreserving(), VariancePreserving(schedule: .cosine),
    VariancePreserving(schedule: .exponential(min: 0.1, max: 20, rate: 3), horizon: 2),
  ] + langevins

let langevins: [any ForwardProcess] = [
  CriticallyDampedLangevin(), CriticallyDampedLangevin(epsilon: 0.25), CriticallyDampedLangevin(epsilon: 1),
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
