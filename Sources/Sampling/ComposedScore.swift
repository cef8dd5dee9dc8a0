public import Diffusion
public import LinearAlgebra

/// The score of θ given several independent observations x_1 … x_n, from the score given any one of them.
///
/// ```
/// p(θ_0 | u, x_1 … x_n) ∝ p(θ_0 | u)^{1−n} Π_i p(θ_0 | u, x_i)
/// P = Σ_i Γ_i⁻¹ − (n − 1) Γ⁻¹,    E[θ_0 | u, x_1 … x_n] = P⁻¹ (Σ_i Γ_i⁻¹ m_i − (n − 1) Γ⁻¹ m),    s = −H⁻¹(u − M E)
/// ```
/// The product is exact: the prior, which is in each factor, is taken out n − 1 times. Each factor is taken as the Gaussian of
/// its mean m_i and covariance Γ_i = Cov(θ_0 | u, x_i), from the score and its derivative; the prior as N(μ, C). So the
/// score is exact where prior and likelihood are Gaussian; for others it is right where noise is small beside each posterior,
/// and an approximation before. Linhart et al. 2024, arXiv 2404.07593, compose scores so; the moments' form is ours.
///
/// Γ_i is held between what a learned derivative can tell, δ/√snr of Γ, and Γ: an observation adds no uncertainty to a
/// Gaussian. Then P is at least Γ⁻¹. Cost: n evaluations, and n d products with the derivative.
public struct ComposedScore<Base: DifferentiableScore>: Score {
  private var base: Base
  private let count: Int
  private let select: (Int) -> Void
  private let mean: [Double]
  /// C's eigenvalues, and its eigenvectors as columns.
  private let values, vectors: [Double]
  private let work: Work

  private final class Work {
    var moments: PosteriorMoments
    init(_ moments: consuming PosteriorMoments) { self.moments = moments }
  }

  /// The score given all observations.
  ///
  /// - Parameters:
  ///   - base: the score given one.
  ///   - count: the number n of observations.
  ///   - mean: μ, in trained coordinates.
  ///   - covariance: C, row-major; positive definite.
  ///   - select: gives `base` the observation of a number from 0.
  public init(
    _ base: Base, observations count: Int, priorMean mean: [Double], covariance: [Double],
    select: @escaping (Int) -> Void
  ) {
    let d = base.dimension
    precondition(
      count > 0 && mean.count == d && covariance.count == d * d, "\(count) observations, \(mean.count) of \(d)")
    (self.base, self.count, self.mean, self.select) = (base, count, mean, select)
    (values, vectors) = symmetricEigen(covariance, size: d)
    precondition(values.allSatisfy { $0 > 0 }, "a covariance of eigenvalues \(values)")
    work = Work(PosteriorMoments(rows: Generator.rows, dimension: d, directions: d))
  }

  /// The process of `base`.
  public var process: any ForwardProcess { base.process }
  /// d.
  public var dimension: Int { base.dimension }

  /// The composed score of 256 rows.
  public mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let (d, kernel, rows) = (dimension, process.kernel(at: t), state.rows)
    let snr = kernel.signalToNoise
    // In C's eigenvectors, each divided by the root of Γ's eigenvalue: Γ is the identity.
    let roots = values.map { ($0 / (1 + snr * $0)).squareRoot() }
    let least = min(max(base.derivativeError / snr.squareRoot(), 1e-9), 1)
    let directions = (0..<d).map { k in (0..<d).map { vectors[$0 * d + k] } }
    let times = [Double](repeating: t, count: rows)
    var precisions = [[Double]](repeating: [Double](repeating: 0, count: d * d), count: rows)
    var pulls = [[Double]](repeating: [Double](repeating: 0, count: d), count: rows)
    for i in 0..<count {
      select(i)
      base.posterior(state, atTimes: times, directions: directions, into: &work.moments)
      for row in 0..<rows { add(row, roots, least: least, &precisions[row], &pulls[row]) }
    }
    score.assign(kernel.covariance.inverse.scaled(by: -1), times: state, dimension: d)
    let slope = kernel.precisionMean
    for row in 0..<rows {
      let mean = composedMean(row, state, slope, roots, precisions[row], pulls[row])
      for b in 0..<slope.size { for k in 0..<d { score[row, b * d + k] += Float(slope[b] * mean[k]) } }
    }
  }

  /// Adds one observation's Γ_i⁻¹ and Γ_i⁻¹m_i of a row.
  private func add(
    _ row: Int, _ roots: [Double], least: Double, _ precision: inout [Double], _ pull: inout [Double]
  ) {
    let (d, rows) = (dimension, work.moments.mean.rows)
    func along(_ k: Int, _ vector: (Int) -> Double) -> Double {
      (0..<d).reduce(0) { $0 + vectors[$1 * d + k] * vector($1) } / roots[k]
    }
    var covariance = [Double](repeating: 0, count: d * d)
    for j in 0..<d {
      for k in 0..<d {
        let element = along(k) { Double(work.moments.products[j * rows + row, $0]) } / roots[j]
        // The derivative of a learned score need not be symmetric.
        covariance[j * d + k] += 0.5 * element
        covariance[k * d + j] += 0.5 * element
      }
    }
    let m = (0..<d).map { k in along(k) { Double(work.moments.mean[row, $0]) } }
    let (found, axes) = symmetricEigen(covariance, size: d)
    for a in 0..<d {
      let inverse = 1 / min(max(found[a].isFinite ? found[a] : 1, least), 1)
      let part = (0..<d).reduce(0) { $0 + axes[$1 * d + a] * m[$1] }
      for j in 0..<d {
        pull[j].addProduct(inverse * part, axes[j * d + a])
        for k in 0..<d { precision[j * d + k].addProduct(inverse * axes[j * d + a], axes[k * d + a]) }
      }
    }
  }

  /// E[θ_0 | u, x_1 … x_n] of a row.
  private func composedMean(
    _ row: Int, _ state: borrowing Matrix, _ slope: BlockVector, _ roots: [Double], _ precision: [Double],
    _ pull: [Double]
  ) -> [Double] {
    let d = dimension
    var (precision, pull) = (precision, pull)
    // Γ is the identity here, and m = Γ(C⁻¹μ + MᵀH⁻¹u).
    for k in 0..<d {
      precision[k * d + k] -= Double(count - 1)
      var m = 0.0
      for j in 0..<d {
        let seen = (0..<slope.size).reduce(0.0) { $0 + slope[$1] * Double(state[row, $1 * d + j]) }
        m += vectors[j * d + k] * (seen + mean[j] / values[k])
      }
      pull[k] -= Double(count - 1) * m * roots[k]
    }
    let factor = DenseCholesky(precision, size: d)
    let solved = factor.solveUpper(factor.solveLower(pull))
    return (0..<d).map { j in (0..<d).reduce(0) { $0 + vectors[j * d + $1] * roots[$1] * solved[$1] } }
  }
}
