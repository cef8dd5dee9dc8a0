import Diffusion
import LinearAlgebra
import Targets
import Testing
import Theory

// Each value is computed from the constant's definition by another program: NumPy 2 and SciPy 1 (quad at 1e-12, brentq,
// solve_ivp by DOP853 at 1e-11), never by the formula of the code under test. A bound that is a factor of two off
// still bounds; these tests notice.
@Suite struct PinnedConstantsTests {
  private let mixture = GaussianMixture(weights: [0.3, 0.7], means: [[-0.3], [0.5]], variances: [[0.4], [0.5]])

  @Test("the mixture's Poincaré bound is max v_k(1 + ½Σ w_j χ²(j‖k)), with χ² by quadrature") func pairwise() {
    // χ² = ∫p_j²/p_k − 1 by quad over [−20, 20]: 1.9655949320 of the first from the second, 7.7198548654 back.
    #expect(abs(mixture.poincareBound().value / poincare - 1) < 1e-9)  // quad's error
    #expect(abs(mixture.poincareBound(anyWeights: true).value / anyWeights - 1) < 1e-9)
    // The variance of the law itself: Σ w(v + μ²) − (Σ wμ)² = 0.47 + 0.1344.
    #expect(abs(mixture.poincareLowerBound.value - 0.6044) < 1e-12)  // rounding
  }

  private let poincare = 1.4807796811509806
  private let anyWeights = 1.9439709730728294

  @Test("Muckenhoupt's and Barthe and Roberto's bounds of a mixture are those of a fine grid") func hardy() {
    let law = DensityOnLine.mixture(weights: [0.3, 0.7], means: [-1, 1.2], variances: [0.4, 0.5])
    let bounds = law.hardyBounds()
    // sup over 400,001 points on each side of the median found by brentq, 1/p integrated by the trapezoidal rule.
    for (found, known) in [
      (bounds.poincare.lowerBound, 0.8689570250), (bounds.poincare.upperBound, 6.9516562000),
      (bounds.logSobolev.lowerBound, 1.0933261840), (bounds.logSobolev.upperBound, 12.3998021000),
    ] {
      #expect(abs(found / known - 1) < 1e-3)  // 20,000 cells here, and the median is that of a cell
    }
  }

  @Test("named bounds at one point each") func named() throws {
    // e^{h(1+k)²}/(4hk) at h = 2, k = ½(√2 − 1).
    #expect(abs(doubleWellBound(barrier: 2).value / 11.126089860833062 - 1) < 1e-12)
    #expect(bakryEmery("", convexity: 4, of: "").value == 0.25)
    #expect(bakryEmery("", convexity: -1, of: "").value == .infinity)
    // 1/q − ℓ = 2 − 1.5.
    #expect(posteriorBakryEmery(noise: 0.5, semiconvexity: 1.5).value == 2)
    // q e^{R²/q} = 0.5 e^{1.28}, R²/q² − 1/q = 2.56 − 2.
    #expect(abs(convolutionBound(radius: 0.8, noise: 0.5).value - 1.7983198) < 1e-6)
    #expect(abs(convolutionSemiconvexity(radius: 0.8, noise: 0.5) - 0.56) < 1e-12)
    #expect(abs(holleyStroock(constant: 2, oscillation: 0.7) - 2 * 2.01375270747) < 1e-10)
    // Two means 2 apart along the axis of variance 0.5, the other axis narrower: R = 1/√0.5, R² = 2.
    let flat = GaussianMixture(weights: [1, 3], means: [[-1, 0], [1, 0]], variances: [[0.5, 0.1], [0.5, 0.1]])
    // λ_max e^{R²} = 0.5 e², and (R² − 1)/0.1.
    #expect(abs(try #require(flat.logSobolevBound).value - 0.5 * 7.38905609893) < 1e-9)
    #expect(abs(try #require(flat.semiconvexity).value - 10) < 1e-9)
    #expect(flat.oneSidedLipschitzBound.value == 10)
    let (alpha, slope) = try #require(flat.logLipschitzDecomposition)
    // α is the least precision, L = |Λ(μ − c)| = 1/0.5.
    #expect(alpha.value == 2 && slope.value == 2)
    let near = GaussianMixture(weights: [1, 1], means: [[-0.1], [0.1]], variances: [[0.5], [0.5]])
    // R² = 0.02 < 1: (R² − 1)/0.5.
    #expect(abs(try #require(near.semiconvexity).value + 1.96) < 1e-12)
  }

