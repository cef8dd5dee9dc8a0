internal import LinearAlgebra

extension NetworkPass {
  /// Computes F for all sets from their states and levels.
  @unsafe public func forward(_ parameters: UnsafePointer<Float>) {
    for group in groups { unsafe forward(parameters, group: group) }
  }

  /// Computes F for one of `groups`; they come in order, and the first makes of the parameters what all need.
  @unsafe public func forward(_ parameters: UnsafePointer<Float>, group: Range<Int>) {
    if group.lowerBound == 0 {
      for l in layers.indices { unsafe layOutWeights(l, parameters) }
    }
    unsafe forwardGroup(group, parameters)
  }

  /// Writes W_l as the products read it: turned, and with its rows further apart where that is faster.
  private func layOutWeights(_ l: Int, _ parameters: UnsafePointer<Float>) {
    let (outputs, inputs) = (layers[l].outputs, layers[l].inputs)
    // So few rows at a time that the second reading comes from cache.
    for first in Swift.stride(from: 0, to: outputs, by: 16) {
      let rows = min(16, outputs - first)
      let weights = unsafe parameters + layout.weight(l).offset + first * inputs
      unsafe transpose(
        weights, rows: rows, columns: inputs, stride: inputs, into: turned[l].base + first,
        targetStride: turned[l].stride)
      if hasSpacedWeights(l) {
        for row in 0..<rows { unsafe spaced[l].row(first + row).update(from: weights + row * inputs, count: inputs) }
      }
    }
  }

  private func hasSpacedWeights(_ l: Int) -> Bool { unsafe spaced[l].stride > layers[l].inputs }

  /// W_l of the last `forward`, rows `spaced[l].stride` apart: the copy, or the parameters themselves where there is none.
  func weights(_ l: Int, _ parameters: UnsafePointer<Float>) -> UnsafePointer<Float> {
    unsafe hasSpacedWeights(l) ? UnsafePointer(spaced[l].base) : parameters + layout.weight(l).offset
  }

  /// As `forward`, with the very parameters of the last `forward`: what was made of them is used again.
  @unsafe public func forwardAgain(_ parameters: UnsafePointer<Float>) {
    for group in groups { unsafe forwardGroup(group, parameters) }
  }

  private func forwardGroup(_ group: Range<Int>, _ parameters: UnsafePointer<Float>) {
    self.group = group
    writeRadialFeatures()
    writeFourierFeatures()
    for l in layers.indices { unsafe forward(layer: l, parameters) }
    applyHead()
  }

  private func forward(layer l: Int, _ parameters: UnsafePointer<Float>) {
    let start = group.lowerBound * rows
    let bias = unsafe UnsafePointer(parameters + layout.bias(l).offset)
    let x = unsafe l == 0 ? inputs[0].from(row: start) : inputs[l]
    if l > 0, layers[l].inputs > layers[l].width { copyFeatures(layer: l) }
    let product = forwardProducts[l]
    product.forEachTile(rows: group.count * rows) { i, j in
      let (row, column) = (product.rowTiles[i].lowerBound, product.columnTiles[j].lowerBound)
      let size = (product.rowTiles[i].count, product.columnTiles[j].count)
      if l == layers.count - 1 {
        let z = unsafe lastOutput.from(row: row, column: column)
        unsafe product.computeTile(i, j, x.base, turned[l].base, into: z.base)
        unsafe addBias(bias + column, to: z, size)
        return
      }
      let h = unsafe inputs[l + 1].from(row: row, column: column)
      let z = unsafe use == .inference ? h : tile(l, i, j, of: slopes)
      unsafe product.computeTile(i, j, x.base, turned[l].base, into: z.base)
      if use == .curvature {
        unsafe architecture.activation.writeCurvature(
          of: z, bias: bias + column, into: tile(l, i, j, of: curvatures), size)
      }
      unsafe architecture.activation.apply(
        z, bias: bias + column, into: use == .inference ? nil : h,
        plus: layers[l].skips ? x.from(row: row, column: column) : nil, size)
    }
  }

  private func copyFeatures(layer l: Int) {
    let start = group.lowerBound * rows
    for row in 0..<group.count * rows {
      unsafe (inputs[l].row(row) + layers[l].width).update(
        from: inputs[0].row(start + row) + layers[0].width, count: architecture.embedding.features)
    }
  }

  private func addBias(_ bias: UnsafePointer<Float>, to z: Buffer, _ size: (rows: Int, columns: Int)) {
    for row in 0..<size.rows {
      let z = unsafe z.row(row)
      for j in 0..<size.columns { unsafe z[j] += bias[j] }
    }
  }
}
