import Diffusion
import Testing
import Theory

@Suite struct CurvatureTests {
  @Test("with L = 0 the law is N(0, 1)") func gaussian() {
    let law = LogLipschitzLaw(slope: 0)
    for (z, noise) in [(0.0, 0.5), (1.5, 0.01), (-3, 20)] {
      #expect(abs(law.posteriorVariance(at: z, noise: noise) / (noise / (1 + noise)) - 1) < 1e-9)  // quadrature
    }
  }

  @Test("far from the kink the posterior variance is a Gaussian's; at it, as SciPy's quad finds") func kink() {
    let law = LogLipschitzLaw(slope: 1)
    #expect(abs(law.posteriorVariance(at: 5, noise: 0.01) / (0.01 / 1.01) - 1) < 1e-9)  // quadrature
    // The posterior at z = 0 and ν = ½ is ∝ exp(−½·3x² − |x|).
    #expect(abs(law.posteriorVariance(at: 0, noise: 0.5) - kinkReference) < 1e-9)
  }

  /// ∫₀^∞ x² e^{−1.5x² − x} dx / ∫₀^∞ e^{−1.5x² − x} dx, by SciPy's quad at 1e-13.
  let kinkReference = 0.21386237838718022

  @Test(
    "short times: v-rows like t^{−½} at ε = 0 and the whole Hessian like t^{−3/2}; with ε > 0 the whole like t^{−½}")
  func shortTimes() {
    let law = LogLipschitzLaw(slope: 1)
    let times = [1e-4, 2e-4, 4e-4, 8e-4]
    let plain = CriticallyDampedLangevin(epsilon: 0, velocityVariance: 1, beta: 1)
    let elliptic = CriticallyDampedLangevin(epsilon: 1, velocityVariance: 1, beta: 1)
    let hypo = times.map { law.curvature(plain, at: $0) }
    let full = times.map { law.curvature(elliptic, at: $0) }
    // ± 0.15: finite times leave the next order, √t.
    #expect(abs(fittedSlope(times, full.map(\.whole)) + 0.5) < 0.15)
    #expect(abs(fittedSlope(times, hypo.map(\.lastRow)) + 0.5) < 0.15)
    #expect(abs(fittedSlope(times, hypo.map(\.whole)) + 1.5) < 0.15)
  }

  @Test("long times: the decay is e^{−2aτ}(1 + aτ)², slower than the lecture's e^{−2τ}") func longTimes() {
    let law = LogLipschitzLaw(slope: 1)
    let process = CriticallyDampedLangevin(epsilon: 0, beta: 1, horizon: 8)
    let times = [4.0, 5, 6, 7]
    let values = times.map { law.curvature(process, at: $0).whole }
    let corrected = times.map { CurvatureLaw.corrected(a: 1, time: $0) }
    let lecture = times.map { CurvatureLaw.lecture(time: $0) }
    #expect(abs(fittedSlope(corrected, values) - 1) < 0.1)  // finite times leave the next order, 1/τ
    // The missing square of 1 + aτ is a quarter of the slope at these times.
    #expect(fittedSlope(lecture, values) < 0.9)
  }
}