  @Test("constants of Gaussians with a mean's factor and a noise") func gaussian() {
    let data = GaussianData(mean: [1, 0], variance: [0.3, 2])
    // 0.25 · 2 + 0.7, and 2 · 0.7/2.7, for both constants.
    for value in gaussianConstants(data, mean: 0.5, noise: 0.7) { #expect(abs(value.value - 1.2) < 1e-12) }
    for value in gaussianPosteriorConstants(data, noise: 0.7) { #expect(abs(value.value - 1.4 / 2.7) < 1e-12) }
  }

  @Test("the posterior of a mixture is Bayes' rule on its components") func posterior() {
    let law = mixture.posterior(given: [0.9], noise: 0.5)
    // w ∝ w_k N(0.9; μ_k, v_k + 0.5), means (0.5 μ_k + 0.9 v_k)/(v_k + 0.5), variances 0.5 v_k/(v_k + 0.5).
    for (found, known) in zip(law.weights, [0.18025547, 0.81974453]) { #expect(abs(found - known) < 1e-7) }
    for (found, known) in zip(law.means, [0.21 / 0.9, 0.7]) { #expect(abs(found[0] - known) < 1e-12) }
    for (found, known) in zip(law.variances, [0.2 / 0.9, 0.25]) { #expect(abs(found[0] - known) < 1e-12) }
    let line = mixture.onLine.posterior(given: 0.9, noise: 0.5).moments
    // Mean and variance of that mixture.
    #expect(abs(line.mean - 0.6158808) < 1e-6 && abs(line.variance - 0.2771725) < 1e-6)
  }

  @Test("a blurred mixture shrinks its variances by the square of its means' factor") func blurred() {
    let law = MixtureOnLine(mixture).blurred(mean: 0.5, noise: 0.2)
    #expect(law.means == [-0.15, 0.25])
    for (found, known) in zip(law.variances, [0.3, 0.325]) { #expect(abs(found - known) < 1e-15) }  // rounding
    // Σ w(μ² + v) = 0.3 · 0.3225 + 0.7 · 0.3875.
    #expect(abs(law.secondMoment - 0.368) < 1e-12)
    #expect(abs(MixtureOnLine(mixture).derivatives(at: 0.4).logDensity + 0.7060961) < 1e-6)
  }

  @Test("decays of the curvature are those of their formulas") func decays() {
    // (1 + 1/2)e^{−8} and (1 + 1/2)e^{−2·2·4}(1 + 8)².
    #expect(abs(CurvatureLaw.lecture(time: 4) / 5.0319394e-4 - 1) < 1e-6)
    #expect(abs(CurvatureLaw.corrected(a: 2, time: 4) / 1.36730237e-5 - 1) < 1e-6)
  }

  @Test("total variation's bounds are 1 − ρ and √(1 − ρ²), ρ by quadrature") func totalVariation() {
    let p = GaussianLaw([GaussianMoments(mean: BlockVector(0.3), covariance: BlockMatrix(0.64))])
    let q = GaussianLaw([GaussianMoments(mean: BlockVector(-0.4), covariance: BlockMatrix(2.25))])
    let bounds = p.totalVariationBounds(from: q)
    #expect(abs(bounds.lowerBound - 0.12652993977) < 1e-10)  // quad's own error
    #expect(abs(bounds.upperBound - 0.48687786342) < 1e-10)  // quad's own error
  }

  @Test("W2 of laws without a map between them keeps the trace formula") func singular() {
    let p = GaussianLaw([GaussianMoments(mean: BlockVector(1, 0), covariance: BlockMatrix(1, 0, 0, 0))])
    let q = GaussianLaw([GaussianMoments(mean: BlockVector(0, 2), covariance: BlockMatrix(9, 0, 0, 4))])
    // |m − n|² + (3 − 1)² + 4.
    #expect(abs(p.wasserstein(to: q) - 13.0.squareRoot()) < 1e-7)  // the formula's own accuracy
  }

  @Test("the log-Lipschitz law's posterior is the same on both sides, and its curvature is quad's") func kink() {
    let law = LogLipschitzLaw(slope: 1.5)
    let noise = 1.2255409284924677  // (1 − m²)/m² at m = e^{−0.4}
    #expect(abs(law.posteriorVariance(at: 0.7, noise: noise) - 0.25020894551) < 1e-9)  // quadrature
    #expect(abs(law.posteriorVariance(at: -0.7, noise: noise) - 0.25020894551) < 1e-9)  // quadrature
    // The largest over the same 41 states of |1 − S⁻¹ + (m/h)²(Var − r²)|.
    #expect(abs(law.curvature(OrnsteinUhlenbeck(horizon: 1), at: 0.4).whole - 0.45716738683) < 1e-8)
  }

  @Test("functions of a symmetric matrix act on its eigenvalues") func symmetric() {
    let a = BlockMatrix(size: 3, [2, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 3])
    let root = a.applyingSymmetric { $0.squareRoot() }
    #expect((root * root - a).norm < 1e-13 && (root - root.transpose).norm < 1e-14)  // rounding
    // Eigenvalues by numpy.linalg.eigvalsh.
    #expect(abs(a.largestEigenvalue - 3.08500505) < 1e-7 && abs(a.smallestEigenvalue - 0.75246341) < 1e-7)
    #expect(abs(BlockMatrix(3, 4, 0, 0).spectralNorm - 5) < 1e-12)
    #expect(BlockMatrix(1, 2, 4, 1).symmetricPart == BlockMatrix(1, 3, 3, 1))
  }
}
