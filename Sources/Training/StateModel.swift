public import Diffusion
public import Networks

/// A discrete chain, a network, and what the network's outputs mean: everything that reverse steps need but the parameters.
public struct StateModel: Sendable {
  /// The chain.
  public let process: DiscreteProcess
  /// The number d of columns.
  public let dimension: Int
  /// How the network sees states.
  public let input: StateInput
  /// How its outputs become logits of x_0.
  public let head: StateHead
  /// How these become reverse steps.
  public let form: ReverseForm
  /// λ, the weight of the cross entropy of x_0 beside the bound.
  public let crossEntropy: Double
  /// The network's shape.
  public let network: NetworkArchitecture
  /// The embedding's frequencies.
  public let frequencies: [Float]

  /// A model; the network's inputs and outputs follow from the chain and the number of columns.
  ///
  /// - Parameters:
  ///   - process: the chain.
  ///   - dimension: d.
  ///   - options: the network's; widths, activation, residual blocks and embedding are used, and what concerns states.
  ///   - crossEntropy: λ.
  ///   - seed: the experiment's seed, from which Fourier frequencies come.
  public init(
    process: DiscreteProcess, dimension: Int, network options: NetworkOptions, crossEntropy: Double, seed: UInt64
  ) {
    (self.process, self.dimension, self.crossEntropy) = (process, dimension, crossEntropy)
    input = options.stateInput ?? .usual(levels: process.levels)
    head = options.stateHead ?? .usual(levels: process.levels)
    form = options.reverseForm
    network = Self.architecture(process.kind, levels: process.levels, dimension: dimension, options)
    frequencies = network.embedding.frequencies(seed: seed)
  }

  /// The network's shape for d columns of K levels, which does not need the chain itself.
  public static func architecture(
    _ kind: DiscreteProcessKind, levels: Int, dimension: Int, _ options: NetworkOptions
  ) -> NetworkArchitecture {
    let (input, head) = (options.stateInput ?? .usual(levels: levels), options.stateHead ?? .usual(levels: levels))
    return NetworkArchitecture(
      inputs: input.inputs(for: kind, levels: levels) * dimension, outputs: head.outputs(levels: levels) * dimension,
      widths: options.widths, activation: options.activation, residual: options.residual,
      embedding: TimeEmbedding(kind: options.embedding, features: options.embeddingFeatures))
  }

  /// What the network is told of step t: a number between −4 and 4.
  func embeddedLevel(at t: Int) -> Float { Float(8 * Double(t) / Double(process.steps) - 4) }

  /// Writes what the network sees of a row.
  ///
  /// - Parameters:
  ///   - inputs: room for the network's inputs from the state.
  ///   - state: the state of a column.
  func write(_ inputs: UnsafeMutablePointer<Float>, state: (_ column: Int) -> Int) {
    let n = input.inputs(for: process.kind, levels: process.levels)
    for column in 0..<dimension {
      var span = unsafe MutableSpan(_unsafeStart: inputs + column * n, count: n)
      input.write(state(column), of: process, into: &span)
    }
  }
}
