internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Training

extension NetworkLikelihood {
  /// Puts rows with noise of the learned law in the place of those with uniform noise.
  ///
  /// The uniform noise of the same numbers is what the law makes of μ = 0 and σ = 1. All ranks go through all rows: a network of a
  /// few layers, once, beside the score's many times.
  ///
  /// - Parameters:
  ///   - rows: as for `values(of:_:)`.
  ///   - trained: `copies` rows for each row, in trained coordinates.
  /// - Returns: ln q(u|x) of every copy; nil where the noise is uniform.
  func dequantise(_ rows: borrowing Matrix, into trained: inout Matrix) -> [Double]? {
    guard let model, let noise = data.dequantisation,
      let dequantiser = NetworkDequantiser(model: model, parameters: parameters.value.head(1))
    else { return nil }
    let levels = data.trainedData(rows)
    for r in 0..<trained.rows { trained.copyRow(r, from: levels, r / copies) }
    return dequantiser.add(noise, to: &trained, RandomStream(seed: seed, purpose: .dequantisedLikelihood))
  }
}
