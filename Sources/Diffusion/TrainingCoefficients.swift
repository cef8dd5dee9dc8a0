public import LinearAlgebra

/// One training row at time t: the network's input and what its output F is to predict, as sums over random sources.
///
/// ```
/// z = (x_0, e_1 … e_c)                 conditioned on the data
/// z = (x_0, n_2 … n_c, e_1 … e_c)      conditioned on the state; v_0 = v n
/// z = (x_0, e)                         conditioned on the data, of which the network sees the noisy data; e = ŵᵀ(e_1 … e_c)
/// input_i = Σ_j input(i, j) z_j,   y_o = Σ_j target(o, j) z_j,   ρ = κ F − y,   loss = mean of ρ_o²
/// ```
/// All sources but the data x_0 are standard normal. The coefficients are the same for every coordinate. κ is a number times the
/// unit matrix unless F has several blocks. Every loss is ‖R(s − s_θ)‖², with R as `LossWeight` says, less a part that does not
/// depend on F; `RowTarget` derives κ and y. No difference of nearly equal numbers occurs at small times.
///
/// For a Student-t base z_1 = e is the heavy-tailed noise in the input, and φe in the target (`NoiseLaw`).
public struct TrainingCoefficients: Sendable, Equatable {
  /// How many blocks the network's input has.
  public let inputBlocks: Int
  /// How many blocks F has.
  public let outputBlocks: Int
  /// How many sources stand before the noise e: 1, or c when conditioned on the state.
  public let initialSources: Int
  /// The length of e: c, or 1 where one combination of them is all that counts.
  public let noiseSources: Int
  /// −½ ln snr: what the network is told of time.
  public let noiseLevel: Double
  private let inputInitial: BlockMatrix
  private let inputNoise: BlockMatrix
  private let row: RowTarget

  /// The number of sources.
  public var sources: Int { initialSources + noiseSources }

  /// The factor of source j in the network's input block i.
  public func input(_ i: Int, _ j: Int) -> Double {
    j < initialSources ? inputInitial[i, j] : inputNoise[i, j - initialSources]
  }

  /// The factor of source j in what output block o is to predict.
  public func target(_ o: Int, _ j: Int) -> Double {
    j < initialSources ? row.initial[o, j] : row.noise[o, j - initialSources]
  }

  /// κ_io, the factor of output block o in residual i.
  public func outputGain(_ i: Int, _ o: Int) -> Double {
    precondition(i >= 0 && i < outputBlocks && o >= 0 && o < outputBlocks, "[\(i), \(o)] of \(outputBlocks)")
    return row.gain[i, o]
  }

  /// κ where it is one number, and its element o, o otherwise.
  public func outputGain(_ o: Int) -> Double { outputGain(o, o) }

  /// κ; elements past `outputBlocks` mean nothing.
  public var gain: BlockMatrix { row.gain }

  /// Whether κ is a number times the unit matrix.
  public var hasUniformGain: Bool {
    for i in 0..<outputBlocks {
      for o in 0..<outputBlocks where row.gain[i, o] != (i == o ? row.gain[0, 0] : 0) { return false }
    }
    return true
  }

  /// The coefficients at time t > 0; output and weight must be available for the process.
  public init(
    _ process: some ForwardProcess, input: NetworkInput = .state, output: NetworkOutput, conditioning: Conditioning,
    weight: LossWeight, at t: Double
  ) {
    precondition(input.isAvailable(for: process), "the input \(input.rawValue) for a Student-t base")
    (inputBlocks, outputBlocks) = (input.blocks(for: process), output.blocks(for: process))
    if process.blocks == 1 {
      // Drawn for every row: where all matrices are numbers, this must be quick.
      let kernel = process.kernel(at: t)
      let m = kernel.mean[0]
      let whitening = 1 / (kernel.covariance[0, 0] + m * m).squareRoot()
      (initialSources, noiseSources) = (1, 1)
      noiseLevel = kernel.noiseLevel
      inputInitial = BlockMatrix(whitening * m)
      inputNoise = BlockMatrix(whitening * kernel.cholesky[0, 0])
      row =
        process.noise == .gaussian
        ? RowTarget(single: kernel, process, output: output, weight: weight, at: t) : .heavyTailed
    } else {
      let kernel = ConditioningKernel(process, conditioning: conditioning, at: t)
      initialSources = kernel.sources
      noiseLevel = kernel.hybrid.noiseLevel
      let error = WeightedError(kernel, process, weight: weight, at: t)
      let whole =
        if outputBlocks > 1 {
          RowTarget(full: kernel, output: output, error: error)
        } else if kernel.sources == 1 {
          RowTarget(data: kernel, output: output, error: error)
        } else {
          RowTarget(state: kernel, output: output, error: error)
        }
      if input == .noisyData, kernel.sources == 1 {
        // Input and target are sums over x_0 and ŵᵀe: y is in proportion to x_0 + ŵᵀe/|w|.
        let (hybrid, first) = (kernel.hybrid, BlockVector.first(process.blocks))
        let size = hybrid.signalToNoise.squareRoot()
        noiseSources = 1
        inputInitial = first.outer(first).scaled(by: hybrid.residualScale * size)
        inputNoise = first.outer(first).scaled(by: hybrid.residualScale)
        row = RowTarget(initial: whole.initial, noise: (whole.noise * hybrid.direction).outer(first), gain: whole.gain)
      } else {
        let reading = kernel.reading(input)
        noiseSources = process.blocks
        inputInitial = reading * kernel.initial
        inputNoise = reading * kernel.factor
        row = whole
      }
    }
  }
}
