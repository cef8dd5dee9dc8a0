internal import LinearAlgebra
internal import Networks
internal import RealFunctions

/// The dequantiser on one set of rows at a time: noisy rows, what their noise's density is, and the gradient of the network.
@safe final class DequantiserPass {
  /// After `add`: y, `[rows, d]`, in trained coordinates.
  private(set) var noisy: Matrix
  /// After `add`: ln q(u|x) of each row, over the columns of levels.
  private(set) var logDensities: [Double]
  private let elements: Range<Int>
  private let pass: NetworkPass
  /// u, σe and ∂ ln σ/∂ℓ of each number, `[rows, d]`.
  private var shares, moves, slopes: [Double]

  init(_ model: Dequantiser, _ layout: ParameterLayout, rows: Int, use: NetworkPass.Use) {
    elements = model.elements(of: layout)
    pass = NetworkPass(architecture: model.network, frequencies: model.frequencies, rows: rows, use: use)
    pass.setLevel(0)
    noisy = Matrix(rows: rows, columns: model.dimension)
    logDensities = [Double](repeating: 0, count: rows)
    shares = [Double](repeating: 0, count: noisy.count)
    (moves, slopes) = (shares, shares)
  }

  var bytes: Int { pass.bytes + 28 * noisy.count }

  /// y = x + w(u − ½) of rows.
  ///
  /// - Parameters:
  ///   - parameters: all parameters.
  ///   - data: x, `[rows, d]`.
  ///   - uniforms: v, `[rows, d]`.
  ///   - widths: w of each column; 0 where numbers are no levels.
  ///   - again: whether the parameters are those of the last call.
  func add(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, uniforms: UnsafePointer<Float>, widths: [Float],
    again: Bool
  ) {
    let d = noisy.columns
    for row in 0..<pass.rows { unsafe pass.state(set: 0, row: row).update(from: data + row * d, count: d) }
    let own = unsafe parameters + elements.lowerBound
    if again { unsafe pass.forwardAgain(own) } else { unsafe pass.forward(own) }
    for row in 0..<pass.rows {
      let output = unsafe pass.output(set: 0, row: row)
      logDensities[row] = 0
      for j in 0..<d {
        let at = row * d + j
        guard widths[j] != 0 else {
          noisy[row, j] = unsafe data[at]
          continue
        }
        let (v, share) = unsafe (Double(uniforms[at]), hyperbolicTangent(Double(output[d + j]) / Dequantiser.range))
        let (e, logDeviation) = (log(v) - log1p(-v), Dequantiser.range * share)
        moves[at] = exp(logDeviation) * e
        slopes[at] = 1 - share * share
        let a = unsafe Double(output[j]) + moves[at]
        shares[at] = logistic(a)
        noisy[row, j] = unsafe Float(Double(data[at]) + Double(widths[j]) * (shares[at] - 0.5))
        logDensities[row] += logLogisticDensity(e) - logLogisticDensity(a) - logDeviation
      }
    }
  }

  /// Makes the gradient of `scale` Σ ln q(u|x) and of what else depends on y, after `add`.
  ///
  /// - Parameters:
  ///   - parameters: as `add` had them.
  ///   - noisyGradient: ∂/∂y of all else, with `scale` in it, `[rows, d]`.
  ///   - widths: w.
  ///   - scale: the factor.
  ///   - gradients: laid out as all parameters are; those of the dequantiser's part are written.
  func backward(
    _ parameters: UnsafePointer<Float>, noisyGradient: UnsafePointer<Float>, widths: [Float], scale: Double,
    into gradients: UnsafeMutablePointer<Float>
  ) {
    let d = noisy.columns
    for row in 0..<pass.rows {
      let gradient = unsafe pass.outputGradient(set: 0, row: row)
      for j in 0..<d {
        let at = row * d + j
        guard widths[j] != 0 else {
          unsafe (gradient[j], gradient[d + j]) = (0, 0)
          continue
        }
        // u moves with a by S′(a) = u(1 − u), and −ln S′(a) by 2u − 1.
        let u = shares[at]
        let through = unsafe Double(widths[j]) * u * (1 - u) * Double(noisyGradient[at])
        let ofMean = through + scale * (2 * u - 1)
        unsafe (gradient[j], gradient[d + j]) = (Float(ofMean), Float((ofMean * moves[at] - scale) * slopes[at]))
      }
    }
    unsafe pass.backward(
      parameters + elements.lowerBound, gradient: { _ in unsafe gradients + elements.lowerBound },
      completed: { _, _ in })
  }
}
