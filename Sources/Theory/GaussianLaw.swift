public import Diffusion
public import LinearAlgebra

/// A Gaussian state of one coordinate: the mean and covariance of its blocks.
public struct GaussianMoments: Sendable, Equatable {
  /// The mean, c elements.
  public var mean: BlockVector
  /// The covariance, shape c×c.
  public var covariance: BlockMatrix

  /// The law N(mean, covariance).
  public init(mean: BlockVector, covariance: BlockMatrix) {
    precondition(mean.size == covariance.size, "\(mean.size) blocks with a covariance of \(covariance.size)")
    self.mean = mean
    self.covariance = covariance
  }
}

/// A Gaussian with independent coordinates, each of c blocks.
///
/// Linear processes and samplers with the exact score keep this form: they act on every coordinate by itself.
public struct GaussianLaw: Sendable, Equatable {
  /// One law for each coordinate.
  public var coordinates: [GaussianMoments]

  /// The product of the given laws.
  public init(_ coordinates: [GaussianMoments]) {
    precondition(!coordinates.isEmpty, "a law without coordinates")
    self.coordinates = coordinates
  }

  /// The law of the positions alone.
  public var positions: GaussianLaw {
    GaussianLaw(
      coordinates.map { GaussianMoments(mean: BlockVector($0.mean[0]), covariance: BlockMatrix($0.covariance[0, 0])) })
  }
}

/// Gaussian data with independent coordinates: the target for which everything is known.
public struct GaussianData: Sendable, Equatable {
  /// The mean of each coordinate.
  public let mean: [Double]
  /// The variance of each coordinate, positive.
  public let variance: [Double]

  /// Data N(mean, diag(variance)).
  public init(mean: [Double], variance: [Double]) {
    precondition(mean.count == variance.count && !mean.isEmpty, "\(mean.count) means, \(variance.count) variances")
    precondition(variance.allSatisfy { $0 > 0 }, "variances must be positive: \(variance)")
    self.mean = mean
    self.variance = variance
  }

  /// The number of coordinates.
  public var dimension: Int { mean.count }

  /// The data as a law of one block.
  public var law: GaussianLaw {
    GaussianLaw(zip(mean, variance).map { GaussianMoments(mean: BlockVector($0), covariance: BlockMatrix($1)) })
  }

  /// p_t under a process: mean Φ(m, 0), covariance Φ diag(q, v²) Φᵀ + C; exact, t = 0 included.
  public func marginal(_ process: any ForwardProcess, at t: Double) -> GaussianLaw {
    let transition = process.transition(from: 0, to: t)
    return GaussianLaw(
      zip(mean, variance).map { mean, variance in
        var start = process.initialVariance
        start[0] = variance
        return GaussianMoments(
          mean: transition.map.column(0).scaled(by: mean),
          covariance: transition.map * .diagonal(start) * transition.map.transpose + transition.covariance)
      })
  }
}

extension ForwardProcess {
  /// The law from which generation starts, for `dimension` coordinates.
  public func prior(dimension: Int) -> GaussianLaw {
    let one = GaussianMoments(mean: BlockVector(size: blocks, repeating: 0), covariance: priorCovariance)
    return GaussianLaw(Array(repeating: one, count: dimension))
  }
}
