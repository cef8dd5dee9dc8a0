public import LinearAlgebra
internal import RealFunctions

/// The law of u_t given the data x_0, alike for every coordinate.
///
/// ```
/// u_t = M x_0 + L e,   L Lᵀ = H,   e ~ N(0, I)
/// ```
@frozen
public struct Kernel: Sendable, Equatable {
  /// M, c elements.
  public let mean: BlockVector
  /// H, shape c×c.
  public let covariance: BlockMatrix
  /// L, the lower Cholesky factor of H.
  public let cholesky: BlockMatrix
  /// w = L⁻¹M: what one unit of data moves, in units of the noise.
  ///
  /// wᵀw is the signal-to-noise ratio.
  public let whitenedMean: BlockVector

  /// The kernel of a given mean and covariance.
  ///
  /// - Parameters:
  ///   - mean: M, c elements.
  ///   - covariance: H, shape c×c.
  ///   - cholesky: the covariance's factor where a process knows it better than a factorisation would.
  public init(mean: BlockVector, covariance: BlockMatrix, cholesky: BlockMatrix? = nil) {
    precondition(mean.size == covariance.size, "\(mean.size) blocks with a covariance of \(covariance.size)")
    self.mean = mean
    self.covariance = covariance
    self.cholesky = cholesky ?? covariance.cholesky()
    whitenedMean = self.cholesky.inverse * mean
  }

  /// The signal-to-noise ratio MᵀH⁻¹M; infinite at t = 0.
  public var signalToNoise: Double { whitenedMean.dot(whitenedMean) }

  /// r = (1 + snr)^{−½}: the standard deviation of x_0 given u_t when the data is N(0, 1).
  public var residualScale: Double { 1 / (1 + signalToNoise).squareRoot() }

  /// −½ ln snr, the logarithm of the noise's size beside the data's; infinite where nothing of the data is left.
  public var logNoiseRatio: Double { -0.5 * log(signalToNoise) }

  /// What a network is told of time: −½ ln snr, at most 10.
  ///
  /// Where less than 1 in 20,000 of the state is data, and at a horizon with none, the level is the same.
  public var noiseLevel: Double { min(logNoiseRatio, 10) }

  /// p = H⁻¹M/snr, c elements: the weights that read the data with its noise, y = pᵀu, off a state.
  ///
  /// ```
  /// y = MᵀH⁻¹u / MᵀH⁻¹M = x_0 + N(0, σ²),   σ² = 1/snr
  /// log p(x_0|u) = log p(x_0) + x_0·MᵀH⁻¹u − ½x_0²·snr + const
  /// ```
  /// So x_0 given the c numbers of u depends on y alone, and E[x_0|u] = D(y, σ) with one function D for all processes of
  /// Gaussian noise. No element of p cancels at small times. Not finite where no data is left, M = 0.
  public var noisyData: BlockVector {
    let (direction, snr) = (precisionMean, signalToNoise)
    return BlockVector((0..<direction.size).map { direction[$0] / snr })
  }

  /// ŵ = w/|w|, the direction of the data in whitened noise; the first axis where no data is left.
  var direction: BlockVector {
    let size = signalToNoise.squareRoot()
    return size > 0 ? whitenedMean.scaled(by: 1 / size) : .first(mean.size)
  }

  /// r L⁻ᵀŵ, c elements: y/√(1 + σ²) is its inner product with u, N(0, 1) for data that is N(0, 1).
  var unitNoisyData: BlockVector { (cholesky.inverse.transpose * direction).scaled(by: residualScale) }

  /// H⁻¹M = L⁻ᵀw, c elements: the score moves by this when the posterior mean moves by 1.
  public var precisionMean: BlockVector { cholesky.inverse.transpose * whitenedMean }
}
