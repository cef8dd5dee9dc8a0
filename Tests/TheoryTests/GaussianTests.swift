import Diffusion
import LinearAlgebra
import Sampling
import Testing
import Theory

// Reference values by NumPy and SciPy (sqrtm, quad, solve_ivp with DOP853 at 1e-12), from the definitions.
@Suite struct GaussianTests {
  let a = GaussianLaw([
    GaussianMoments(mean: BlockVector(0.5, -1), covariance: BlockMatrix(0.7, 0.2, 0.2, 0.5))
  ])
  let b = GaussianLaw([
    GaussianMoments(mean: BlockVector(-0.2, 0.1), covariance: BlockMatrix(1.3, -0.3, -0.3, 0.4))
  ])

  @Test("KL, W2 and relative Fisher information of Gaussians are those of the definitions") func distances() {
    #expect(abs(a.divergence(from: b) - 1.904304130022813) < 1e-12)  // rounding
    #expect(abs(a.wasserstein(to: b) - 1.406011358555806) < 1e-12)  // rounding
    #expect(abs(b.wasserstein(to: a) - 1.406011358555806) < 1e-12)  // rounding
    #expect(abs(a.relativeFisherInformation(from: b) - 10.890437725710495) < 1e-11)  // rounding
    #expect(a.divergence(from: a) == 0 && a.wasserstein(to: a) < 1e-14)  // rounding
    let twice = GaussianLaw(a.coordinates + a.coordinates)
    let other = GaussianLaw(b.coordinates + b.coordinates)
    #expect(abs(twice.divergence(from: other) - 2 * 1.904304130022813) < 1e-12)  // rounding
  }

  @Test("nearby laws keep their digits") func nearby() {
    // KL(N(0, 1 + x)‖N(0, 1)) = x²/4 + O(x³), W2 = x/2 + O(x²).
    let x = 1e-7
    let near = GaussianLaw([GaussianMoments(mean: BlockVector(0), covariance: BlockMatrix(1 + x))])
    let unit = GaussianLaw([GaussianMoments(mean: BlockVector(0), covariance: BlockMatrix(1))])
    #expect(abs(near.divergence(from: unit) / (x * x / 4) - 1) < 1e-6)  // the next order is x
    #expect(abs(near.wasserstein(to: unit) / (x / 2) - 1) < 1e-6)
  }

  @Test("total variation is half the integral of the densities' distance, and lies within its bounds")
  func totalVariation() throws {
    let p = GaussianLaw([GaussianMoments(mean: BlockVector(0.3), covariance: BlockMatrix(0.64))])
    let q = GaussianLaw([GaussianMoments(mean: BlockVector(-0.4), covariance: BlockMatrix(2.25))])
    let value = try #require(p.totalVariation(from: q))
    #expect(abs(value - 0.35760574854663907) < 1e-9)  // the quadrature's own error
    #expect(p.totalVariationBounds(from: q).contains(value))
    let shifted = GaussianLaw([GaussianMoments(mean: BlockVector(1.3), covariance: BlockMatrix(0.64))])
    // 2Φ(δ/2) − 1 at δ = 1/0.8, by tables of Φ: Φ(0.625) = 0.734014.
    #expect(abs(try #require(p.totalVariation(from: shifted)) - 0.468028) < 1e-5)
    #expect(a.totalVariation(from: b) == nil)
    #expect(a.totalVariationBounds(from: b).lowerBound > 0.3)
  }

  @Test("the moment recursion of Euler–Maruyama agrees with one written in NumPy", arguments: [0.25, 0])
  func recursion(epsilon: Double) {
    let process = CriticallyDampedLangevin(epsilon: epsilon, velocityVariance: 0.04)
    let data = GaussianData(mean: [0.7], variance: [0.3])
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let times = MomentRecursion.uniformTimes(from: 1, steps: 50)
    let start = epsilon > 0 ? process.prior(dimension: 1) : data.marginal(process, at: 1)
    let end = recursion.end(of: start, over: times).coordinates[0]
    let expected =
      epsilon > 0
      ? [0.708946643867961, -0.005946159624766, 0.314586929850654, 0.005660417634215, 0.170681308466244]
      : [0.713413564564798, -0.005399432893079, 0.31230075911245, 0.005766808607176, 0.170688708033373]
    let found = [end.mean[0], end.mean[1], end.covariance[0, 0], end.covariance[0, 1], end.covariance[1, 1]]
    for (x, y) in zip(found, expected) { #expect(abs(x - y) < 1e-10) }  // 50 steps of rounding, two codes
  }

  @Test("reverse dynamics in continuous time return from p_T to the data, and Euler–Maruyama tends to them")
  func continuous() {
    let data = GaussianData(mean: [0.7, -0.2], variance: [0.3, 1.5])
    for process in [CriticallyDampedLangevin(epsilon: 0.25), VariancePreserving()] as [any ForwardProcess] {
      let reverse = ReverseInContinuousTime(process: process, data: data)
      let (first, last) = (data.marginal(process, at: 0), data.marginal(process, at: process.horizon))
      for dynamics in ReverseInContinuousTime.Dynamics.allCases {
        #expect(reverse.end(of: last, by: dynamics).wasserstein(to: first) < 1e-7)  // order 4 at 4,000 steps in √t
      }
      let prior = process.prior(dimension: 2)
      for (dynamics, sampler) in [(.sde, EulerMaruyama()), (.flow, ProbabilityFlowHeun())]
        as [(ReverseInContinuousTime.Dynamics, any Sampler)]
      {
        let recursion = MomentRecursion(process: process, data: data, sampler: sampler)
        let gap = [1000, 2000].map { steps in
          recursion.end(of: prior, over: MomentRecursion.uniformTimes(from: process.horizon, steps: steps))
            .wasserstein(to: reverse.end(of: prior, by: dynamics))
        }
        // Order 1 or 2: the error at least halves, up to the next order's share.
        #expect(gap[1] < 0.55 * gap[0] && gap[1] < 0.05, "\(dynamics): \(gap)")
      }
    }
  }
}
