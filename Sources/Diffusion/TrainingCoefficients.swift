internal import LinearAlgebra

/// One training row at time t: the network's input and what its output F is to predict, as sums over random sources.
///
/// ```
/// z = (x_0, e_1 … e_c)                 conditioned on the data
/// z = (x_0, n_2 … n_c, e_1 … e_c)      conditioned on the state; v_0 = v n
/// input_i = Σ_j input(i, j) z_j,   y_o = Σ_j target(o, j) z_j,   ρ_o = κ_o F_o − y_o,   loss = mean of ρ_o²
/// ```
/// With unit normal sources but the data, alike for every coordinate. Nothing here cancels at small times:
/// | output | conditioning | κ | y |
/// |---|---|---|---|
/// | `posterior-mean` | data | 1 | r (x_0 − wᵀe) |
/// | `noise` | data | 1 | −r² w (x_0 − wᵀe) |
/// | `noise` | state | 1 | W (I + WᵀW)⁻¹ (Wᵀe − z_0), W = K⁻¹ΦΣ_0^½, z_0 = (x_0, n) |
/// | `posterior-mean` | state | ‖ΣᵀQ‖ / ‖K⁻¹Σ‖ | −(K⁻¹Σq)ᵀ y_noise / ‖K⁻¹Σ‖, q = ΣᵀQ / ‖ΣᵀQ‖ |
///
/// The last is the D-weighted projection of the conditional score on Q, the direction a posterior mean can reach; what
/// it leaves out does not depend on F. Derived here.
public struct TrainingCoefficients: Sendable, Equatable {
  /// How many blocks the network's input has: c.
  public let inputBlocks: Int
  /// How many blocks F has.
  public let outputBlocks: Int
  /// How many sources stand before the noise e: 1, or c when conditioned on the state.
  public let initialSources: Int
  /// −½ ln snr: what the network is told of time.
  public let noiseLevel: Double
  private let inputInitial: BlockMatrix
  private let inputNoise: BlockMatrix
  private var targetInitial: BlockMatrix
  private var targetNoise: BlockMatrix
  private var gain: Double

  /// The number of sources.
  public var sources: Int { initialSources + inputBlocks }

  /// The factor of source j in the network's input block i.
  public func input(_ i: Int, _ j: Int) -> Double {
    j < initialSources ? inputInitial[i, j] : inputNoise[i, j - initialSources]
  }

  /// The factor of source j in what output block o is to predict.
  public func target(_ o: Int, _ j: Int) -> Double {
    j < initialSources ? targetInitial[o, j] : targetNoise[o, j - initialSources]
  }

  /// κ, the factor of output block o in its residual.
  public func outputGain(_ o: Int) -> Double {
    precondition(o >= 0 && o < outputBlocks, "output \(o) of \(outputBlocks)")
    return gain
  }

  /// The coefficients at time t > 0; a weight must be available for the output.
  public init(
    _ process: some ForwardProcess, output: NetworkOutput, conditioning: Conditioning, weight: LossWeight, at t: Double
  ) {
    precondition(weight.isAvailable(for: output), "the weight \(weight.rawValue) for \(output.rawValue)")
    if process.blocks == 1 {
      self.init(single: process.kernel(at: t), output: output)
    } else {
      self.init(several: process, output: output, conditioning: conditioning, at: t)
    }
  }

  private init(several process: some ForwardProcess, output: NetworkOutput, conditioning: Conditioning, at t: Double) {
    let kernel = ConditioningKernel(process, conditioning: conditioning, at: t)
    let whitening = kernel.whitening
    inputBlocks = process.blocks
    outputBlocks = output.blocks(for: process)
    initialSources = kernel.sources
    noiseLevel = kernel.hybrid.noiseLevel
    inputInitial = whitening * kernel.initial
    inputNoise = whitening * kernel.factor
    gain = 1
    switch output {
    case .noise:
      (targetInitial, targetNoise) = Self.noiseTarget(kernel)
      if outputBlocks < inputBlocks { project(on: BlockMatrix.identity(inputBlocks).row(inputBlocks - 1)) }
    case .posteriorMean where kernel.sources == 1:
      let first = BlockVector.first(inputBlocks)
      let r = kernel.hybrid.residualScale
      targetInitial = first.outer(first).scaled(by: r)
      targetNoise = first.outer(kernel.hybrid.whitenedMean).scaled(by: -r)
    case .posteriorMean:
      (targetInitial, targetNoise) = Self.noiseTarget(kernel)
      let sigma = process.diffusion(at: t).cholesky()
      let whitened = kernel.factor.inverse * sigma
      let reach = sigma.transpose * kernel.posteriorMeanOutput
      let length = reach.dot(reach).squareRoot()
      let scale = 1 / (whitened * whitened.transpose).trace.squareRoot()
      // When no data is left in u (length 0), there is nothing to learn: κ = 0 and y = 0.
      let direction = length > 0 ? reach.scaled(by: -scale / length) : reach
      project(on: whitened * direction)
      gain = length * scale
    }
  }

  /// The formulas for one block, where all matrices are numbers: drawn for every row, this must be quick.
  private init(single kernel: Kernel, output: NetworkOutput) {
    let (m, w) = (kernel.mean[0], kernel.whitenedMean[0])
    let whitening = 1 / (kernel.covariance[0, 0] + m * m).squareRoot()
    let r = kernel.residualScale
    (inputBlocks, outputBlocks, initialSources, gain) = (1, 1, 1, 1)
    noiseLevel = kernel.noiseLevel
    inputInitial = BlockMatrix(whitening * m)
    inputNoise = BlockMatrix(whitening * kernel.cholesky[0, 0])
    switch output {
    case .noise:
      targetInitial = BlockMatrix(-w * r * r)
      targetNoise = BlockMatrix(w * r * (w * r))
    case .posteriorMean:
      targetInitial = BlockMatrix(r)
      targetNoise = BlockMatrix(-w * r)
    }
  }

  /// e − KᵀPu as a sum over the sources, for all c blocks.
  ///
  /// With W = K⁻¹B, KᵀPK = (I + WWᵀ)⁻¹ and KᵀPB = (I + WWᵀ)⁻¹W = W(I + WᵀW)⁻¹, so it is W(I + WᵀW)⁻¹(Wᵀe − z).
  private static func noiseTarget(_ kernel: ConditioningKernel) -> (initial: BlockMatrix, noise: BlockMatrix) {
    if kernel.sources == 1 {
      // On the data alone W = w is one column, and the sum is −r²w(x_0 − wᵀe).
      let w = kernel.hybrid.whitenedMean
      let reduced = w.scaled(by: kernel.hybrid.residualScale * kernel.hybrid.residualScale)
      return (reduced.scaled(by: -1).outer(.first(w.size)), reduced.outer(w))
    }
    let w = kernel.factor.inverse * kernel.initial
    let reduced = w * (.identity(w.size) + w.transpose * w).inverse
    return (reduced.scaled(by: -1), reduced * w.transpose)
  }

  /// Replaces the c targets by one, their sum with the given weights.
  private mutating func project(on weights: BlockVector) {
    let first = BlockVector.first(weights.size)
    targetInitial = first.outer(targetInitial.transpose * weights)
    targetNoise = first.outer(targetNoise.transpose * weights)
  }
}
