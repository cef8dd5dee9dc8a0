import Diffusion
import LinearAlgebra
import Testing
import Theory

@Suite struct ScheduleTests {
  @Test("the bounds on KL and W2 hold over the family, for several Gaussians and steps") func bounds() {
    for data in [
      GaussianData(mean: [0.7], variance: [0.3]), GaussianData(mean: [1, 0], variance: [0.5, 2]),
      GaussianData(mean: [0], variance: [0.1]),
    ] {
      for steps in [50, 200] {
        for rate in [-4.0, -1, 0, 1, 4] {
          let point = ScheduleFamily(steps: steps).point(rate: rate, data)
          #expect(point.divergence <= point.divergenceBound, "\(point)")
          #expect(point.wasserstein <= point.wassersteinBound * 1.000001, "\(point)")
        }
      }
    }
  }

  @Test("a → 0 is the linear schedule, and the bound's parts have their closed forms") func parts() {
    let family = ScheduleFamily(steps: 100)
    let data = GaussianData(mean: [0.7], variance: [0.3])
    let (small, linear) = (family.point(rate: 1e-5, data), family.point(rate: 0, data))
    #expect(abs(small.divergence / linear.divergence - 1) < 1e-3)  // the next order is a
    // ∫β = 10.05; KL(N(m, q)‖N(0, 1)) = ½(q − 1 − ln q + m²); I = (1/√q − √q)² + m².
    let divergence = 0.5 * (0.3 - 1 + 1.2039728043259361 + 0.49)
    #expect(abs(linear.mixingBound / (divergence * 4.3185749060341275e-05) - 1) < 1e-9)
    let information = 0.7 * 0.7 / 0.3 + 0.49
    #expect(abs(linear.discretisationBound / (2 * 0.01 * 20 * information) - 1) < 1e-9)
  }
}
