/// Latents: an encoder and a decoder beside the score, which is then one of latents.
public struct LatentOptions: Sendable, Equatable {
  /// What learns in a step.
  enum Phase: Sendable, Equatable {
    /// Encoder and decoder alone, with N(0, I) for the latents' law.
    case autoencoder
    /// The score alone, on latents of an encoder that rests.
    case score
    /// All together.
    case joint
  }

  /// k, the numbers of a latent; nil where the score is one of the data.
  public var dimension: Int?
  /// Units of the encoder's hidden layers, and in the same order of the decoder's.
  public var widths = [256, 256]
  /// s, the deviation of data about the decoder's mean, in trained units; nil where it is learned.
  public var noise: Double?
  /// n: the first steps, in which encoder and decoder learn apart.
  public var pretrainSteps = 2000
  /// Whether encoder and decoder go on learning beside the score after these; else they rest.
  public var joint = false
  /// The peak learning rate of encoder and decoder.
  public var learningRate = 1e-3

  /// The defaults.
  public init() {}

  /// What learns in the step after `step` others.
  func phase(after step: Int) -> Phase {
    step < pretrainSteps ? .autoencoder : joint ? .joint : .score
  }
}
