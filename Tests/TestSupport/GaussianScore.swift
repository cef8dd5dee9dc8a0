public import Diffusion
internal import Foundation
public import LinearAlgebra
internal import Randomness

/// Data N(mean, variance) in every coordinate: its marginals and their exact score.
public struct GaussianScore: Score {
  /// The process.
  public let process: any ForwardProcess
  /// d.
  public let dimension: Int
  /// The data's mean.
  public var mean: Double
  /// The data's variance.
  public var variance: Double

  /// The score under a process; the defaults are a law that is neither the prior's nor centred.
  public init(process: any ForwardProcess, dimension: Int, mean: Double = 0.7, variance: Double = 0.3) {
    (self.process, self.dimension, self.mean, self.variance) = (process, dimension, mean, variance)
  }

  /// p_t of one coordinate.
  public func marginal(at t: Double) -> Moments {
    let kernel = process.kernel(at: t)
    let spread = kernel.mean.outer(kernel.mean).scaled(by: variance)
    return Moments(mean: kernel.mean.scaled(by: mean), covariance: kernel.covariance + spread)
  }

  /// −Σ⁻¹(u − μ), for any number of rows.
  public mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let law = marginal(at: t)
    let factor = law.covariance.inverse.scaled(by: -1)
    let offset = factor * law.mean
    score.assign(factor, times: state, dimension: dimension)
    let offsets = (0..<score.columns).map { Float(offset[$0 / dimension]) }
    for r in 0..<score.rows {
      var row = score.mutableRow(r)
      for j in row.indices { row[j] -= offsets[j] }
    }
  }
}

/// The mean and covariance of a Gaussian state, alike for every coordinate.
public struct Moments {
  /// The mean, c elements.
  public var mean: BlockVector
  /// The covariance, shape c×c.
  public var covariance: BlockMatrix

  /// The moments of a law.
  public init(mean: BlockVector, covariance: BlockMatrix) { (self.mean, self.covariance) = (mean, covariance) }

  /// The sum of the distances of means and of covariances.
  public func distance(to other: Moments) -> Double {
    let shift = mean - other.mean
    return shift.dot(shift).squareRoot() + (covariance - other.covariance).norm
  }
}

/// Independent normals times `scale`, of a stream that no code under test draws from.
public func normals(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 1) -> Matrix {
  var matrix = Matrix(rows: rows, columns: columns)
  RandomStream(seed: seed, purpose: .benchmark).fillNormals(&matrix, firstIndex: 0)
  for r in 0..<rows { for c in 0..<columns { matrix[r, c] *= scale } }
  return matrix
}

/// The elements of a matrix, row after row.
public func array(_ matrix: borrowing Matrix) -> [Float] {
  (0..<matrix.count).map { matrix[$0 / matrix.columns, $0 % matrix.columns] }
}

/// As `GaussianScore`, with the variance of u_{i−1} given u_i under a chain, which is known: what a network should learn.
public struct GaussianChainScore: Score {
  private var base: GaussianScore
  /// Where steps lead from a time.
  private let next: @Sendable (Double) -> Double
  /// What is added to the exact v.
  private let offset: Double

  /// The score of Gaussian data with the exact variance of the steps that lead from each time to the next.
  ///
  /// - Parameters:
  ///   - base: the score.
  ///   - offset: what is added to v.
  ///   - next: the time that a step from a time leads to.
  public init(_ base: GaussianScore, offset: Double = 0, next: @escaping @Sendable (Double) -> Double) {
    (self.base, self.offset, self.next) = (base, offset, next)
  }

  /// The process.
  public var process: any ForwardProcess { base.process }
  /// d.
  public var dimension: Int { base.dimension }
  /// The variance is known.
  public var hasVariance: Bool { true }

  /// As `GaussianScore`.
  public mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    base.evaluate(state, at: t, into: &score)
  }

  /// v with exp(v ln β + (1 − v) ln β̃) = β̃ + g² Var(x_0|u).
  public mutating func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
  ) {
    base.evaluate(state, at: t, into: &score)
    let step = ReverseStep(process, from: t, to: next(t))
    let residual = base.variance / (1 + base.variance * process.kernel(at: t).signalToNoise)
    let whole = step.posterior + step.gain * step.gain * residual
    let v = log(whole / step.posterior) / log(step.forward / step.posterior)
    variance.fill(Float(v + offset))
  }
}
