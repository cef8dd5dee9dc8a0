internal import LinearAlgebra
internal import Sampling
internal import Training

/// Samples of a latent model: latents by the sampler of their score, and then the decoder.
final class LatentChunks: ChunkSource {
  private let chunks: ScoreChunks<NetworkScore>
  private let decoder: NetworkDecoder
  private let noiseSeed: UInt64?
  private var latents: Matrix

  /// Samples of a network with an autoencoder.
  ///
  /// - Parameters:
  ///   - model: the score's, with its autoencoder.
  ///   - parameters: those of all.
  ///   - source: the sampler, on latents.
  ///   - noiseSeed: the seed of the decoder's noise; nil for its means.
  init(_ model: ScoreModel, parameters: consuming Matrix, _ source: SampleSource, noiseSeed: UInt64?) {
    guard let decoder = NetworkDecoder(model: model, parameters: parameters.head(1)) else {
      preconditionFailure("latents without a decoder")
    }
    (self.decoder, self.noiseSeed) = (decoder, noiseSeed)
    latents = Matrix(rows: Generator.rows, columns: model.dimension)
    chunks = ScoreChunks(NetworkScore(model: model, parameters: parameters), source)
  }

  func generate(chunk: Int, into samples: inout Matrix, count: Int, trajectory: Trajectory?) {
    chunks.generate(chunk: chunk, into: &latents, count: count, trajectory: nil)
    decoder.decode(
      latents, into: &samples, noise: noiseSeed.map { (seed: $0, firstIndex: UInt64(chunk * Generator.rows)) })
  }

  func takeTally() -> EvaluationTally { chunks.takeTally() }
}
