internal import LinearAlgebra
internal import Networks
internal import RealFunctions

/// The dequantiser on the rows of all sets: noisy rows, what their noise's density is, and the gradient of the network.
@safe final class DequantiserPass {
  /// After `add`: y, `[sets · rows, d]`, in trained coordinates.
  private(set) var noisy: Matrix
  /// After `add`: ln q(u|x) of each row, over the columns of levels.
  private(set) var logDensities: [Double]
  private let elements: Range<Int>
  private let pass: NetworkPass
  /// u, σe and ∂ ln σ/∂ℓ of each number, `[sets · rows, d]`.
  private var shares, moves, slopes: [Double]

  init(_ model: Dequantiser, _ layout: ParameterLayout, rows: Int, sets: Int, use: NetworkPass.Use) {
    elements = model.elements(of: layout)
    pass = NetworkPass(architecture: model.network, frequencies: model.frequencies, rows: rows, sets: sets, use: use)
    for set in 0..<sets { for row in 0..<rows { pass.setLevel(0, set: set, row: row) } }
    noisy = Matrix(rows: rows * sets, columns: model.dimension)
    logDensities = [Double](repeating: 0, count: rows * sets)
    shares = [Double](repeating: 0, count: noisy.count)
    (moves, slopes) = (shares, shares)
  }

  var bytes: Int { pass.bytes + 28 * noisy.count }

  /// y = x + w(u − ½) of the rows of all sets.
  ///
  /// - Parameters:
  ///   - parameters: all parameters.
  ///   - data: x, `[sets · rows, d]`.
  ///   - uniforms: v, `[sets · rows, d]`.
  ///   - widths: w of each column; 0 where numbers are no levels.
  func add(
    _ parameters: UnsafePointer<Float>, _ data: UnsafePointer<Float>, uniforms: UnsafePointer<Float>, widths: [Float]
  ) {
    // Rows of a set are numbered on from those of the set before.
    let d = noisy.columns
    for row in 0..<noisy.rows { unsafe pass.state(set: 0, row: row).update(from: data + row * d, count: d) }
    unsafe pass.forward(parameters + elements.lowerBound)
    for row in 0..<noisy.rows {
      let output = unsafe pass.output(set: 0, row: row)
      logDensities[row] = 0
      for j in 0..<d {
        let at = row * d + j
        guard widths[j] != 0 else {
          noisy[row, j] = unsafe data[at]
          continue
        }
        let (v, share) = unsafe (Double(uniforms[at]), hyperbolicTangent(Double(output[d + j]) / Dequantiser.range))
        // v and 1 − v are exact; their logarithms make e and ln S′(e), as S′(e) = v(1 − v).
        let (above, below, logDeviation) = (log(v), log(1 - v), Dequantiser.range * share)
        moves[at] = exp(logDeviation) * (above - below)
        slopes[at] = 1 - share * share
        let a = unsafe Double(output[j]) + moves[at]
        let law = Logistic(a)
        shares[at] = law.share
        noisy[row, j] = unsafe Float(Double(data[at]) + Double(widths[j]) * (shares[at] - 0.5))
        logDensities[row] += above + below - law.logSlope - logDeviation
      }
    }
  }

  /// Makes the gradients of `scale` Σ ln q(u|x) and of what else depends on y, after `add`: for all sets, one after another.
  ///
  /// - Parameters:
  ///   - parameters: as `add` had them.
  ///   - noisyGradient: ∂/∂y of all else, with `scale` in it, `[sets · rows, d]`.
  ///   - widths: w.
  ///   - scale: the factor.
  ///   - gradients: where those of the dequantiser's part go.
  func backward(
    _ parameters: UnsafePointer<Float>, noisyGradient: UnsafePointer<Float>, widths: [Float], scale: Double,
    into gradients: GradientSink
  ) {
    let d = noisy.columns
    for row in 0..<noisy.rows {
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
    let own = unsafe parameters + elements.lowerBound
    let part = gradients.part(from: elements.lowerBound)
    for group in pass.groups {
      // What lies between layers is kept of the group that was gone through last.
      if pass.groups.count > 1 { unsafe pass.forward(own, group: group) }
      unsafe pass.backward(own, into: part)
    }
  }
}
