import Diffusion
import Foundation
import LinearAlgebra
import Testing

@Suite struct ProcessTests {
  @Test("a transition is the product of two", arguments: everyProcess)
  func semigroup(process: any ForwardProcess) {
    for (s, m, t) in [(0, 0.3, 1), (0, 1e-5, 2e-5), (0.2, 0.2001, 0.9)] {
      let (s, m, t) = (s * process.horizon, m * process.horizon, t * process.horizon)
      let (first, second) = (process.transition(from: s, to: m), process.transition(from: m, to: t))
      let whole = process.transition(from: s, to: t)
      // Times are rounded before they are subtracted: a relative 1e-16 · m/(t − m) of the second step.
      #expect(discrepancy(second.map * first.map, whole.map) < 1e-11)
      let covariance = second.covariance + second.map * first.covariance * second.map.transpose
      #expect(discrepancy(covariance, whole.covariance) < 1e-11)
    }
  }

  @Test("kernels solve the moment equations of drift and diffusion", arguments: everyProcess)
  func derivation(process: any ForwardProcess) {
    for fraction in [0.05, 0.5, 0.9] {
      let t = fraction * process.horizon
      let h = 1e-4 * t
      let (before, now, after) = (process.kernel(at: t - h), process.kernel(at: t), process.kernel(at: t + h))
      let a = process.drift(at: t)
      let rate = 1 / process.elapsed(from: t - h, to: t + h)
      // A central difference in t has an error of (h/t)² = 1e-8 times a few derivatives of the clock and the kernel.
      let slope = (after.mean - before.mean).scaled(by: rate) - a * now.mean
      #expect(max(abs(slope[0]), abs(slope.last)) < 1e-5)
      let change = (after.covariance - before.covariance).scaled(by: rate)
      let expected = a * now.covariance + now.covariance * a.transpose + process.diffusion(at: t)
      #expect((change - expected).norm < 1e-5 * expected.norm + 1e-6)
    }
  }

