internal import LinearAlgebra

// The head F = f + g ⊙ x: f and g are the last layer's outputs, x the observed inputs. Outputs after these are f alone. With
// columns of words f + g ⊙ x are their logits, which `WordHead` turns into F.
//
// A posterior mean is a shrinkage of the observation: for a scale mixture x_0 = √S z, it is E[S/(S + σ²)|y] y exactly, g
// alone. A network without the head has to multiply by additions.

extension NetworkPass {
  /// What the last layer puts out for the group: [f | g] with shrinkage, f with columns of words, else F itself.
  var lastOutput: Buffer { unsafe architecture.hasHead ? raw : output.from(row: group.lowerBound * rows) }

  /// Its gradient.
  var lastGradient: Buffer {
    unsafe architecture.hasHead ? rawGradient : outputGradient.from(row: group.lowerBound * rows)
  }

  /// g of one row of the group.
  func gate(set: Int, row: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(raw.row(firstRow(ofSet: set) + row) + architecture.outputs)
  }

  /// F = f + g ⊙ x of the group's rows, and what the head of words makes of it.
  func applyHead() {
    guard architecture.hasHead else { return }
    let (n, gated) = (architecture.outputs, architecture.gated)
    for set in group {
      for row in 0..<rows {
        let x = unsafe observed(set: set, row: row)
        let f = unsafe raw.row(firstRow(ofSet: set) + row)
        let result = unsafe output(set: set, row: row)
        for k in 0..<gated { unsafe result[k] = f[k].addingProduct(f[n + k], x[k]) }
        for k in gated..<n { unsafe result[k] = f[k] }
        if let words = architecture.words { unsafe applyWords(words, set: set, row: row, result) }
      }
    }
  }

  /// ∂loss/∂f = ∂loss/∂F and ∂loss/∂g = ∂loss/∂F ⊙ x of the group's rows; for words the adjoint of logits in place of ∂loss/∂F.
  func propagateHead() {
    guard architecture.hasHead else { return }
    for set in group {
      for row in 0..<rows {
        let raw = unsafe rawGradient.row(firstRow(ofSet: set) + row)
        unsafe raw.update(from: outputGradient(set: set, row: row), count: architecture.outputs)
        if let words = architecture.words { unsafe propagateWords(words, set: set, row: row, raw) }
        unsafe splitHead(raw, observed(set: set, row: row), into: raw)
      }
    }
  }

  /// Writes [c | c ⊙ x], the adjoint of [f | g] for an adjoint c of F, which may lie there already.
  func splitHead(
    _ c: UnsafePointer<Float>, _ x: UnsafePointer<Float>, into raw: UnsafeMutablePointer<Float>
  ) {
    let n = architecture.outputs
    if unsafe c != UnsafePointer(raw) { unsafe raw.update(from: c, count: n) }
    for k in 0..<architecture.gated { unsafe raw[n + k] = c[k] * x[k] }
  }

  /// Ḟ = ḟ + ġ ⊙ x + g ⊙ ẋ of one row, from [ḟ | ġ], and what the head of words makes of it.
  func headTangent(
    _ raw: UnsafePointer<Float>, set: Int, row: Int, tangent: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    let (n, x, g) = unsafe (architecture.outputs, observed(set: set, row: row), gate(set: set, row: row))
    for k in 0..<architecture.gated {
      unsafe result[k] = raw[k].addingProduct(raw[n + k], x[k]).addingProduct(g[k], tangent[k])
    }
    for k in architecture.gated..<n { unsafe result[k] = raw[k] }
    if let words = architecture.words { unsafe wordTangent(words, set: set, row: row, tangent: tangent, result) }
  }
}
