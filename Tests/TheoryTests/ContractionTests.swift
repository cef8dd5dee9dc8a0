import Diffusion
import LinearAlgebra
import Testing
import Theory

@Suite struct ContractionTests {
  private func logNorm(_ a: Double, _ epsilon: Double) -> Double {
    CriticallyDampedLangevin(a: a, epsilon: epsilon).renormalisedDrift.logNorm
  }

  @Test("the log-norm of Ã is ½(1 − a)² at ε = 0, and as NumPy finds it at ε = 0.25") func logNorms() {
    for a in [0.5, 1, 2, 3] { #expect(abs(logNorm(a, 0) - 0.5 * (1 - a) * (1 - a)) < 1e-12) }  // rounding
    #expect(abs(logNorm(1, 0.25) + 0.10188989317995072) < 1e-12)  // rounding
    #expect(abs(logNorm(2, 0.25) - 0.4710837754328691) < 1e-12)  // rounding
  }

  @Test("Ã = −A − DS⁻¹ = SAᵀS⁻¹ has the eigenvalue −a twice", arguments: [0, 0.25]) func drift(epsilon: Double) {
    let process = CriticallyDampedLangevin(a: 2, epsilon: epsilon)
    let s = process.priorCovariance
    let other = s * process.drift(at: 1).transpose * s.inverse
    #expect((process.renormalisedDrift - other).norm < 1e-12)  // rounding
    #expect(abs(process.renormalisedDrift.spectralAbscissa + 2) < 1e-6)  // a double root: the root of rounding
  }

  @Test("the adapted norm is the closed form I/2δ + (Ñ+Ñᵀ)/4δ² + ÑᵀÑ/4δ³, with condition 18, 402 and 40,000")
  func adapted() {
    let process = CriticallyDampedLangevin(epsilon: 0)
    for (eta, condition) in [(0.5, 18.0), (0.9, 402), (0.99, 40_000)] {
      let norm = AdaptedNorm(drift: process.renormalisedDrift, eta: eta)
      let n = process.renormalisedDrift + .identity(2)
      let delta = 1 - eta
      let closed =
        BlockMatrix.identity(2).scaled(by: 0.5 / delta) + (n + n.transpose).scaled(by: 0.25 / (delta * delta))
        + (n.transpose * n).scaled(by: 0.25 / (delta * delta * delta))
      // Doublings until e^{−2(1−η)t} is negligible, conditions of 40,000.
      #expect((norm.matrix - closed).norm < 1e-8 * closed.norm)
      #expect(abs(norm.condition / condition - 1) < 0.005)  // the stated conditions are rounded to two digits
      #expect(norm.rate > eta)
    }
    // Rounding times the condition.
    #expect(abs(AdaptedNorm(drift: process.renormalisedDrift, eta: 0.5).condition - (9 + 4 * 5.0.squareRoot())) < 1e-9)
  }

  @Test("the counterexample grows: λ_max(sym DH) = ½σ²(√(1+c²) − 1), log-norms +0.414 and +0.372") func example() {
    let example = LogConcaveCounterexample(correlation: 0.5)
    let (plain, elliptic) = (
      CriticallyDampedLangevin(sigma: 2, epsilon: 0), CriticallyDampedLangevin(sigma: 2, epsilon: 0.25)
    )
    let d = plain.diffusion(at: 1)
    #expect(abs(example.growth(diffusion: d) - 2 * (1.25.squareRoot() - 1)) < 1e-12)  // rounding
    // Rounding.
    #expect(abs(example.reverseLogNorm(drift: plain.drift(at: 1), diffusion: d) - 0.4142135623730951) < 1e-12)
    let norm = example.reverseLogNorm(drift: elliptic.drift(at: 1), diffusion: elliptic.diffusion(at: 1))
    #expect(abs(norm - 0.3723064481434296) < 1e-12)  // rounding
    // 2ZᵀDHZ is positive for the same sign and |Z_x| > |Z_v|/c, negative for opposite signs.
    let form = { (z: BlockVector) in 2 * z.dot(d * example.hessian * z) }
    #expect(form(BlockVector(3, 1)) > 0 && form(BlockVector(1.9, 1)) < 0 && form(BlockVector(3, -1)) < 0)
    #expect(abs(form(BlockVector(3, 1)) - 2 * 4 * (0.5 * 3 - 1)) < 1e-12)
  }

  @Test(
    "coupled chains of Gaussian data stay below the bound and end as the conditional law says", arguments: [0, 0.25])
  func coupling(epsilon: Double) throws {
    let process = CriticallyDampedLangevin(epsilon: epsilon, velocityVariance: 0.25)
    let data = GaussianData(mean: [0.7, 0], variance: [0.3, 0.6])
    let norm = AdaptedNorm(drift: process.renormalisedDrift, eta: 0.5)
    let points = SynchronousCoupling.points(process, data, norm: norm)
    for point in points { #expect(point.adapted <= point.bound * 1.000001) }
    // The propagator of the reverse SDE is K = Σ_0 Φᵀ Σ_T⁻¹.
    let map = process.transition(from: 0, to: 1).map
    let (first, last) = (data.marginal(process, at: 0), data.marginal(process, at: 1))
    let expected = (0..<2).map { i in
      (first.coordinates[i].covariance * map.transpose * last.coordinates[i].covariance.inverse).spectralNorm
    }.max()
    #expect(abs(try #require(points.last).euclidean - (try #require(expected))) < 1e-7)  // order 4 at 2,000 steps
  }

  @Test("OU contracts exactly where p_t is more than ½-log-concave") func ornsteinUhlenbeck() {
    let process = OrnsteinUhlenbeck(horizon: 0.3)
    for (variance, contracts) in [(1.5, true), (5.0, false)] {
      // λ_t = 1/(1 + e^{−2t}(q − 1)) stays above ½ on all of [0, T] for q < 2, below for q = 5.
      let data = GaussianData(mean: [0], variance: [variance])
      let norm = AdaptedNorm(drift: process.renormalisedDrift, eta: 0.5)
      let end = SynchronousCoupling.points(process, data, norm: norm).last
      #expect(((end?.euclidean ?? 1) < 1) == contracts)
    }
  }
}
