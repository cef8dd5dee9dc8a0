public import LinearAlgebra

/// What turns a network's output into a score at one time, alike for every coordinate.
///
/// ```
/// network input G u,   s = −P u + Q F,   P = (H + MMᵀ)⁻¹,   E[x_0|u] = r²MᵀH⁻¹u + χᵀF
/// ```
/// With one output block Q = χ H⁻¹M; with c blocks χ = QᵀM/snr, which is Tweedie's formula weighted by H⁻¹.
/// | output | χ, one block | Q, all blocks |
/// |---|---|---|
/// | `posterior-mean` | r | |
/// | `noise` | −1/(k_cc (H⁻¹M)_c) | −K⁻ᵀ |
/// | `velocity` | −σ | |
/// | `score` | ρ_c/(H⁻¹M)_c | diag(ρ), ρ_i = √(H⁻¹)_ii |
///
/// The preconditioning, ours, contains those of Karras et al. 2022 (arXiv 2206.00364) and the mixed score of Dockhorn,
/// Vahdat and Kreis 2022 (arXiv 2112.07068). G is the whitening of the state, or reads y alone (`NetworkInput`): as F tells
/// a posterior mean, which y decides, everything else stays as it is. P is inverted as it stands; 1 − Mᵀ(…)⁻¹M would be lost at small times.
/// For a Student-t base P = 0, Q = 1/L and there is no posterior mean (χ and its state factor are not numbers).
public struct ScoreCoefficients: Sendable, Equatable {
  /// G, shape `inputBlocks`×c, further rows zero: for unit data the network's input is N(0, I) at every t.
  public let whitening: BlockMatrix
  /// How many blocks the network's input has.
  public let inputBlocks: Int
  /// P, shape c×c: −P u is the score of unit Gaussian data.
  public let precision: BlockMatrix
  /// Q, shape c×`outputBlocks`; further columns are zero.
  public let output: BlockMatrix
  /// How many blocks F has.
  public let outputBlocks: Int
  /// r²H⁻¹M: E[x_0|u] is its inner product with u at F = 0.
  public let meanState: BlockVector
  /// χ, `outputBlocks` elements; further ones are zero.
  public let meanOutput: BlockVector
  /// −½ ln snr: what the network is told of time.
  public let noiseLevel: Double

  /// The coefficients at time t > 0; the output must be available for the process.
  ///
  /// - Parameters:
  ///   - process: the process.
  ///   - kernel: the process's kernel at t, where it is known already.
  ///   - input: what the network sees.
  ///   - output: what the network tells.
  ///   - conditioning: what training conditions on.
  ///   - t: the time.
  public init(
    _ process: some ForwardProcess, kernel: Kernel? = nil, input: NetworkInput = .state, output: NetworkOutput,
    conditioning: Conditioning, at t: Double
  ) {
    precondition(input.isAvailable(for: process), "the input \(input.rawValue) for a Student-t base")
    let kernel = ConditioningKernel(process, hybrid: kernel, conditioning: conditioning, at: t)
    let (hybrid, c) = (kernel.hybrid, process.blocks)
    whitening = kernel.reading(input)
    inputBlocks = input.blocks(for: process)
    outputBlocks = output.blocks(for: process)
    noiseLevel = hybrid.noiseLevel
    guard process.noise == .gaussian else {
      precondition(output == .score, "the output \(output.rawValue) for a Student-t base")
      precision = .zero(c)
      self.output = BlockMatrix(1 / hybrid.cholesky[0, 0])
      (meanState, meanOutput) = (BlockVector(.nan), BlockVector(.nan))
      return
    }
    let whitened = kernel.whitening
    precision = whitened.transpose * whitened
    meanState = hybrid.precisionMean.scaled(by: hybrid.residualScale * hybrid.residualScale)
    if outputBlocks == 1 {
      let first = BlockVector.first(c)
      // χH⁻¹M for one block, written without the m that cancels.
      self.output = (c == 1 ? kernel.scalarOutput(output) : kernel.output(output)).outer(first)
      meanOutput = first.scaled(by: kernel.meanOutput(output))
    } else {
      self.output = kernel.fullOutput(output)
      meanOutput = (self.output.transpose * hybrid.mean).scaled(by: 1 / hybrid.signalToNoise)
    }
  }

  /// What another output's F is when it says the same: F' = conversion · F.
  ///
  /// Both are of one process, conditioning and time. As every F is what the Gaussian's exact score leaves over, no state
  /// enters. It is nil where c·d numbers would have to become d, and where no data is left and only one of the two
  /// outputs still tells the posterior mean.
  public func conversion(to other: ScoreCoefficients) -> BlockMatrix? {
    precondition(output.size == other.output.size, "\(output.size) and \(other.output.size) blocks")
    let (known, wanted) = (meanOutput[0].isFinite, other.meanOutput[0].isFinite)
    guard known == wanted else { return nil }
    switch (outputBlocks, other.outputBlocks) {
    case (1, 1):
      let last = output.size - 1
      let ratio = known ? meanOutput[0] / other.meanOutput[0] : output[last, 0] / other.output[last, 0]
      return BlockMatrix.identity(output.size).scaled(by: ratio)
    case (_, 1): return nil
    default: return other.output.inverse * output
    }
  }
}

extension ConditioningKernel {
  /// χ for one block of outputs.
  func meanOutput(_ output: NetworkOutput) -> Double {
    let last = hybrid.mean.size - 1
    return switch output {
    case .posteriorMean: hybrid.residualScale
    case .noise: -1 / (factor[last, last] * hybrid.precisionMean[last])
    case .velocity: -hybrid.cholesky[0, 0]
    case .score: scoreScale[last] / hybrid.precisionMean[last]
    }
  }

  /// Q for one block of outputs: χH⁻¹M, the direction in which a posterior mean moves the score.
  func output(_ output: NetworkOutput) -> BlockVector { hybrid.precisionMean.scaled(by: meanOutput(output)) }

  /// Q for a process of one block.
  func scalarOutput(_ output: NetworkOutput) -> BlockVector {
    let (w, sigma) = (hybrid.whitenedMean[0], hybrid.cholesky[0, 0])
    return switch output {
    case .posteriorMean: BlockVector(hybrid.residualScale * w / sigma)
    case .noise: BlockVector(-1 / sigma)
    case .velocity: BlockVector(-w)
    case .score: BlockVector(1 / sigma)
    }
  }

  /// Q for c blocks of outputs.
  func fullOutput(_ output: NetworkOutput) -> BlockMatrix {
    output == .noise ? factor.inverse.transpose.scaled(by: -1) : .diagonal(scoreScale)
  }

  /// ρ_i = √(H⁻¹)_ii.
  var scoreScale: BlockVector {
    let inverse = hybrid.cholesky.inverse
    var scale = BlockVector(size: inverse.size, repeating: 0)
    for i in 0..<inverse.size { scale[i] = inverse.column(i).dot(inverse.column(i)).squareRoot() }
    return scale
  }
}
