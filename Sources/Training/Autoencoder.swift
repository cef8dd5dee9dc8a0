internal import LinearAlgebra
public import Networks
internal import Randomness
internal import RealFunctions

/// The encoder and the decoder of a latent score-based model: two networks beside the score's, which sees latents.
///
/// ```
/// q(z|x) = N(μ(x), diag σ²(x)),   [μ | ℓ] = encoder(x),   ln σ = 5 tanh(ℓ/5)
/// p(x|z) = N(decoder(z), diag s²),   s_j² = 10⁻⁶ + exp(16 θ_j) where it is learned
/// ```
/// Vahdat, Kreis and Kautz 2021, arXiv 2106.05931; the bounded ln σ is their code's. θ learns eight times as fast as a logarithm
/// would. Their mixed score is the form of the posterior mean that the outputs here have: an untrained network is the
/// score of N(0, I).
public struct Autoencoder: Sendable, Equatable {
  /// The names of the parts of the parameters.
  static let encoderPart = "encoder", decoderPart = "decoder"
  /// The tensor of θ, a number for each column, in the decoder's part.
  static let noiseTensor = "log_noise"
  /// How far ln σ goes.
  static let range = 5.0
  /// The least s².
  static let leastVariance = 1e-6
  /// ln s of θ = 1.
  static let noiseRate = 8.0

  /// d.
  public let dimension: Int
  /// k, and how all is trained.
  public let options: LatentOptions
  /// From d to 2k numbers.
  public let encoder: NetworkArchitecture
  /// From k to d.
  public let decoder: NetworkArchitecture
  /// The frequencies of both embeddings, which are those of level 0 for every row.
  let frequencies: [Float]

  /// The autoencoder of rows of d numbers; `options` have a dimension.
  public init(dimension: Int, latents k: Int, options: LatentOptions) {
    (self.dimension, self.options) = (dimension, options)
    let embedding = TimeEmbedding(kind: .sinusoidal, features: 2)
    func network(_ inputs: Int, _ outputs: Int, _ widths: [Int]) -> NetworkArchitecture {
      NetworkArchitecture(
        inputs: inputs, outputs: outputs, widths: widths, activation: .silu, residual: true, embedding: embedding)
    }
    encoder = network(dimension, 2 * k, options.widths)
    decoder = network(k, dimension, options.widths)
    frequencies = embedding.frequencies(seed: 0)
  }

  /// k.
  public var latents: Int { decoder.inputs }

  /// The parts of the parameters.
  var further: [ParameterLayout.Further] {
    func tensors(_ network: NetworkArchitecture) -> [(name: String, shape: [Int])] {
      ParameterLayout(network).entries.map { (name: $0.name, shape: $0.shape) }
    }
    return [
      .init(Self.encoderPart, tensors: tensors(encoder)),
      .init(
        Self.decoderPart,
        tensors: tensors(decoder) + (options.noise == nil ? [(name: Self.noiseTensor, shape: [dimension])] : [])),
    ]
  }

  /// Where the parts lie in a layout.
  func places(in layout: ParameterLayout) -> Places {
    func range(_ name: String) -> Range<Int> {
      guard let part = layout.further.first(where: { $0.name == name }) else { preconditionFailure("no part \(name)") }
      return part.range
    }
    let decoder = range(Self.decoderPart)
    let noise = layout.entries(of: Self.decoderPart).first { $0.name == Self.decoderPart + "." + Self.noiseTensor }
    return Places(encoder: range(Self.encoderPart), decoder: decoder, noise: noise?.offset)
  }

  /// The elements of both networks, and the first of θ where it is learned.
  struct Places {
    let encoder, decoder: Range<Int>
    let noise: Int?
  }

  /// s_j² of each column, for parameters of all.
  func variances(_ parameters: UnsafePointer<Float>, _ places: Places) -> [Double] {
    guard let first = places.noise else {
      return [Double](repeating: options.noise.map { $0 * $0 } ?? 1, count: dimension)
    }
    return (0..<dimension).map { unsafe Self.leastVariance + exp(2 * Self.noiseRate * Double(parameters[first + $0])) }
  }

  /// Writes what training begins with behind the network's parameters.
  ///
  /// The encoder's means begin as random features of the data, with σ = 1; the decoder with zero, and s = 1.
  func initialise(_ parameters: UnsafeMutablePointer<Float>, _ layout: ParameterLayout, seed: UInt64) {
    let places = places(in: layout)
    let own = encoder.initialParameters(seed: ~seed)
    unsafe (parameters + places.encoder.lowerBound).update(from: own.pointer, count: own.count)
    let last = ParameterLayout(encoder).weight(encoder.layerCount - 1)
    let columns = last.shape[1]
    var means = Matrix(rows: latents, columns: columns)
    RandomStream(seed: ~seed, purpose: .initialisation, step: UInt64(encoder.layerCount - 1))
      .fillNormals(&means, firstIndex: 0)
    let scale = 1 / Float(columns).squareRoot()
    for i in 0..<means.count {
      unsafe parameters[places.encoder.lowerBound + last.offset + i] = scale * means.pointer[i]
    }
    let other = decoder.initialParameters(seed: ~seed &+ 1)
    unsafe (parameters + places.decoder.lowerBound).update(from: other.pointer, count: other.count)
  }
}
