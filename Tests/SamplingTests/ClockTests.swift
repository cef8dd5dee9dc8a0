import Diffusion
import Foundation
import LinearAlgebra
import Testing

@testable import Sampling

@Suite struct ClockTests {
  /// τ runs 200 times as fast at the end as at the start.
  private let process = VariancePreserving(schedule: .linear(min: 0.1, max: 20))

  @Test("an integral over τ has its nodes in τ, however unevenly the clock runs") func integral() {
    let (s, t) = (0.05, 0.5)
    let found = process.integral(from: s, to: t) { BlockMatrix(exp(-process.elapsed(from: s, to: $0))) }
    // ∫ e^{−(τ − τ_s)} dτ; ten nodes are exact to 1e-13 for an exponent of 2.5.
    #expect(abs(found[0, 0] - (1 - exp(-process.elapsed(from: s, to: t)))) < 1e-12)
  }

  @Test("the time of a share of the clock is where that share has passed", arguments: [0.01, 0.3, 0.5, 0.77, 0.999])
  func shares(share: Double) {
    let t = process.time(from: 0.05, to: 0.9, share: share)
    let passed = process.elapsed(from: 0.05, to: t) / process.elapsed(from: 0.05, to: 0.9)
    #expect(abs(passed - share) < 1e-12)  // 1e-14 of the interval, times the clock's pace
  }

  @Test("generation starts at the horizon, or at 0.999 of it where nothing of the data is left") func start() {
    #expect(OrnsteinUhlenbeck(horizon: 2).start == 2)
    #expect(FlowMatching(horizon: 1).start == 0.999)
  }

  @Test("friction leaves a momentum of unit variance as it is, half a step before and half a step after")
  func friction() throws {
    let path = AnnealedPath(annealing: .exponential, horizon: 2)
    let stages = UnderdampedAnnealedLangevin(slowdown: 0.1, friction: 3).step(path, from: 1, to: 0.9)
    // The step of r is (1 − 0.9)/(2 · 0.1).
    for stage in [stages[0], stages[4]] {
      let (kept, noise) = (stage.state[1, 1], try #require(stage.noise)[1, 1])
      #expect(abs(kept - exp(-0.5 * 3 * 0.5)) < 1e-14 && abs(kept * kept + noise * noise - 1) < 1e-14)  // rounding
    }
  }

  @Test("the exponential integrator's noise is the forward noise carried back") func exponential() throws {
    let process = OrnsteinUhlenbeck(horizon: 2)
    let stage = ExponentialIntegrator().step(process, from: 1.5, to: 0.8)[0]
    // e^{2h} (1 − e^{−2h}).
    let noise = try #require(stage.noise)[0, 0]
    #expect(abs(noise * noise - expm1(1.4)) < 1e-14)  // rounding
    #expect(abs(stage.state[0, 0] - exp(0.7)) < 1e-14)  // rounding
  }

  @Test("the noise of a churned step lasts as many steps as asked for, and no longer than the clock") func churn() {
    let process = OrnsteinUhlenbeck(horizon: 2)
    for (churn, later) in [(0.5, 1.1), (2, 1.4), (9, 2)] {
      // From 1 to 0.8, after noise of that many steps of 0.2.
      let stages = StochasticHeun(churn: churn).step(process, from: 1, to: 0.8)
      #expect(abs(stages[1].time - later) < 1e-12)  // the root of the clock
    }
  }

  @Test("a study's final time is a thousandth of the horizon") func finalTime() {
    #expect(TimeGrid.standardFinalTime(horizon: 2) == 0.002)
  }
}
