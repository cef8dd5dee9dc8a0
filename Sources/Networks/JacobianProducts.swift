public import LinearAlgebra

extension NetworkPass {
  /// cᵀJ for each row, J = ∂F/∂u: the vector–Jacobian product, after `forward` of a pass with one set.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - cotangent: c, `[rows, outputs]`.
  ///   - result: `[rows, inputs]`.
  @unsafe public func vjp(
    _ parameters: UnsafePointer<Float>, cotangent: borrowing Matrix, into result: inout Matrix
  ) {
    precondition(use != .inference && sets == 1, "a vjp after inference, or of \(sets) sets")
    precondition(
      cotangent.rows == rows && cotangent.columns == architecture.outputs,
      "\(cotangent.rows) × \(cotangent.columns) in place of \(rows) × \(architecture.outputs)")
    unsafe outputGradient.base.update(from: cotangent.pointer, count: cotangent.count)
    propagateHead()
    for l in layers.indices.dropFirst().reversed() { unsafe propagate(layer: l, parameters) }
    // deltas[0] is the first layer's: the other is free.
    let derives = architecture.derivedInputs > 0
    let whole = unsafe derives ? deltas[1].base : result.pointer
    unsafe inputProduct(delta(0).base, parameters + layout.weight(0).offset, into: whole)
    for row in 0..<rows {
      unsafe writeInputAdjoint(
        derives ? UnsafePointer(whole + row * layers[0].width) : nil, set: 0, row: row,
        into: result.pointer + row * architecture.inputs)
    }
  }

  /// ∂loss/∂u of the group's rows, after `backward` of the same group.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - result: `[sets · rows, inputs]`; the rows of the group's sets are written.
  @unsafe public func inputGradient(_ parameters: UnsafePointer<Float>, into result: inout Matrix) {
    precondition(use != .inference, "a pass for inference keeps no derivatives")
    precondition(
      result.rows == sets * rows && result.columns == architecture.inputs,
      "\(result.rows) × \(result.columns) in place of \(sets * rows) × \(architecture.inputs)")
    // deltas[0] is the first layer's: the other is free.
    let whole = unsafe deltas[1].base
    unsafe inputProduct(
      delta(0).base, parameters + layout.weight(0).offset, into: whole, rows: group.count * rows)
    for set in group {
      for row in 0..<rows {
        let own = unsafe UnsafePointer(whole + (firstRow(ofSet: set) + row) * layers[0].width)
        let into = unsafe result.pointer + (set * rows + row) * architecture.inputs
        if architecture.derivedInputs == 0 { unsafe into.update(from: own, count: architecture.inputs) }
        unsafe writeInputAdjoint(architecture.derivedInputs > 0 ? own : nil, set: set, row: row, into: into)
      }
    }
  }

  /// Adds to the adjoint of a row's inputs what goes through derived inputs, the gate and the head of words.
  ///
  /// `own` is the adjoint of all that the first layer sees of the row; nil where that is the inputs alone, whose adjoint is in its place.
  private func writeInputAdjoint(
    _ own: UnsafePointer<Float>?, set: Int, row: Int, into: UnsafeMutablePointer<Float>
  ) {
    if let own = unsafe own {
      unsafe into.update(from: own, count: architecture.inputs)
      if architecture.radial {
        unsafe addRadialAdjoint(own[architecture.inputs], observed(set: set, row: row), to: into)
      }
      unsafe addFourierAdjoint(own, set: set, row: row, to: into)
    }
    guard architecture.hasHead else { return }
    let (raw, g) = unsafe (rawGradient.row(firstRow(ofSet: set) + row), gate(set: set, row: row))
    for k in 0..<architecture.gated { unsafe into[k] = into[k].addingProduct(raw[k], g[k]) }
    if let words = architecture.words {
      unsafe addWordAdjoint(words, set: set, row: row, outputGradient(set: set, row: row), raw, to: into)
    }
  }

  /// Jv for each row, J = ∂F/∂u: the Jacobian–vector product, after `forward` of a pass with one set.
  ///
  /// - Parameters:
  ///   - tangent: v, `[rows, inputs]`.
  ///   - result: `[rows, outputs]`.
  public func jvp(tangent: borrowing Matrix, into result: inout Matrix) {
    precondition(use != .inference && sets == 1, "a jvp after inference, or of \(sets) sets")
    for row in 0..<rows {
      let (from, into) = unsafe (
        tangent.pointer + row * architecture.inputs, deltas[0].base + row * layers[0].width
      )
      unsafe into.update(from: from, count: architecture.inputs)
      if architecture.radial { unsafe into[architecture.inputs] = radialTangent(observed(set: 0, row: row), from) }
      unsafe writeFourierTangent(set: 0, row: row, into: into)
    }
    for (l, layer) in layers.enumerated() {
      let isResult = l == layers.count - 1 && !architecture.hasHead
      let (below, above) = unsafe (deltas[l % 2].base, isResult ? result.pointer : deltas[(l + 1) % 2].base)
      unsafe tangentProducts[l](below, turned[l].base, into: above)
      if l == layers.count - 1 {
        for row in 0..<rows where architecture.hasHead {
          unsafe headTangent(
            above + row * layer.outputs, set: 0, row: row, tangent: tangent.pointer + row * architecture.inputs,
            into: result.pointer + row * architecture.outputs)
        }
        return
      }
      for row in 0..<rows {
        let (from, into) = unsafe (below + row * layer.width, above + row * layer.outputs)
        for (j, columns) in forwardProducts[l].columnTiles.enumerated() {
          let slope = unsafe self.row(row, l, j, of: slopes)
          for k in 0..<columns.count { unsafe into[columns.lowerBound + k] *= slope[k] }
        }
        if layer.skips { for j in 0..<layer.outputs { unsafe into[j] += from[j] } }
      }
    }
  }
}
