import Diffusion
import Foundation
import LinearAlgebra
import Metrics
import Randomness
import Targets
import Testing
import Theory

@Suite struct ConstantsTests {
  @Test("the spectral gap of N(0, s²) is 1/s²") func gaussianGap() {
    for variance in [1.0, 0.3, 4] {
      let law = DensityOnLine.mixture(weights: [1], means: [0.2], variances: [variance])
      let (gap, error) = law.spectralGap()
      // Order 4 after the extrapolation, at 2,000 cells.
      #expect(abs(gap * variance - 1) < 1e-6 && abs(gap * variance - 1) < 10 * error + 1e-9)
      #expect(abs(law.moments.variance / variance - 1) < 1e-9)  // the trapezoidal rule
    }
  }

  @Test("a double well's gap is the eigenvalue of its Schrödinger operator on a sinc grid") func doubleWell() {
    // −ψ'' + (U'²/4 − U''/2)ψ, 300 and 400 sinc functions in NumPy, which agree to 1e-10.
    // The correction is O(h²), and what it leaves O(h⁴): here a hundred-thousandth of it.
    let coarse = DensityOnLine.doubleWell(barrier: 2).spectralGap(cells: 200)
    #expect(abs(coarse.gap - 0.45454660201) < 1e-3 * coarse.error && coarse.error > 1e-6, "\(coarse)")
    #expect(abs(DensityOnLine.doubleWell(barrier: 2).spectralGap().gap - 0.45454660201) < 1e-5)
    #expect(abs(DensityOnLine.doubleWell(barrier: 5).spectralGap().gap - 0.05552281273) < 1e-5)
  }

  @Test("the mixture's bounds enclose the spectral gap's constant, blurred and as a posterior") func mixture() {
    let mixture = GaussianMixture(weights: [0.3, 0.7], means: [[-1], [1.2]], variances: [[0.4], [0.5]])
    for (m, q) in [(1.0, 0.0), (0.6, 0.64), (0.1, 0.99)] {
      let law = mixture.blurred(mean: m, noise: q)
      let exact = 1 / law.onLine.spectralGap().gap
      #expect(exact <= law.poincareBound().value * 1.000001)
      #expect(exact >= law.poincareLowerBound.value * 0.999999)
    }
    let uniform = mixture.posterior(given: [0], noise: 0.5).poincareBound(anyWeights: true).value
    for y in [-3.0, -1, 0, 0.4, 2, 5] {
      let posterior = mixture.posterior(given: [y], noise: 0.5)
      #expect(1 / posterior.onLine.spectralGap().gap <= uniform * 1.000001)
    }
  }

  @Test("a posterior's mean and variance are those that Tweedie's formula gives") func posterior() {
    let mixture = GaussianMixture(weights: [0.3, 0.7], means: [[-1], [1.2]], variances: [[0.4], [0.5]])
    let (y, q, h) = (0.4, 0.5, 1e-4)
    let density = { (z: Double) in mixture.blurred(mean: 1, noise: q).onLine.logDensity(z) }
    let score = (density(y + h) - density(y - h)) / (2 * h)
    let hessian = (density(y + h) - 2 * density(y) + density(y - h)) / (h * h)
    let law = mixture.posterior(given: [y], noise: q).standardisation
    #expect(abs(law.mean[0] - (y + q * score)) < 1e-6)  // differences of order h²
    // Second differences: 1e-16/h² of rounding.
    #expect(abs(law.scale[0] * law.scale[0] - (q + q * q * hessian)) < 1e-5)
  }

  @Test("Gaussian constants, before and after the noise") func gaussian() {
    let data = GaussianData(mean: [1, 0], variance: [0.3, 2])
    #expect(abs(gaussianConstants(data, mean: 0.6, noise: 0.64)[0].value - (0.36 * 2 + 0.64)) < 1e-12)  // rounding
    #expect(abs(gaussianPosteriorConstants(data, noise: 0.5)[1].value - 0.4) < 1e-12)  // rounding
    #expect(holleyStroock(constant: 2, oscillation: 0) == 2)
  }

  @Test("a Gaussian's log-Sobolev constant is the largest 2KL/I, attained by a shift along its widest axis")
  func logSobolev() {
    let data = GaussianData(mean: [1, 0], variance: [0.3, 2])
    let constant = gaussianConstants(data, mean: 1, noise: 0)[1].value
    let ratio = { (mean: [Double], variance: [Double]) in
      let law = GaussianData(mean: mean, variance: variance).law
      return 2 * law.divergence(from: data.law) / law.relativeFisherInformation(from: data.law)
    }
    #expect(abs(ratio([1, 0.7], [0.3, 2]) - constant) < 1e-9)  // rounding
    for (mean, variance) in [([2.0, 0], [0.3, 2.0]), ([1, 0.7], [0.5, 2.5]), ([0, -1], [0.1, 1])] {
      #expect(ratio(mean, variance) < constant)
    }
  }

  @Test("the funnel's relative Fisher information is (d−1)(2√e − 3/2), as its draws average") func funnel() {
    let d = 5
    var draws = Matrix(rows: 200_000, columns: d)
    Funnel(dimension: d).draw(RandomStream(seed: 3, purpose: .targetDraw), firstIndex: 0, into: &draws)
    let values = (0..<draws.rows).map { r -> Double in
      let x = (0..<d).map { Double(draws[r, $0]) }
      let shrink = exp(-x[0])
      let squares = x.dropFirst().reduce(0) { $0 + $1 * $1 }
      let first = 0.5 * (shrink * squares - Double(d - 1))
      return first * first + squares * (1 - shrink) * (1 - shrink)
    }
    let mean = Spread(errorOf: values)
    // Five standard errors: a false alarm in 2 million.
    #expect(abs(mean.mean - funnelFisherInformation(dimension: d)) < 5 * mean.deviation)
    #expect(abs(funnelFisherInformation(dimension: 2) - 1.797442541400256) < 1e-12)
  }

  @Test("a mixture's decomposition rebuilds its score: |∇log p + Λ(x − c)| ≤ L") func decomposition() throws {
    let mixture = GaussianMixture.diamond
    let (alpha, slope) = try #require(mixture.logLipschitzDecomposition)
    // Precisions of 625 to rounding.
    #expect(abs(alpha.value - 625) < 1e-9 && abs(slope.value - 625 * 0.5.squareRoot()) < 1e-6)
    #expect(abs(mixture.oneSidedLipschitzBound.value - 625) < 1e-9)  // rounding
  }
}
