public import LinearAlgebra

/// What turns a network's output into a score at one time, alike for every coordinate.
///
/// ```
/// network input G u,   s = −P u + Q F,   P = (H + MMᵀ)⁻¹
/// ```
/// | output | Q |
/// |---|---|
/// | `posterior-mean` | r H⁻¹M |
/// | `noise`, all blocks | −K⁻ᵀ |
/// | `noise`, last block | −H⁻¹M / (k_cc (H⁻¹M)_c) |
///
/// The preconditioning, ours, contains those of Karras et al. 2022 (arXiv 2206.00364) and the mixed score of Dockhorn,
/// Vahdat and Kreis 2022 (arXiv 2112.07068). P is inverted as it stands; 1 − Mᵀ(…)⁻¹M would be lost at small times.
public struct ScoreCoefficients: Sendable, Equatable {
  /// G, shape c×c, lower triangular: for unit data the network's input is N(0, I) at every t.
  public let whitening: BlockMatrix
  /// P, shape c×c: −P u is the score of unit Gaussian data.
  public let precision: BlockMatrix
  /// Q, shape c×`outputBlocks`; further columns are zero.
  public let output: BlockMatrix
  /// How many blocks F has.
  public let outputBlocks: Int
  /// −½ ln snr: what the network is told of time.
  public let noiseLevel: Double

  /// The coefficients at time t > 0.
  public init(
    _ process: some ForwardProcess, output: NetworkOutput, conditioning: Conditioning, at t: Double
  ) {
    let kernel = ConditioningKernel(process, conditioning: conditioning, at: t)
    whitening = kernel.whitening
    precision = whitening.transpose * whitening
    outputBlocks = output.blocks(for: process)
    noiseLevel = kernel.hybrid.noiseLevel
    let first = BlockVector.first(process.blocks)
    switch output {
    case .posteriorMean: self.output = kernel.posteriorMeanOutput.outer(first)
    case .noise where outputBlocks == process.blocks: self.output = kernel.factor.inverse.transpose.scaled(by: -1)
    case .noise: self.output = kernel.lastNoiseOutput.outer(first)
    }
  }
}
