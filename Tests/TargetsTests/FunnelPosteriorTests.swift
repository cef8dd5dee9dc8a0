import Glibc
import Randomness
import Testing

@testable import Targets

@Suite struct FunnelPosteriorTests {
  /// The expectations by 40,001 nodes over a wide interval, in plain form.
  private func reference(
    tails: Int, firstNoise: Double, noise q: Double, center m: Double, squares: Double
  ) -> (slope: Double, precision: Double) {
    let width = firstNoise / (1 + firstNoise)
    let n = Double(tails)
    var law = FunnelLogPosterior(n: n)
    (law.q, law.width, law.center, law.squares) = (q, width, m, squares)
    var (low, high) = law.support
    func logDensity(_ y: Double) -> Double {
      -0.5 * ((y - m) * (y - m) / width + n * log(exp(y) + q) + squares / (exp(y) + q))
    }
    // Twice: the second time over what the first found to matter.
    for _ in 0..<2 {
      let step = (high - low) / 40_000
      let grid = (0...40_000).map { low + Double($0) * step }
      let largest = grid.map(logDensity).max() ?? 0
      let kept = grid.filter { logDensity($0) > largest - 60 }
      (low, high) = ((kept.first ?? low) - step, (kept.last ?? high) + step)
    }
    let step = (high - low) / 40_000
    let grid = (0...40_000).map { low + Double($0) * step }
    let largest = grid.map(logDensity).max() ?? 0
    var (mass, slope, precision) = (0.0, 0.0, 0.0)
    for y in grid {
      let weight = exp(logDensity(y) - largest)
      let variance = exp(y) + q
      mass += weight
      slope += weight * 0.5 * exp(y) / variance * (squares / variance - n)
      precision += weight / variance
    }
    return (slope / mass, precision / mass)
  }

  @Test(arguments: [2, 3, 10, 100], [false, true])
  func `the quadrature is right to 2e-7 for typical points and far ones, at every noise`(dimension: Int, wild: Bool) {
    let n = dimension - 1
    var posterior = FunnelPosterior(tails: n)
    let stream = RandomStream(seed: 11, purpose: .benchmark)
    var worst = 0.0
    for (i, noise) in [1e-10, 1e-6, 1e-3, 0.1, 0.5, 1, 3, 10, 30, 100, 1e4].enumerated() {
      for repetition in 0..<6 {
        var variates = stream.row(UInt64(100 * i + repetition))
        let y = variates.nextNormal()
        let q = noise * exp(0.5)
        var z = y + noise.squareRoot() * variates.nextNormal()
        var squares = 2 * (exp(y) + q) * variates.nextGamma(shape: 0.5 * Double(n))
        if wild {
          z *= 2
          squares *= exp(3 * variates.nextNormal())
        }
        let center = z / (1 + noise)
        posterior.prepare(firstNoise: noise, tailNoise: q)
        posterior.integrate(center: center, squares: squares)
        let exact = reference(tails: n, firstNoise: noise, noise: q, center: center, squares: squares)
        let (score, exactScore) = (posterior.slope - z, exact.slope - z)
        // A score of 1e-3 standard deviations counts as 0.
        worst = max(worst, abs(score - exactScore) / (abs(exactScore) + 1e-3 * (1 + noise).squareRoot()))
        worst = max(worst, abs(posterior.precision / exact.precision - 1))
      }
    }
    #expect(worst < 2e-7)
  }

  @Test func `own exponential and logarithm are right to 1e-15`() {
    for i in -7_000...7_000 {
      let x = Double(i) * 0.0999
      #expect(abs(DoubleMath.exponential(x) / exp(x) - 1) < 1e-15)  // rounding
      let y = exp(x)
      #expect(abs(DoubleMath.logarithm(y) - log(y)) < 1e-15 * max(1, abs(log(y))))  // rounding
    }
    for i in 1..<2_000 {
      let y = Double(i) * 1e-3
      #expect(abs(DoubleMath.logarithm(y) - log(y)) < 1e-15 * max(1, abs(log(y))))  // rounding
    }
    #expect(DoubleMath.exponential(-2_000) < 1e-300)  // clamped at e^{−700} = 1e-304
  }
}
