import Diffusion
import LinearAlgebra
import Testing

/// The critically damped third-order process at τ: kernel quantities by an 80-digit block exponential (mpmath).
private struct Known: Sendable {
  let tau: Double
  /// The variance of velocity and acceleration at t = 0.
  let variance: Double
  let mean: [Double]
  /// diag C.
  let diagonal: [Double]
  /// diag L, L Lᵀ = H.
  let pivots: [Double]
  let snr: Double
  /// H⁻¹M.
  let precisionMean: [Double]
}

private let cases = [
  Known(
    tau: 6e-5, variance: 0, mean: [0.9999999982, -5.999999967602245e-05, 5.09063976225006e-09],
    diagonal: [3.23186267698598e-21, 5.984568075798711e-12, 0.000623343925140144],
    pivots: [5.684947384968466e-11, 6.116241466008131e-07, 0.008323438734352148], snr: 1.1137157972388118e+22,
    precisionMean: [1.1137157972388118e+22, -3.3411473929192486e+17, 9450191909371.729]),
  Known(
    tau: 6e-5, variance: 0.01, mean: [0.9999999982, -5.999999967602245e-05, 5.09063976225006e-09],
    diagonal: [3.23186267698598e-21, 5.984568075798711e-12, 0.000623343925140144],
    pivots: [5.999999989467078e-06, 8.623447204497543e-06, 0.011137066439697396], snr: 3.197425241972649e+20,
    precisionMean: [3.197425236217283e+20, -1.918455134950074e+16, 1596164453149.785]),
  Known(
    tau: 0.06, variance: 0.01, mean: [0.998204599175535, -0.059697596305965904, 0.004588643227724697],
    diagonal: [2.7195334282559074e-06, 0.004738978962864971, 0.4598988139544669],
    pivots: [0.00621032365839898, 0.04239776123797017, 0.31432190592326736], snr: 784069.4054515096,
    precisionMean: [782842.7872206179, -43906.15193763628, 2406.6117640306275]),
  Known(
    tau: 6, variance: 0.01, mean: [0.001453406779918467, -0.0020962457709406968, 0.0015613377132504412],
    diagonal: [0.9999910555869451, 0.9999820587354764, 0.9999902287120553],
    pivots: [0.9999955619437333, 0.9999910969841835, 0.9999951508824649], snr: 8.944738418883911e-06,
    precisionMean: [0.0014534605179519283, -0.0020963218864266716, 0.0015613938855811142]),
]

@Suite struct ThirdOrderTests {
  @Test("third-order kernels are those of an 80-digit computation, from τ = 6e-5 to 6", arguments: cases)
  private func kernel(known: Known) {
    let process = LinearProcess.thirdOrderLangevin(
      velocityVariance: known.variance, accelerationVariance: known.variance, schedule: .constant(1), horizon: 6)
    let (kernel, transition) = (process.kernel(at: known.tau), process.transition(from: 0, to: known.tau))
    func close(_ found: Double, _ expected: Double, within accuracy: Double) {
      #expect(abs(found - expected) <= accuracy * abs(expected), "\(found) for \(expected)")
    }
    for i in 0..<3 {
      close(kernel.mean[i], known.mean[i], within: 1e-12)  // Taylor's sum and up to seven doublings
      close(transition.covariance[i, i], known.diagonal[i], within: 1e-13)  // as above
      // Rows are rounded relative to their size, up to √(v²/τ) ≈ 13 times their pivot, and C to its correlations.
      close(kernel.cholesky[i, i], known.pivots[i], within: 1e-11)
      close(kernel.precisionMean[i], known.precisionMean[i], within: 1e-9)  // the pivots' errors, thrice divided by
    }
    close(kernel.signalToNoise, known.snr, within: 1e-9)  // as above
  }
}
