public import Networks

/// What adversarial score matching has beside the score: a network D that tells data from denoised states.
///
/// ```
/// score's loss + λ E(D(x̂(u_t)) − 1)²,   x̂(u_t) = E_θ[x_0|u_t]
/// D's loss = E(D(x_0) − 1)² + E(D(x̂(u_t)) + 1)²,   least at D* = (p − q)/(p + q)
/// ```
/// p is the density of the data and q that of x̂. Jolicoeur-Martineau et al. 2021, arXiv 2009.05475, with least squares as their
/// code has them. Here both learn at the same time, from the same rows; they update D first.
public struct Discriminator: Sendable, Equatable {
  /// The name of its part of the parameters.
  static let part = "discriminator"

  /// λ, what the score's network is punished by where D knows its x̂ from data.
  public let weight: Double
  /// D: it sees a row, and not how noisy the state was.
  public let network: NetworkArchitecture
  /// The frequencies of its embedding, which is that of level 0 for every row.
  let frequencies: [Float]

  /// A discriminator of rows.
  ///
  /// - Parameters:
  ///   - weight: λ > 0.
  ///   - dimension: d.
  ///   - widths: units of the hidden layers.
  public init(weight: Double, dimension: Int, widths: [Int]) {
    precondition(weight > 0 && weight.isFinite, "a weight of \(weight)")
    self.weight = weight
    let embedding = TimeEmbedding(kind: .sinusoidal, features: 2)
    network = NetworkArchitecture(
      inputs: dimension, outputs: 1, widths: widths, activation: .silu, embedding: embedding)
    frequencies = embedding.frequencies(seed: 0)
  }

  /// Its part of the parameters.
  var further: ParameterLayout.Further {
    .init(Self.part, tensors: ParameterLayout(network).entries.map { (name: $0.name, shape: $0.shape) })
  }
}