  @Test("a stationary law is stationary, and the prior", arguments: stationaryProcesses)
  func stationary(process: any ForwardProcess) throws {
    let (a, s) = (process.drift(at: 0.5), try #require(process.stationaryCovariance))
    let d = process.diffusion(at: 0.5)
    #expect(s == process.priorCovariance)
    #expect((a * s + s * a.transpose + d).norm < 1e-15 * 16)  // a few roundings of numbers below 11
    #expect((BlockMatrix.lyapunov(a, d) - s).norm < 1e-13 * s.norm)  // a dozen doublings
  }

  @Test("no other process leaves its prior alone", arguments: pathProcesses)
  func notStationary(process: any ForwardProcess) {
    #expect(process.stationaryCovariance == nil)
  }

  @Test("rates are the derivative of the clock", arguments: everyProcess) func rate(process: any ForwardProcess) {
    for fraction in [0.01, 0.5, 0.95] {
      let t = fraction * process.horizon
      let h = 1e-4 * min(t, process.horizon - t)
      let slope = process.elapsed(from: t - h, to: t + h) / (2 * h)
      // A central difference errs by (h/t)² ≤ 1e-8 times the clock's third derivative, at most 1e3 in units of t.
      #expect(abs(slope / process.rate(at: t) - 1) < 1e-6)
      let difference = process.clock(t + h) - process.clock(t - h)
      // Two clocks of at most 1e3, rounded, over a difference of 1e-6 of them.
      #expect(abs(difference / process.elapsed(from: t - h, to: t + h) - 1) < 1e-8)
    }
  }

  @Test("path velocities carry the kernel: M' = a M + b and H' = a H + H aᵀ", arguments: everyProcess)
  func velocity(process: any ForwardProcess) {
    for fraction in [0.05, 0.5, 0.9, 1] {
      let t = fraction * process.horizon
      let h = 1e-4 * t
      if !process.pathVelocity(at: t).mean.dot(.first(process.blocks)).isFinite { continue }
      // Backwards at the horizon, where the formulas of the kernel end.
      let (first, last) = fraction < 1 ? (t - h, t + h) : (t - 2 * h, t)
      let (before, after) = (process.kernel(at: first), process.kernel(at: last))
      let (middle, v) = (process.kernel(at: 0.5 * (first + last)), process.pathVelocity(at: 0.5 * (first + last)))
      let mean = (after.mean - before.mean).scaled(by: 0.5 / h) - (v.state * middle.mean + v.mean)
      // Errors of a central difference are (h/t)² = 1e-8 of the kernel's third derivatives, which reach some hundreds.
      #expect(mean.dot(mean).squareRoot() < 1e-5 * (1 + v.mean.dot(v.mean).squareRoot()))
      let flow = v.state * middle.covariance
      let change = (after.covariance - before.covariance).scaled(by: 0.5 / h) - (flow + flow.transpose)
      #expect(change.norm < 1e-5 * (flow.norm + middle.covariance.norm))
    }
  }

  @Test(
    "a kernel's factor and whitened mean belong to it, from 1e-5 of the horizon on", arguments: everyProcess)
  func identities(process: any ForwardProcess) {
    for fraction in [1e-5, 1e-3, 0.1, 1] {
      let kernel = process.kernel(at: fraction * process.horizon)
      let l = kernel.cholesky
      #expect(discrepancy(l * l.transpose, kernel.covariance) < 1e-14)  // rounding
      let size = { (m: BlockMatrix, x: BlockVector) in
        BlockVector((0..<x.size).map { i in (0..<x.size).reduce(0) { $0 + abs(m[i, $1] * x[$1]) } })
      }
      let back = l * kernel.whitenedMean - kernel.mean
      let precision = kernel.covariance * kernel.precisionMean - kernel.mean
      for i in 0..<process.blocks {
        // A few roundings of the terms of a sum; at small times these are large against it. H⁻¹M holds a factor's
        // roundings twice, amplified by its correlations: 1 − ρ² is 1e-6 at the smallest time.
        #expect(abs(back[i]) <= 1e-13 * size(l, kernel.whitenedMean)[i])
        #expect(abs(precision[i]) <= 1e-9 * size(kernel.covariance, kernel.precisionMean)[i])
      }
      let r = kernel.residualScale
      #expect(abs(r * r * (1 + kernel.signalToNoise) - 1) < 1e-14)
      guard kernel.signalToNoise > exp(-20) else { continue }
      #expect(abs(exp(-2 * kernel.noiseLevel) / kernel.signalToNoise - 1) < 1e-13)  // rounding
    }
  }

  @Test("the cosine schedule is Nichol and Dhariwal's where it is not cut") func cosine() {
    let process = VariancePreserving(schedule: .cosine)
    for t in [0.1, 0.5, 0.99] {
      let theta = { (t: Double) in 0.5 * Double.pi * (0.9946 * t + 0.008) / 1.008 }
      let expected = pow(cos(theta(t)) / cos(theta(0)), 2)
      #expect(abs(exp(-process.clock(t)) / expected - 1) < 1e-12)  // the cosine near ½π keeps 13 digits
    }
  }

  @Test("the discrete schedule passes DDPM's chain at its steps, and is a straight line in τ between") func chain() {
    let noise = DiscreteNoise(steps: 1000, first: 1e-4, last: 0.02)
    let process = VariancePreserving(schedule: .discreteLinear(noise), horizon: 2)
    var kept = 1.0
    for i in 1...1000 {
      kept *= 1 - (1e-4 + (0.02 - 1e-4) * Double(i - 1) / 999)
      let t = 2 * Double(i) / 1000
      // A thousand roundings of both.
      #expect(abs(exp(-process.clock(t)) / kept - 1) < 1e-12, "\(i)")
      guard i < 1000 else { continue }
      let next = 1e-4 + (0.02 - 1e-4) * Double(i) / 999
      #expect(abs(process.elapsed(from: t, to: t + 0.001) / (-0.5 * log1p(-next)) - 1) < 1e-11)
      #expect(abs(process.rate(at: t + 0.001) / (-500 * log1p(-next)) - 1) < 1e-11)
    }
    // What Ho, Jain and Abbeel's chain leaves of the data.
    #expect(abs(kept - 4.036e-5) < 1e-8)
    let (a, b) = (process.elapsed(from: 0.3, to: 1.001), process.elapsed(from: 0.3, to: 1.9))
    #expect(abs(a + process.elapsed(from: 1.001, to: 1.9) - b) < 1e-13)  // rounding
  }

  @Test(
    "schedules' elapsed times keep their digits over short intervals",
    arguments: schedules)
  func elapsed(schedule: NoiseSchedule) {
    // Additive: 2⁻²⁰ is exact in t, so only the formula can lose digits; the midpoint rule's error is below 1e-12.
    let (s, h) = (0.5, 0x1p-20)
    let half = schedule.elapsed(from: s, to: s + h / 2, horizon: 1)
    let rest = schedule.elapsed(from: s + h / 2, to: s + h, horizon: 1)
    let whole = schedule.elapsed(from: s, to: s + h, horizon: 1)
    #expect(abs((half + rest) / whole - 1) < 1e-14)
  }

  @Test("the exact score of unit Gaussian data returns its posterior mean", arguments: everyProcess)
  func tweedie(process: any ForwardProcess) {
    for fraction in [1e-3, 0.1, 0.99] {
      let kernel = process.kernel(at: fraction * process.horizon)
      let c = process.blocks
      let marginal = kernel.covariance + kernel.mean.outer(kernel.mean)
      var state = Matrix(rows: 1, columns: c)
      var score = Matrix(rows: 1, columns: c)
      for i in 0..<c { state[0, i] = i == 0 ? 1.25 : -0.5 }
      let u = BlockVector((0..<c).map { Double(state[0, $0]) })
      let s = (marginal.inverse * u).scaled(by: -1)
      for i in 0..<c { score[0, i] = Float(s[i]) }
      var mean = Matrix(rows: 1, columns: 1)
      kernel.denoise(state, score: score, into: &mean)
      let r = kernel.residualScale
      let expected = r * r * kernel.precisionMean.dot(u)
      // The score is rounded to Float: 6e-8 of M s / snr, at most a hundredfold of the mean here.
      #expect(abs(Double(mean[0, 0]) - expected) < 1e-5 * max(1, abs(s.dot(kernel.mean)) / kernel.signalToNoise))
    }
  }
}
