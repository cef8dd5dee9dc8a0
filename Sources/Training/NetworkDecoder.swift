public import LinearAlgebra
internal import Networks
internal import Randomness

/// A decoder with its parameters: maps 256 latents to rows of data, with the decoder's noise or without.
@safe public final class NetworkDecoder {
  /// The rows of every call: a fixed shape, so that a row's bits do not depend on its neighbours' number.
  public static let rows = NetworkScore.rows

  private let model: Autoencoder
  private let parameters: Matrix
  private let first: Int
  private let pass: NetworkPass
  private let deviations: [Float]
  private var noise: Matrix
  private var isPrepared = false

  /// The decoder of a model with latents, with parameters of its own, `[1, layout count]`.
  public init?(model: ScoreModel, parameters: consuming Matrix) {
    guard let autoencoder = model.autoencoder else { return nil }
    self.model = autoencoder
    let places = autoencoder.places(in: model.layout)
    first = places.decoder.lowerBound
    deviations = unsafe autoencoder.variances(parameters.pointer, places).map { Float($0.squareRoot()) }
    self.parameters = parameters
    pass = NetworkPass(
      architecture: autoencoder.decoder, frequencies: autoencoder.frequencies, rows: Self.rows, use: .inference)
    pass.setLevel(0)
    noise = Matrix(rows: Self.rows, columns: autoencoder.dimension)
  }

  /// s_j, the deviation of each column about the decoder's mean, in trained units.
  public var noiseDeviations: [Double] { deviations.map(Double.init) }

  /// Decodes latents.
  ///
  /// - Parameters:
  ///   - latents: `[256, k]`.
  ///   - samples: the result, `[256, d]`, in trained coordinates.
  ///   - keys: the seed and the first row's index of the decoder's noise; nil for its means.
  public func decode(
    _ latents: borrowing Matrix, into samples: inout Matrix, noise keys: (seed: UInt64, firstIndex: UInt64)?
  ) {
    let (k, d) = (model.latents, model.dimension)
    precondition(
      latents.rows == Self.rows && latents.columns == k && samples.rows == Self.rows && samples.columns == d,
      "\(latents.rows) × \(latents.columns) into \(samples.rows) × \(samples.columns)")
    for row in 0..<Self.rows {
      unsafe pass.state(set: 0, row: row).update(from: latents.pointer + row * k, count: k)
    }
    let own = unsafe UnsafePointer(parameters.pointer + first)
    if isPrepared { unsafe pass.forwardAgain(own) } else { unsafe pass.forward(own) }
    isPrepared = true
    for row in 0..<Self.rows {
      unsafe (samples.pointer + row * d).update(from: pass.output(set: 0, row: row), count: d)
    }
    guard let (seed, firstIndex) = keys else { return }
    RandomStream(seed: seed, purpose: .decoderNoise).fillNormals(&noise, firstIndex: firstIndex)
    for row in 0..<Self.rows { for j in 0..<d { samples[row, j].addProduct(deviations[j], noise[row, j]) } }
  }
}
