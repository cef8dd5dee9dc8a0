import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Metrics
import Randomness
import Sampling
import Targets
import TestSupport
import Testing
import Theory

// As in `PinnedConstantsTests`: values by NumPy and SciPy from the definitions, with expm of Van Loan's matrix for the
// kernels, sqrtm for W2, quad at 1e-10 and DOP853 at 1e-11 for equations in time.
@Suite struct PinnedErrorsTests {
  private let process = CriticallyDampedLangevin(epsilon: 0.25, velocityVariance: 0.04)
  private let data = GaussianData(mean: [0.7, -0.2], variance: [0.3, 1.5])

  @Test("the error split of four coarse steps in phase space, and its telescoped bounds, whose maps do not commute")
  func split() {
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let times = MomentRecursion.uniformTimes(from: 1, steps: 4)
    let shift = ScorePerturbation(shift: 0.1)
    let bound = recursion.errorBound(over: times, perturbation: shift)
    let split = recursion.errorSplit(over: times, perturbation: shift)
    for (found, known) in [
      (bound.mixing, 0.0020639889595373178), (bound.discretisation, 7.10683913825889),
      (bound.learning, 1.1990981033766748), (split.discretisation, 2.8063360977420766),
      (split.mixing, 0.0012215604919099392), (split.learning, 0.346532802743735), (split.total, 2.830354734351071),
      (split.divergence, 3.9314991451722427),
    ] {
      // Roots of matrices that nearly agree lose half of the digits: sqrtm's, not ours.
      #expect(abs(found / known - 1) < 1e-6, "\(found), \(known)")
    }
    #expect(split.stopping < 1e-15)  // the same law, to rounding
  }

