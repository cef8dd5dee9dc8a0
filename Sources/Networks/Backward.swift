internal import LinearAlgebra

extension NetworkPass {
  /// Propagates ∂loss/∂F to the parameters and adds the sets' gradients, after `forward` of the same group.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - sums: how the sets' gradients are added.
  ///   - slot: where a slot of the sums lies, laid out like the parameters. After the last group all sums are whole, but
  ///     for the gaps.
  ///   - progress: called now and then in the last group, with the first element from which on all sums are whole by then.
  @unsafe public func backward(
    _ parameters: UnsafePointer<Float>, sums: SetSums, slot: (_ index: Int) -> UnsafeMutablePointer<Float>,
    progress: (_ first: Int) -> Void = { _ in }
  ) {
    precondition(sums.steps.count == sets, "sums of \(sums.steps.count) sets for \(sets)")
    let isLast = group.upperBound == sets
    var first = layout.count
    unsafe backward(parameters) { l in
      unsafe writeGradient(layer: l, sets: group, sums.steps[group], sums, slot) {
        if isLast { progress(first) }
      }
      first = layout.weight(l).offset
    }
    if isLast { progress(first) }
  }

  /// Propagates ∂loss/∂F to the parameters, after `forward` of the same group, for each set on its own.
  ///
  /// - Parameters:
  ///   - parameters: those of the last `forward`.
  ///   - gradient: where a set's gradient goes, laid out like the parameters; every element but the gaps is written.
  ///   - completed: called when a set's gradient of a layer is whole, with the layer's elements.
  @unsafe public func backward(
    _ parameters: UnsafePointer<Float>, gradient: (_ set: Int) -> UnsafeMutablePointer<Float>,
    completed: (_ set: Int, _ elements: Range<Int>) -> Void
  ) {
    unsafe backward(parameters) { l in
      for set in group {
        unsafe writeGradient(layer: l, sets: set..<set + 1, singleSums.steps[...], singleSums) { _ in
          unsafe gradient(set)
        }
        completed(set, layout.range(ofLayer: l))
      }
    }
  }

  private func backward(_ parameters: UnsafePointer<Float>, layer: (_ l: Int) -> Void) {
    precondition(use != .inference, "a pass for inference keeps no derivatives")
    propagateHead()
    sumRowsOfOutput()
    for l in layers.indices.reversed() {
      layer(l)
      if l > 0 { unsafe propagate(layer: l, parameters) }
    }
  }

  /// ∂loss/∂Z_l of the group: the last layer's is ∂loss/∂F, or that of [f | g].
  func delta(_ l: Int) -> Buffer {
    unsafe l == layers.count - 1 ? lastGradient : deltas[l % 2]
  }

  /// Each set's sums of the last layer's ∂loss/∂Z over its rows, in their order.
  private func sumRowsOfOutput() {
    let columns = layers[layers.count - 1].outputs
    for set in group {
      let sums = unsafe biasSums.row(set - group.lowerBound)
      unsafe sums.update(repeating: 0, count: columns)
      for row in 0..<rows {
        let d = unsafe lastGradient.row(firstRow(ofSet: set) + row)
        for j in 0..<columns { unsafe sums[j] += d[j] }
      }
    }
  }

  /// ∂loss/∂Z_{l−1} = act′ ∂loss/∂h_l, ∂loss/∂h_l = ∂loss/∂Z_l · W_l (+ ∂loss/∂h_{l+1} where the layer skips), and each
  /// set's sums over its rows, tile by tile.
  func propagate(layer l: Int, _ parameters: UnsafePointer<Float>) {
    guard let product = dataProducts[l] else { preconditionFailure("no product for layer \(l)") }
    for set in group.indices {
      unsafe biasSums.row(set - group.lowerBound).update(repeating: 0, count: layers[l].width)
    }
    let delta = unsafe delta(l).base
    let weights = unsafe weights(l, parameters)
    let asked = group.count * rows
    // Its tiles are those of Z_{l−1}.
    product.forEachTile(rows: asked) { i, j in
      let (tileRows, columns) = (product.rowTiles[i], product.columnTiles[j])
      let (row, column) = (tileRows.lowerBound, columns.lowerBound)
      let below = unsafe deltas[(l - 1) % 2].from(row: row, column: column)
      unsafe product.computeTile(i, j, delta, weights, into: below.base)
      let above = unsafe layers[l].skips ? hidden.from(row: row, column: column) : nil
      let kept = unsafe layers[l - 1].skips ? hidden.from(row: row, column: column) : nil
      let slopes = unsafe tile(l - 1, i, j, of: slopes)
      for index in 0..<min(tileRows.count, asked - row) {
        let (d, slope) = unsafe (below.row(index), slopes.row(index))
        let sums = unsafe biasSums.row((row + index) / rows) + column
        unsafe bend(
          d, by: slope, plus: above?.row(index), keeping: kept?.row(index), sums: sums, count: columns.count)
      }
    }
  }

  /// kept ← d + above, d ← (d + above) ⊙ slope, sums ← sums + d of `count` numbers, in one pass.
  ///
  /// - Parameters:
  ///   - d: ∂loss/∂h without what comes over a skip; takes ∂loss/∂Z.
  ///   - slope: act′.
  ///   - above: what comes over the skip of the layer above, if it has one.
  ///   - kept: takes what goes on over the skip of the layer below, if it has one; may be `above`.
  ///   - sums: the bias's gradient.
  ///   - count: how many numbers.
  @inline(__always)
  private func bend(
    _ d: UnsafeMutablePointer<Float>, by slope: UnsafePointer<Float>, plus above: UnsafePointer<Float>?,
    keeping kept: UnsafeMutablePointer<Float>?, sums: UnsafeMutablePointer<Float>, count: Int
  ) {
    // In vectors by hand: with so many pointers, which might overlap, the compiler makes none.
    var k = 0
    while k &+ 8 <= count {
      var v = unsafe lanes(d + k)
      if let above = unsafe above { v += unsafe lanes(above + k) }
      if let kept = unsafe kept { unsafe setLanes(kept + k, v) }
      v *= unsafe lanes(slope + k)
      unsafe setLanes(d + k, v)
      unsafe setLanes(sums + k, lanes(sums + k) + v)
      k &+= 8
    }
    while k < count {
      var v = unsafe d[k]
      if let above = unsafe above { v += unsafe above[k] }
      if let kept = unsafe kept { unsafe kept[k] = v }
      v *= unsafe slope[k]
      unsafe d[k] = v
      unsafe sums[k] += v
      k &+= 1
    }
  }
}
