/// The shape of a score network: an MLP on `[state | φ(level)]`.
///
/// ```
/// h₁ = act(W₀[u | φ] + b₀),  h_{l+1} = act(W_l h_l + b_l),  F = W_L h_L + b_L
/// with `radial`:     h₁ = act(W₀[u | ρ | φ] + b₀),   ρ = ln(10⁻⁴ + mean of x²),   x the observed part of u
/// with `frequencies`: h₁ = act(W₀[u | ρ | ψ | φ] + b₀),   ψ = sin(2ⁿπx), cos(2ⁿπx) for each n of the list
/// with `shrinkage`:  [f | g] = W_L h_L + b_L,   F = f + g ⊙ x   in F's first numbers, as many as x has; else F = f
/// ```
/// With `residual`, every later hidden layer is a block that sees the embedding again and adds its input where the
/// widths agree: h_{l+1} = h_l + act(W_l[h_l | φ] + b_l). The last layer starts at zero, so that an untrained network
/// leaves the preconditioned Gaussian score as it is. With `words`, F in the columns of words is made of such outputs as logits
/// (`WordHead`), and an untrained network has the posterior mean of independent columns there.
public struct NetworkArchitecture: Sendable, Equatable {
  /// Numbers per row of the input: what is observed of the state, and conditions behind it.
  public var inputs: Int
  /// How many of the inputs are conditions.
  public var conditions: Int
  /// Numbers per row of the output F.
  public var outputs: Int
  /// Widths of the hidden layers; at least one.
  public var widths: [Int]
  /// The non-linearity.
  public var activation: Activation
  /// Whether hidden layers add their input and see the embedding.
  public var residual: Bool
  /// Whether F = f + g ⊙ x in its first numbers; then there are at least as many outputs as observed inputs.
  public var shrinkage: Bool
  /// Whether the first layer sees ρ.
  public var radial: Bool
  /// n of the Fourier features sin(2ⁿπx) and cos(2ⁿπx) of the observed inputs; empty without.
  public var frequencies: [Int]
  /// The columns of words among the observed inputs; nil where F has no head for them.
  public var words: WordColumns?
  /// How the noise level or time enters.
  public var embedding: TimeEmbedding

  /// An architecture.
  public init(
    inputs: Int, conditions: Int = 0, outputs: Int, widths: [Int], activation: Activation = .silu,
    residual: Bool = false, shrinkage: Bool = false, radial: Bool = false, frequencies: [Int] = [],
    words: WordColumns? = nil, embedding: TimeEmbedding = TimeEmbedding(kind: .sinusoidal, features: 64)
  ) {
    precondition(conditions >= 0 && conditions < inputs, "\(conditions) conditions of \(inputs) inputs")
    precondition(
      !shrinkage || inputs - conditions <= outputs, "\(outputs) outputs shrink \(inputs - conditions) inputs")
    precondition(
      words.map { $0.centre.count == inputs - conditions && $0.centre.count <= outputs } ?? true,
      "words among \(words?.centre.count ?? 0) columns for \(inputs - conditions) inputs and \(outputs) outputs")
    precondition(!widths.isEmpty && widths.allSatisfy { $0 > 0 }, "widths \(widths)")
    self.inputs = inputs
    self.conditions = conditions
    self.outputs = outputs
    self.widths = widths
    self.activation = activation
    self.residual = residual
    self.shrinkage = shrinkage
    self.radial = radial
    self.frequencies = frequencies
    self.words = words
    self.embedding = embedding
  }

  /// The number of inputs that come from the state: x.
  public var observed: Int { inputs - conditions }

  /// The number of Fourier features of the observed inputs.
  var fourierFeatures: Int { 2 * frequencies.count * observed }

  /// The numbers that the first layer sees beside the inputs and the embedding.
  var derivedInputs: Int { (radial ? 1 : 0) + fourierFeatures }

  /// The number of outputs that have a gate g.
  var gated: Int { shrinkage ? observed : 0 }

  /// Whether both are the same but for what columns of words are by themselves.
  public func isShaped(as other: NetworkArchitecture) -> Bool {
    var own = self
    if own.words?.blocks == other.words?.blocks { own.words = other.words }
    return own == other
  }

  /// Whether F is made of what the last layer puts out, and is not that itself.
  var hasHead: Bool { shrinkage || words != nil }

  /// The number of weight layers, the output layer included.
  public var layerCount: Int { widths.count + 1 }

  /// The layers in forward order.
  public var layers: [Layer] {
    (0..<layerCount).map { l in
      let width = l == 0 ? inputs + derivedInputs : widths[l - 1]
      let isHidden = l < widths.count
      let seesEmbedding = l == 0 || (residual && isHidden)
      return Layer(
        width: width, inputs: width + (seesEmbedding ? embedding.features : 0),
        outputs: isHidden ? widths[l] : outputs + gated,
        skips: residual && l > 0 && isHidden && widths[l] == width)
    }
  }

  /// One affine layer.
  public struct Layer: Sendable, Equatable {
    /// The part of the input that comes from the layer before; for the first, from the state.
    public let width: Int
    /// All inputs, with the embedding's features where the layer sees them.
    public let inputs: Int
    /// Outputs.
    public let outputs: Int
    /// Whether the layer's input is added to its activation.
    public let skips: Bool
  }

  /// Useful floating-point operations of one training step for each row: forward, data and weight gradients.
  public var trainingFlopsPerRow: Double {
    layers.enumerated().reduce(0) { sum, entry in
      let (l, layer) = entry
      let product = 2.0 * Double(layer.outputs)
      return sum + product * Double(2 * layer.inputs + (l == 0 ? 0 : layer.width))
    }
  }

  /// Useful floating-point operations of one evaluation for each row.
  public var inferenceFlopsPerRow: Double {
    layers.reduce(0) { $0 + 2 * Double($1.inputs * $1.outputs) }
  }
}
