public import Diffusion
public import LinearAlgebra

/// The score of p_t given linear observations of the data, from the score of p_t: guidance.
///
/// ```
/// ∇log p_t(u|y) ≈ ∇log p_t(u) + H_t⁻¹M ΓHᵀ(HΓHᵀ + diag(sd²))⁻¹ (y − Hx̂_0),   Γ = Cov(x_0|u)
/// ```
/// x_0 given u is taken as the Gaussian of its mean and covariance, both from the score and its derivative (Tweedie's
/// formulas), held to what the data allows (`ObservationUpdate`). Exact for Gaussian data. For any other it is an
/// approximation whose weights of modes may be far off: `ParticleGenerator` corrects for that. Finzi et al. 2023, arXiv
/// 2306.07526; Boys et al. 2023, arXiv 2310.06721; Song et al. 2023 (ΠGDM) put r²I for Γ. One product with the
/// derivative for each observation and evaluation.
public struct ObservedScore<Base: DifferentiableScore>: Score {
  private var base: Base
  private let observations: Observations
  private var update: ObservationUpdate
  private let work: Work

  private final class Work {
    var moments: PosteriorMoments
    init(_ moments: consuming PosteriorMoments) { self.moments = moments }
  }

  /// The score of `base` given observations in trained coordinates.
  ///
  /// - Parameters:
  ///   - base: the score of p_t.
  ///   - observations: what is observed.
  ///   - draws: of the data, without observations; nil takes the unit covariance of standardised data.
  public init(_ base: Base, given observations: Observations, draws: DataDraws? = nil) {
    precondition(observations.rows[0].count == base.dimension, "\(observations.rows[0].count) of \(base.dimension)")
    self.base = base
    self.observations = observations
    update = ObservationUpdate(observations, draws: draws, derivativeError: base.derivativeError)
    work = Work(
      PosteriorMoments(rows: Generator.rows, dimension: base.dimension, directions: observations.rows.count))
  }

  /// The process of `base`.
  public var process: any ForwardProcess { base.process }
  /// d.
  public var dimension: Int { base.dimension }
  /// The share of updates in which Γ of a learned score was held to what the data allows.
  public var heldShare: Double { Double(update.counts.held) / Double(max(update.counts.rows, 1)) }

  /// The corrected score of 256 rows.
  public mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    base.evaluate(state, at: t, into: &score)
    correct(state, Array(repeating: t, count: state.rows), &score)
  }

  /// Whether `base` has learned the variance of reverse steps.
  public var hasVariance: Bool { base.hasVariance }

  /// The corrected score of 256 rows; the variance is that of `base`, without the observations.
  public mutating func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
  ) {
    base.evaluate(state, at: t, into: &score, variance: &variance)
    correct(state, Array(repeating: t, count: state.rows), &score)
  }

  /// As at one time: one evaluation of `base` and one of its moments for all rows together.
  public mutating func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    base.evaluate(state, atTimes: times, into: &score)
    correct(state, times, &score)
  }

  private mutating func correct(_ state: borrowing Matrix, _ times: [Double], _ score: inout Matrix) {
    base.posterior(state, atTimes: times, directions: observations.rows, into: &work.moments)
    var (time, kernel) = (times[0], process.kernel(at: times[0]))
    for row in 0..<state.rows {
      if times[row] != time { (time, kernel) = (times[row], process.kernel(at: times[row])) }
      _ = update.update(row: row, work.moments, signalToNoise: kernel.signalToNoise)
      let slope = kernel.precisionMean
      for b in 0..<slope.size {
        for k in 0..<dimension { score[row, b * dimension + k] += Float(slope[b] * update.shift[k]) }
      }
    }
  }
}