  @Test("a shift and a relative error of the score act together as in a recursion written in NumPy") func perturbed() {
    let recursion = MomentRecursion(process: process, data: data, sampler: EulerMaruyama())
    let end = recursion.end(
      of: process.prior(dimension: 2), over: MomentRecursion.uniformTimes(from: 1, steps: 4),
      perturbation: ScorePerturbation(shift: 0.1, relative: 0.05))
    let known = [
      [0.665089642354977, -0.285170808020077, 2.529074884767357, 3.324968599375054, 6.614333736724479],
      [-0.492133470663458, 0.172597456102051, 2.525975498659045, 1.532638977468861, 4.038536111317178],
    ]
    for (law, numbers) in zip(end.coordinates, known) {
      let found = [law.mean[0], law.mean[1], law.covariance[0, 0], law.covariance[0, 1], law.covariance[1, 1]]
      for (x, y) in zip(found, numbers) { #expect(abs(x - y) < 1e-10) }  // four steps of rounding, two codes
    }
  }

  @Test("the moments of a scheme that keeps a state are those of its stages, noises of the kept state included")
  func keptStates() {
    // Churn, then Heun's step: its kept state carries the churn's noise.
    let process = VariancePreserving(schedule: .constant(2))
    let score = GaussianScore(process: process, dimension: 1, mean: 0.7, variance: 0.3)
    let times = MomentRecursion.uniformTimes(from: 0.9, to: 0.1, steps: 3)
    let sampler = StochasticHeun(churn: 0.5)
    let start = GaussianLaw([GaussianMoments(mean: BlockVector(0.2), covariance: BlockMatrix(0.9))])
    let end = MomentRecursion(process: process, data: GaussianData(mean: [0.7], variance: [0.3]), sampler: sampler)
      .end(of: start, over: times).coordinates[0]
    // Two million draws through the generator's own stages.
    var generator = Generator(
      process: process, dimension: 1000, sampler: sampler, times: times, denoises: false, seed: 4,
      start: BlockMatrix(0.9))
    var (moments, mean) = (0.0, 0.0)
    var samples = Matrix(rows: Generator.rows, columns: 1000)
    var exact = GaussianScore(process: process, dimension: 1000, mean: 0.7, variance: 0.3)
    for chunk in 0..<4 {
      generator.generate(chunk: chunk, score: &exact, into: &samples)
      for x in array(samples) { (mean, moments) = (mean + Double(x), moments + Double(x) * Double(x)) }
    }
    let n = 4.0 * 256_000
    let variance = moments / n - mean / n * (mean / n)
    // Five standard errors. The mean is that of a start at 0: the map's part of 0.2 is what differs.
    #expect(abs(variance / end.covariance[0, 0] - 1) < 5 * (2 / n).squareRoot(), "\(variance) \(end)")
    #expect(score.marginal(at: 0.1).covariance[0, 0] > 0)
  }

  @Test("the mixing study, the mixing bound and the largest curvature at one point") func mixing() throws {
    let point = MixingStudy(data: data) { CriticallyDampedLangevin(epsilon: 0.25, velocityVariance: 0.04, horizon: $0) }
      .point(horizon: 1)
    #expect(abs(point.decay - 0.09157819444367349) < 1e-12)  // e^{−4}(1 + 4)
    #expect(abs(point.marginal - 0.08572553537706461) < 1e-8)  // sqrtm's
    #expect(abs(mixingBound(process, dimension: 2, secondMoment: 2.33) - 0.027667106719369564) < 1e-12)  // rounding
    let target = GaussianMixture(mean: data.mean, variance: data.variance)
    let state = normals(64, 4, seed: 3)
    func largest(_ score: some Score) -> Double {
      var score = score
      return largestCurvature(state, at: 0.3, score: &score, seed: 1)
    }
    let score = try #require(target.score(under: process, in: .identity(2)))
    // The larger of the two coordinates' ‖S⁻¹ − Σ_t⁻¹‖; differences in Float are right to 1e-3.
    #expect(abs(largest(score) / 0.8692785091 - 1) < 3e-3)
  }

  @Test("coupled chains' bound is exp(−ηs + √cond ∫‖D∇²log p̃‖), its integral by quad") func coupling() throws {
    let norm = AdaptedNorm(drift: process.renormalisedDrift, eta: 0.5)
    // Cond is 15, and Lyapunov’s doublings stop at 1e-9.
    #expect(abs(norm.condition - 14.838234762271385) < 1e-6 && abs(norm.rate - 0.563138349381089) < 1e-9)
    let points = SynchronousCoupling.points(process, data, norm: norm)
    #expect(abs(points[0].curvature - 0.027235472291106618) < 1e-9)  // rounding of two inverses
    let middle = try #require(points.first { abs($0.time - 2) < 1e-6 })
    #expect(abs(middle.bound / 1.666260869188494 - 1) < 1e-6)  // Simpson's rule on 2,000 steps
    #expect(abs(try #require(points.last).bound / 613089.650398718 - 1) < 1e-3)  // the integrand is steep near t = 0
    // At the start the map is the identity: both norms of it are 1.
    #expect(abs(points[0].adapted - 1) < 1e-9 && abs(points[0].euclidean - 1) < 1e-12)
    // |Z|_𝔐 is within √cond of |Z|, and at s = 2 they differ.
    #expect(middle.adapted != middle.euclidean && middle.adapted < middle.euclidean * norm.condition.squareRoot())
    #expect(abs(norm.norm(of: BlockMatrix(1, 0.5, 0, 1)) - adaptedNormOfShear(norm.matrix)) < 1e-8)
  }

  /// sup |Fz|_𝔐/|z|_𝔐 for F = ((1, ½), (0, 1)), over 100,000 directions.
  private func adaptedNormOfShear(_ m: BlockMatrix) -> Double {
    (0..<100_000).reduce(0.0) { largest, k in
      let angle = Double(k) * 3.14159265358979 / 100_000
      let z = BlockVector(cos(angle), sin(angle))
      let image = BlockMatrix(1, 0.5, 0, 1) * z
      return max(largest, (image.dot(m * image) / z.dot(m * z)).squareRoot())
    }
  }

  @Test("annealed dynamics' bounds at two speeds, of a Gaussian by DOP853 and of a mixture by quad") func annealed() {
    let dynamics = GaussianAnnealedLangevin(
      path: GaussianAnnealedPath(data: GaussianData(mean: [1.2], variance: [0.3])))
    for (speed, action, sharpened) in [
      (0.5, 0.25361103329260964, 0.05565814631750086), (0.05, 0.025361103329260965, 3.2276697635481304e-06),
    ] {
      let bias = dynamics.bias(speed: speed)
      #expect(abs(bias.actionBound / action - 1) < 1e-9)  // both quadratures are spectral
      #expect(abs(bias.sharpenedBound / sharpened - 1) < 1e-3)  // the trapezoidal rule on 4,000 steps
    }
    let path = AnnealedPathOnLine(data: MixtureOnLine(weights: [0.3, 0.7], means: [-1, 1.2], variances: [0.2, 0.4]))
    #expect(abs(path.action / 0.5040043970462167 - 1) < 1e-8)  // quad's own error
    let bias = AnnealedLangevinOnLine(path: path, steps: 1000).bias(speed: 1)
    #expect(abs(bias.actionBound / 0.12600109926155417 - 1) < 1e-4)  // the midpoint rule on 1,000 steps
    // ℓ_t from a grid there and from the rule's points here.
    #expect(abs(bias.sharpenedBound / 0.1896285956491641 - 1) < 5e-3, "\(bias)")
    // ¼π²(M₂ + V)/2 at M₂ = 2, V = 3.
    #expect(abs(GaussianAnnealedPath.actionBound(secondMoment: 2, baseMoment: 3) - 6.168502750680849) < 1e-12)
    #expect(GaussianAnnealedPath(data: data).secondMoment == 0.49 + 0.04 + 1.8)
  }

  @Test("a linear path to centred data has a finite action, on the line as by moments") func linear() {
    let line = AnnealedPathOnLine(
      data: MixtureOnLine(weights: [1], means: [0], variances: [0.3]), schedule: .linear)
    let moments = GaussianAnnealedPath(data: GaussianData(mean: [0], variance: [0.3]), schedule: .linear)
    // ∫(q − 1)²/4v dt, v = 1 − 0.7t: ¼·0.7·ln(1/0.3).
    #expect(abs(moments.action - 0.25 * 0.7 * 1.2039728043259361) < 1e-9)
    #expect(abs(line.action / moments.action - 1) < 1e-6)
    // The exponential schedule: λ = e^{−4(1−t)}, λ' = 4λ.
    let (value, slope) = AnnealingSchedule.exponential(horizon: 2).level(at: 0.5)
    #expect(abs(value - 0.1353352832366127) < 1e-15 && abs(slope - 4 * 0.1353352832366127) < 1e-14)
  }

  @Test("a schedule's bounds: the clock of a = 4, steps too long for the first branch, and the sum on W2")
  func schedules() {
    let data = GaussianData(mean: [0.7], variance: [0.3])
    // ½(0.3 − 1 − ln 0.3 + 0.49)e^{−4.7037185}, the clock by quad.
    #expect(abs(ScheduleFamily(steps: 100).point(rate: 4, data).mixingBound / 0.00450345165467685 - 1) < 1e-9)
    // 2hβ max(hβ/4, 1) I at h = ½, β = 20.
    let coarse = ScheduleFamily(steps: 2)
    #expect(abs(coarse.point(rate: 0, data).discretisationBound / 106.16666666666666 - 1) < 1e-9)
    let process = coarse.process(rate: 0)
    let bound = MomentRecursion(process: process, data: data, sampler: EulerMaruyama()).errorBound(
      over: MomentRecursion.uniformTimes(from: 1, steps: 2), perturbation: ScorePerturbation())
    #expect(coarse.point(rate: 0, data).wassersteinBound == bound.mixing + bound.discretisation)
    #expect(bound.mixing > 0 && bound.discretisation > 0)
  }

  @Test("on the line the bounds on learning are closed forms: KL ½Σ(2hδ)²/2h = δ²T, W2 a geometric sum")
  func learning() {
    // OU: G = 2h, n² = 2h; a shift of 0.1 over T = 2.
    let split = ErrorsOnLine(
      process: OrnsteinUhlenbeck(horizon: 2), data: MixtureOnLine(weights: [1], means: [0], variances: [1])
    ).split(steps: 10, perturbation: ScorePerturbation(shift: 0.1))
    #expect(abs(split.divergenceBound.learning - 0.02) < 1e-12)  // masses of 1 to rounding
    // Data like the prior: g(u) = u + h(u − 2u) = (1 − h)u; each step adds 2h·0.1, and 0.8 carries it on.
    let sum = (0..<10).reduce(0.0) { total, _ in 0.8 * total + 0.04 }
    #expect(abs(split.wassersteinBound.learning - sum) < 1e-12)
    #expect(split.divergenceBound.mixing < 1e-12 && split.wassersteinBound.mixing < 1e-6)
    // The whole's bound has mixing and the path's divergence with the perturbed score: discretisation + δ²T here, as the
    // steps' errors are centred.
    let whole = split.divergenceBound
    #expect(abs(whole.total - whole.mixing - whole.discretisation - 0.02) < 1e-9)
    let far = ErrorsOnLine(
      process: OrnsteinUhlenbeck(horizon: 1), data: MixtureOnLine(weights: [1], means: [2], variances: [0.5])
    ).split(steps: 10, perturbation: ScorePerturbation(shift: 0.1))
    // KL(p_T‖N(0, 1)), p_T = N(2e^{−1}, 1 − ½e^{−2}).
    let (m2, v) = (4 * 0.1353352832366127, 1 - 0.5 * 0.1353352832366127)
    let mixing = 0.5 * (v - 1 - log(v) + m2)
    #expect(abs(far.divergenceBound.mixing - mixing) < 1e-9)
    #expect(far.divergenceBound.total > mixing)
  }

  @Test("scores relative to a prior of any covariance average to the relative Fisher information") func fisher() {
    let rows = 20_000
    let law = data.marginal(process, at: 0.4)
    var state = Matrix(rows: rows, columns: 4)
    var score = Matrix(rows: rows, columns: 4)
    let noise = normals(rows, 4, seed: 6)
    for (k, coordinate) in law.coordinates.enumerated() {
      let (root, inverse) = (coordinate.covariance.cholesky(), coordinate.covariance.inverse)
      for r in 0..<rows {
        let away = root * BlockVector(Double(noise[r, k]), Double(noise[r, 2 + k]))
        let slope = inverse * away
        for i in 0..<2 {
          state[r, 2 * i + k] = Float(coordinate.mean[i] + away[i])
          score[r, 2 * i + k] = Float(-slope[i])
        }
      }
    }
    let values = squaredRelativeScores(state, score: score, prior: process.priorCovariance, dimension: 2)
    let mean = Spread(errorOf: values)
    // Five standard errors.
    #expect(abs(mean.mean - law.relativeFisherInformation(from: process.prior(dimension: 2))) < 5 * mean.deviation)
  }

  @Test("a sweep has its items in order on any number of ranks, and an item's error reaches all", arguments: 1...5)
  func sweep(ranks: Int) throws {
    struct Mine: Error {}
    let all = try onRanks(ranks) { communicator in
      let items = try communicator.sweep(7, width: 2) { [Double($0), Double(10 * $0)] }
      #expect(throws: (any Error).self) {
        try communicator.sweep(7, width: 1) { i in
          if i == 4 { throw Mine() }
          return [0]
        }
      }
      return items
    }
    for items in all { #expect(items == (0..<7).map { [Double($0), Double(10 * $0)] }) }
  }

  @Test("the slope over a straight line of logarithms is its own") func slope() {
    #expect(abs(fittedSlope([1, 2, 4, 8], [3, 12, 48, 192]) - 2) < 1e-12)  // rounding
    #expect(abs(fittedSlope([1, 2, 4, -1], [3, 6, 12, 5]) - 1) < 1e-12)  // rounding
  }
}
