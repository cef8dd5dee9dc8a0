public import LinearAlgebra

extension NetworkPass {
  /// Propagates ∂loss/∂F to the parameters, after `forward` with the same parameters.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - gradient: where a set's gradient goes, laid out like the parameters; every element but the gaps is written.
  ///   - completed: called when a set's gradient of a layer is whole, with the layer's elements: the place to add
  ///     along the canonical tree while the numbers are in cache.
  @unsafe public func backward(
    _ parameters: UnsafePointer<Float>, gradient: (_ set: Int) -> UnsafeMutablePointer<Float>,
    completed: (_ set: Int, _ elements: Range<Int>) -> Void
  ) {
    for l in layers.indices.reversed() {
      let elements = layout.range(ofLayer: l)
      for set in 0..<sets {
        let delta = unsafe preactivationGradient(layer: l, set: set, bias: gradient(set) + layout.bias(l).offset)
        unsafe weightProducts[l](delta, inputs[l].row(set * rows), into: gradient(set) + layout.weight(l).offset)
        completed(set, elements)
        if l > 0 { unsafe propagate(delta, layer: l, set: set, parameters) }
      }
    }
  }

  /// cᵀJ for each row, J = ∂F/∂u: the vector–Jacobian product of the first set, after `forward`.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - cotangent: c, `[rows, outputs]`.
  ///   - result: `[rows, inputs]`.
  @unsafe public func vjp(
    _ parameters: UnsafePointer<Float>, cotangent: borrowing Matrix, into result: inout Matrix
  ) {
    precondition(use != .inference, "a pass for inference keeps no derivatives")
    precondition(
      cotangent.rows == rows && cotangent.columns == architecture.outputs,
      "\(cotangent.rows) × \(cotangent.columns) in place of \(rows) × \(architecture.outputs)")
    unsafe outputGradient.base.update(from: cotangent.pointer, count: cotangent.count)
    for l in layers.indices.reversed() {
      let delta = unsafe preactivationGradient(layer: l, set: 0, bias: nil)
      unsafe propagate(delta, layer: l, set: 0, parameters)
    }
    unsafe result.pointer.update(from: gradientOfInput(layer: 0, set: 0), count: rows * layers[0].width)
  }

  /// Jv for each row, J = ∂F/∂u: the Jacobian–vector product of the first set, after `forward`.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - tangent: v, `[rows, inputs]`.
  ///   - result: `[rows, outputs]`.
  @unsafe public func jvp(
    _ parameters: UnsafePointer<Float>, tangent: borrowing Matrix, into result: inout Matrix
  ) {
    precondition(use != .inference, "a pass for inference keeps no derivatives")
    unsafe gradientOfInput(layer: 0, set: 0).update(from: tangent.pointer, count: rows * layers[0].width)
    for (l, layer) in layers.enumerated() {
      let product = MatrixProduct(
        rows: rows, columns: layer.outputs, inner: layer.width, left: .plain(stride: layer.width),
        right: .transposed(stride: layer.inputs), stride: layer.outputs)
      let below = unsafe gradientOfInput(layer: l, set: 0)
      let isLast = l == layers.count - 1
      let above = unsafe isLast ? result.pointer : gradientOfInput(layer: l + 1, set: 0)
      unsafe product(below, parameters + layout.weight(l).offset, into: above)
      guard !isLast else { return }
      let slope = unsafe slopes[l].row(0)
      for i in 0..<rows * layer.outputs { unsafe above[i] *= slope[i] }
      if layer.skips { for i in 0..<rows * layer.outputs { unsafe above[i] += below[i] } }
    }
  }

  /// ∂loss/∂h for the state-side input of layer l of a set: `[rows, width of layer l]` without gaps.
  private func gradientOfInput(layer l: Int, set: Int) -> UnsafeMutablePointer<Float> {
    unsafe hidden[l % 2].base + set * rows * layers[l].width
  }

  /// ∂loss/∂Z_l from ∂loss/∂h_{l+1}; its column sums, in row order, are the bias gradient.
  private func preactivationGradient(
    layer l: Int, set: Int, bias: UnsafeMutablePointer<Float>?
  ) -> UnsafeMutablePointer<Float> {
    let columns = layers[l].outputs
    let isLast = l == layers.count - 1
    let result = unsafe isLast ? outputGradient.row(set * rows) : delta.base
    unsafe bias?.update(repeating: 0, count: columns)
    if isLast {
      if let bias = unsafe bias { unsafe addRows(of: result, columns: columns, into: bias) }
      return unsafe result
    }
    let upstream = unsafe gradientOfInput(layer: l + 1, set: set)
    let slope = unsafe slopes[l].row(set * rows)
    for row in 0..<rows {
      let start = row &* columns
      let (d, u, s) = unsafe (result + start, upstream + start, slope + start)
      if let bias = unsafe bias {
        for j in 0..<columns {
          let product = unsafe u[j] * s[j]
          unsafe d[j] = product
          unsafe bias[j] += product
        }
      } else {
        for j in 0..<columns { unsafe d[j] = u[j] * s[j] }
      }
    }
    return unsafe result
  }

  private func addRows(of matrix: UnsafeMutablePointer<Float>, columns: Int, into sums: UnsafeMutablePointer<Float>) {
    for row in 0..<rows {
      let d = unsafe matrix + row &* columns
      for j in 0..<columns { unsafe sums[j] += d[j] }
    }
  }

  /// ∂loss/∂h_l = ∂loss/∂Z_l · W_l (+ ∂loss/∂h_{l+1} where the layer skips).
  private func propagate(
    _ delta: UnsafeMutablePointer<Float>, layer l: Int, set: Int, _ parameters: UnsafePointer<Float>
  ) {
    let below = unsafe gradientOfInput(layer: l, set: set)
    unsafe dataProducts[l](delta, parameters + layout.weight(l).offset, into: below)
    guard layers[l].skips else { return }
    let upstream = unsafe gradientOfInput(layer: l + 1, set: set)
    for i in 0..<rows * layers[l].width { unsafe below[i] += upstream[i] }
  }
}
