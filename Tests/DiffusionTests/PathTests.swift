import Diffusion
import Foundation
import LinearAlgebra
import Testing

/// Kernels whose closed forms are in the papers, and what happens at their ends.
@Suite struct PathTests {
  private func expect(_ kernel: Kernel, mean: Double, deviation: Double) {
    #expect(abs(kernel.mean[0] - mean) <= 1e-13 * mean)  // exp and log cost a few roundings of 1e-16 each
    #expect(abs(kernel.cholesky[0, 0] - deviation) <= 1e-13 * deviation)
  }

  @Test("sub-VP has the mean of VP and its variance squared", arguments: schedules)
  func subVariancePreserving(schedule: NoiseSchedule) {
    for t in [1e-6, 0.1, 1] {
      let usual = VariancePreserving(schedule: schedule).kernel(at: t)
      expect(
        SubVariancePreserving(schedule: schedule).kernel(at: t), mean: usual.mean[0],
        deviation: usual.covariance[0, 0])
    }
  }

  @Test("VE adds noise of variance σ(t)² − σ(0)², from 0 at the data") func varianceExploding() {
    let process = VarianceExploding(sigmaMin: 0.1, sigmaMax: 10, horizon: 2)
    expect(process.kernel(at: 1), mean: 1, deviation: (1 - 0.01).squareRoot())
    #expect(process.kernel(at: 0).covariance[0, 0] == 0)
    #expect(abs(process.rate(at: 1) - 2 * log(10)) < 1e-13)  // g² = 2σ² ln(σ_max/σ_min)/T, a few roundings
    #expect(process.priorCovariance[0, 0] == 100)
    let wide = VarianceExploding(sigmaMin: 0.1, sigmaMax: 10, prior: .noiseAndData).priorCovariance[0, 0]
    #expect(abs(wide - 100.99) < 1e-12)  // roundings of 100
  }

  @Test("flow matching's kernel is (1−t, t), at the horizon too") func flowMatching() {
    for t in [1e-9, 0.25, 1] { expect(FlowMatching().kernel(at: t), mean: 1 - t, deviation: t) }
    let velocity = FlowMatching().pathVelocity(at: 1)
    #expect(velocity.state[0, 0] == 1 && velocity.mean[0] == -1)
    #expect(FlowMatching().priorCovariance[0, 0] == 1)
  }

  @Test("annealed paths have the kernel (√λ, s√(1−λ)), at both ends too", arguments: AnnealedPath.Annealing.allCases)
  func annealed(annealing: AnnealedPath.Annealing) {
    let process = AnnealedPath(annealing: annealing, scale: 3, horizon: 2)
    for t in [1e-9, 0.5, 1.5] {
      let left =
        switch annealing {
        case .linear: t / 2
        case .cosine: pow(sin(Double.pi * t / 4), 2)
        case .exponential: -expm1(-2 * t)
        }
      expect(process.kernel(at: t), mean: (1 - left).squareRoot(), deviation: 3 * left.squareRoot())
      #expect(abs(process.lambda(t) - (1 - left)) < 1e-15)  // one rounding of numbers below 1
    }
    let end = process.kernel(at: 2)
    #expect(annealing == .exponential ? end.mean[0] == exp(-2) : end.mean[0] == 0 && end.covariance[0, 0] == 9)
    #expect(end.noiseLevel.isFinite && end.residualScale <= 1)
  }

  @Test("a Student-t base has the Gaussian kernel's matrices, its own score, and no stationary law") func student() {
    let process = AnnealedPath(annealing: .exponential, base: .studentT(degrees: 3), scale: 2)
    let gaussian = AnnealedPath(annealing: .exponential, scale: 2)
    #expect(process.kernel(at: 0.3) == gaussian.kernel(at: 0.3))
    #expect(process.stationaryCovariance == nil)
    // The gradient of −½(ν+d) ln(1 + ‖e‖²/ν) by central differences; h² = 1e-10 of its third derivative.
    let (degrees, e) = (3.0, [0.4, -1.2, 2.5])
    let logDensity = { (x: [Double]) in -0.5 * (degrees + 3) * log1p(x.reduce(0) { $0 + $1 * $1 } / degrees) }
    let factor = process.noise.scoreFactor(squaredNorm: e.reduce(0) { $0 + $1 * $1 }, dimension: 3)
    for k in 0..<3 {
      var (up, down) = (e, e)
      up[k] += 1e-5
      down[k] -= 1e-5
      #expect(abs((logDensity(up) - logDensity(down)) / 2e-5 + factor * e[k]) < 1e-9)
    }
    #expect(NoiseLaw.gaussian.scoreFactor(squaredNorm: 5, dimension: 3) == 1)
  }

  @Test("critical damping: the third-order drift has one eigenvalue, −√3, three times, and PSLD's −½Γ − √(M⁻¹)/2")
  func criticalDamping() {
    let root = 3.0.squareRoot()
    let third = LinearProcess.thirdOrderLangevin().drift(at: 0) + BlockMatrix.identity(3).scaled(by: root)
    #expect((third * third * third).norm < 1e-13)  // nilpotent, up to roundings of numbers below 100
    let phase = LinearProcess.phaseSpaceLangevin().drift(at: 0) + BlockMatrix.identity(2).scaled(by: 0.25 * 4.02)
    #expect((phase * phase).norm < 1e-14)  // as above, numbers below 10
  }

  @Test("CLD is a value of the general process", arguments: [0, 0.25]) func general(epsilon: Double) {
    let process = CriticallyDampedLangevin(epsilon: epsilon)
    let value = LinearProcess(
      name: "CLD", drift: process.drift(at: 0), diffusion: process.diffusion(at: 0),
      initialVariance: process.initialVariance, schedule: process.schedule)
    #expect((value.priorCovariance - process.priorCovariance).norm < 1e-14)  // Lyapunov's doublings
    for t in [1e-5, 1e-3, 0.1, 1] {
      let (kernel, exact) = (value.kernel(at: t), process.kernel(at: t))
      #expect(discrepancy(kernel.covariance, exact.covariance) < 1e-12)  // rounding
      // The factor, not its square, is rounded: relative to a row, whose pivot is √t smaller.
      #expect(abs(kernel.cholesky[1, 1] / exact.cholesky[1, 1] - 1) < 1e-12)
      #expect(abs(kernel.signalToNoise / exact.signalToNoise - 1) < 1e-11)
    }
  }
}
