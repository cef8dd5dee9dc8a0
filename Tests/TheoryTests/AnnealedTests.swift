import LinearAlgebra
import Testing
import Theory

@Suite struct AnnealedTests {
  let path = GaussianAnnealedPath(data: GaussianData(mean: [1.2], variance: [0.3]))

  @Test("mean, variance and KL are those of SciPy's DOP853 at 1e-12") func moments() {
    let dynamics = GaussianAnnealedLangevin(path: path)
    for (speed, mean, variance, divergence) in [
      (0.5, 1.093299086904743, 0.322849321942124, 0.01894684253044383),
      (0.05, 1.199327155541536, 0.300194704381412, 8.592573201049496e-07),
    ] {
      let end = dynamics.end(speed: speed).coordinates[0]
      #expect(abs(end.mean[0] - mean) < 1e-8 && abs(end.covariance[0, 0] - variance) < 1e-8)  // order 4, 4,000 steps
      // Order 4 at 4,000 steps, of a divergence that is nearly 0.
      #expect(abs(dynamics.bias(speed: speed).divergence / divergence - 1) < 1e-5)
    }
    let under = dynamics.end(speed: 0.5, .underdamped(friction: 2)).coordinates[0]
    let expected = [0.713914470645879, 0.834957323217202, 0.505985165297318, -0.27216781033265, 1.412326473929143]
    let found = [under.mean[0], under.mean[1], under.covariance[0, 0], under.covariance[0, 1], under.covariance[1, 1]]
    for (x, y) in zip(found, expected) { #expect(abs(x - y) < 1e-8) }  // order 4 at 4,000 steps
  }

  @Test("the action is the integral of (λ'/2λ)²E|X + s²∇log μ|², which SciPy's quad finds") func action() {
    #expect(abs(path.action - 2.0288882663408776) < 1e-9)  // quad's own error
    let centred = GaussianAnnealedPath(data: GaussianData(mean: [0], variance: [0.3]))
    #expect(abs(centred.action - 0.25235947414479404) < 1e-9)  // quad's own error
    #expect(path.action <= GaussianAnnealedPath.actionBound(secondMoment: path.secondMoment, baseMoment: 1))
    #expect(GaussianAnnealedPath(data: path.data, schedule: .linear).action == .infinity)
  }

  @Test("the metric derivative is the distance of neighbouring marginals over their times'") func speed() {
    for schedule in [AnnealingSchedule.cosine, .exponential(horizon: 2)] {
      let path = GaussianAnnealedPath(data: GaussianData(mean: [1.2, 0], variance: [0.3, 2]), schedule: schedule)
      for t in [0.2, 0.5, 0.9] {
        let gap = path.marginal(at: t + 1e-5).wasserstein(to: path.marginal(at: t - 1e-5)) / 2e-5
        #expect(abs(gap * gap / path.squaredSpeed(at: t) - 1) < 1e-6)  // differences of order 1e-10, rounding 1e-10
      }
    }
  }

  @Test("Nelson's process has the path's marginals") func nelson() {
    for speed in [0.5, 2] {
      let end = GaussianAnnealedLangevin(path: path).end(speed: speed, .nelson)
      #expect(end.wasserstein(to: path.marginal(at: 1)) < 1e-8)  // order 4 at 4,000 steps
    }
  }

  @Test("both bounds hold at every speed, and the sharpened one is the better for slow annealing") func bounds() {
    for schedule in [AnnealingSchedule.cosine, .exponential(horizon: 2)] {
      let dynamics = GaussianAnnealedLangevin(
        path: GaussianAnnealedPath(data: GaussianData(mean: [1.2, 0], variance: [0.3, 2]), schedule: schedule))
      for speed in [0.03, 0.1, 0.5, 2, 10] {
        let bias = dynamics.bias(speed: speed)
        #expect(bias.divergence <= bias.actionBound && bias.divergence <= bias.sharpenedBound, "\(bias)")
        if speed < 0.1 { #expect(bias.sharpenedBound < bias.actionBound) }
      }
    }
  }
}
