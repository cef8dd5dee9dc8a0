public import Diffusion
public import Networks

/// The score network's shape, and what goes in and comes out.
public struct NetworkOptions: Sendable, Equatable {
  /// Units of each hidden layer.
  public var widths = [128, 128, 128]
  /// The nonlinearity.
  public var activation = Activation.silu
  /// Whether hidden layers add to their input.
  public var residual = true
  /// What the network sees of a noisy state.
  public var input = NetworkInput.state
  /// What the network's outputs mean.
  public var output = NetworkOutput.posteriorMean
  /// Whether F = f + g ⊙ x, with x the noisy data that the network sees and both f and g its outputs.
  public var shrinkage = false
  /// Whether the network sees the logarithm of its input's mean square as well.
  public var radial = false
  /// n of the features sin(2ⁿπx), cos(2ⁿπx) of the numbers x that the network sees of a noisy state; empty without.
  public var inputFrequencies: [Int] = []
  /// Where the variance of reverse steps comes from.
  public var variance = LearnedVariance.Kind.fixed
  /// How the noise level or time becomes features.
  public var embedding = TimeEmbedding.Kind.sinusoidal
  /// The number of these features.
  public var embeddingFeatures = 64
  /// What is embedded.
  public var embeddingOf = ScoreModel.Level.noiseLevel

  /// How the network sees discrete states; nil for the usual way for their number.
  public var stateInput: StateInput?
  /// What its outputs say of discrete states; nil for the usual choice for their number.
  public var stateHead: StateHead?
  /// How its law of x_0 becomes a reverse step of discrete states.
  public var reverseForm = ReverseForm.joint

  /// The defaults.
  public init() {}
}
