public import Diffusion
public import LinearAlgebra
internal import Randomness

extension ForwardProcess {
  /// Draws states of the prior; row r is that of sample `firstIndex` + r, as a `Generator` starts from it.
  ///
  /// - Parameters:
  ///   - states: the result, `[rows, c·d]`.
  ///   - normals: room of the same shape.
  ///   - dimension: d.
  ///   - seed: the seed of the samples.
  ///   - firstIndex: the first row's number.
  public func drawPrior(
    into states: inout Matrix, normals: inout Matrix, dimension: Int, seed: UInt64, firstIndex: UInt64
  ) {
    noise.fill(&normals, columns: blocks * dimension, seed: seed, firstIndex: firstIndex)
    states.assign(priorCovariance.cholesky(), times: normals, dimension: dimension)
  }
}

extension NoiseLaw {
  /// Draws the noise that generation starts from: normals, or normals over one √w a row, w ~ Gamma(ν/2, rate ν/2).
  ///
  /// - Parameters:
  ///   - rows: the result; row r is that of sample `firstIndex` + r.
  ///   - columns: how many of the first columns follow this law; those behind, of a momentum, are normal.
  ///   - seed: the seed of the samples.
  ///   - firstIndex: the first row's number.
  public func fill(_ rows: inout Matrix, columns: Int, seed: UInt64, firstIndex: UInt64) {
    let stream = RandomStream(seed: seed, purpose: .samplingPrior)
    stream.fillNormals(&rows, firstIndex: firstIndex)
    guard case .studentT(let degrees) = self else { return }
    let blocks = UInt32((rows.columns + 3) / 4)
    for r in 0..<rows.rows {
      var variates = stream.row(firstIndex + UInt64(r), firstBlock: blocks)
      let factor = Float((0.5 * degrees / variates.nextGamma(shape: 0.5 * degrees)).squareRoot())
      var row = rows.mutableRow(r)
      for k in 0..<columns { row[k] *= factor }
    }
  }
}
