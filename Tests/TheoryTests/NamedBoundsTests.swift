import Foundation
import LinearAlgebra
import Targets
import Testing
import Theory

@Suite struct NamedBoundsTests {
  @Test("Muckenhoupt's and Barthe and Roberto's bounds enclose a Gaussian's constants") func hardyOfGaussian() {
    for variance in [1.0, 0.3, 4] {
      let bounds = DensityOnLine.mixture(weights: [1], means: [0.2], variances: [variance]).hardyBounds()
      #expect(bounds.poincare.contains(variance) && bounds.logSobolev.contains(variance))
      // B of N(0, 1) is sup (1 − Φ(x)) ∫₀ˣ √2π e^{y²/2} dy = 0.4788 by SciPy's quad and a grid of 2,000.
      let most = 4 * hardyReference * variance
      #expect(abs(bounds.poincare.upperBound / most - 1) < 1e-3)  // the median is that of a cell
    }
  }

  let hardyReference = 0.4788129

  @Test("a double well: 1/gap lies between all bounds, and Holley–Stroock's cut is the best") func doubleWell() {
    for barrier in [0.5, 2.0, 5] {
      let law = DensityOnLine.doubleWell(barrier: barrier)
      let constant = 1 / law.spectralGap().gap
      let bounds = law.hardyBounds()
      let named = doubleWellBound(barrier: barrier).value
      #expect(bounds.poincare.contains(constant) && constant <= bounds.logSobolev.upperBound)
      #expect(constant <= named && bounds.logSobolev.lowerBound <= named)
      // The bound with other cuts k, by its formula.
      for k in [0.05, 0.2, 0.5, 1, 2] {
        #expect(named <= exp(barrier * (1 + k) * (1 + k)) / (4 * barrier * k) * (1 + 1e-12))
      }
      // What the proof takes: V'' ≥ 4hk for the changed potential and an oscillation of h(1 + k)².
      let k = 0.5 * ((1 + 2 / barrier).squareRoot() - 1)
      let changed = { (x: Double) -> Double in
        let y = x * x - 1
        return y < k ? barrier * k * k + 2 * barrier * k * (y - k) : barrier * y * y
      }
      let (h, points) = (1e-3, (-300...300).map { 0.01 * Double($0) + 0.001 })
      for x in points {
        let bend = (changed(x + h) - 2 * changed(x) + changed(x - h)) / (h * h)
        #expect(bend > 4 * barrier * k - 1e-3)  // differences
        let gap = barrier * (x * x - 1) * (x * x - 1) - changed(x)
        #expect(gap >= -1e-12 && gap <= barrier * (1 + k) * (1 + k) + 1e-12)  // rounding
      }
    }
  }

  @Test("Bakry and Émery's bound holds for exp(−x²/2 − |x|), and for it given a blurred view") func logLipschitz() {
    let law = DensityOnLine(support: -9...9) { -0.5 * $0 * $0 - abs($0) }
    #expect(1 / law.spectralGap().gap <= bakryEmery("", convexity: 1, of: "").value)
    #expect(law.hardyBounds().logSobolev.lowerBound <= 1)
    for q in [0.05, 1] {
      let bound = posteriorBakryEmery(noise: q, semiconvexity: -1).value
      for y in [0.0, 1, 4] { #expect(1 / law.posterior(given: y, noise: q).spectralGap().gap <= bound * 1.00001) }
    }
  }

  @Test("means in a ball: the bound holds for any weights and the posterior, and is a Gaussian's own for one")
  func ball() {
    for weight in [0.5, 0.1, 0.001] {
      let mixture = GaussianMixture(weights: [weight, 1 - weight], means: [[-0.8], [0.8]], variances: [[0.4], [0.4]])
      let bound = mixture.logSobolevBound?.value ?? 0
      #expect(abs(bound - 0.4 * exp(0.64 / 0.4)) < 1e-12)  // rounding
      #expect(1 / mixture.onLine.spectralGap().gap <= bound)
      #expect(mixture.onLine.hardyBounds().logSobolev.lowerBound <= bound)
      for y in [-2.0, 0, 1] {
        let posterior = mixture.posterior(given: [y], noise: 0.5)
        #expect(1 / posterior.onLine.spectralGap().gap <= (posterior.logSobolevBound?.value ?? 0) * 1.000001)
      }
    }
    #expect(convolutionBound(radius: 0, noise: 0.7).value == 0.7)
    #expect(GaussianMixture.mg25(dimension: 3).logSobolevBound != nil)
  }

  @Test("curvatures of a mixture lie between −1/q and the bound of means in a ball") func curvature() throws {
    let mixture = GaussianMixture(weights: [0.4, 0.6], means: [[-0.8], [0.8]], variances: [[0.4], [0.4]])
    let range = MixtureOnLine(mixture).curvatureRange
    let most = try #require(mixture.semiconvexity).value
    #expect(range.upperBound <= most && most < 1.01 * range.upperBound)  // attained between the two means
    #expect(-range.lowerBound <= mixture.oneSidedLipschitzBound.value)
    #expect(abs(convolutionSemiconvexity(radius: 0.8, noise: 0.4) - most) < 1e-12)  // rounding
  }

  @Test("relative Fisher information on the line is a Gaussian's closed form") func fisher() {
    let law = MixtureOnLine(weights: [1], means: [0.7], variances: [0.3])
    #expect(abs(law.relativeFisherInformation - (0.7 * 0.7 / 0.3 + 0.49)) < 1e-9)  // quadrature
  }
}
