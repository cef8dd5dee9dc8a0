internal import LinearAlgebra

extension NetworkPass {
  /// Adds ∂loss/∂W_l and ∂loss/∂b_l of sets of the group to the sums, and leaves in memory what is open after them.
  ///
  /// - Parameters:
  ///   - l: the layer; `biasSums` are its own.
  ///   - sets: some of the group's sets.
  ///   - steps: what to do with each of them.
  ///   - sums: whose tiles are used.
  ///   - slot: where a slot lies, laid out like the parameters.
  ///   - rowDone: called after each row of tiles.
  func writeGradient(
    layer l: Int, sets: Range<Int>, _ steps: ArraySlice<SetSums.Step>, _ sums: SetSums,
    _ slot: (Int) -> UnsafeMutablePointer<Float>, rowDone: () -> Void = {}
  ) {
    guard let first = steps.first?.slot, let height = steps.last?.height else { return }
    let product = weightProducts[l]
    let inputCount = layers[l].inputs
    let delta = unsafe delta(l)
    let weight = layout.weight(l).offset
    for (i, outputs) in product.rowTiles.enumerated() {
      for (j, columns) in product.columnTiles.enumerated() {
        let place = weight + outputs.lowerBound * inputCount + columns.lowerBound
        // Slots that were open before these sets lie in memory.
        func memory(_ index: Int) -> Buffer { unsafe Buffer(base: slot(index) + place, stride: inputCount) }
        func part(_ index: Int) -> Buffer { unsafe index < first ? memory(index) : sums.tile(index) }
        for (set, step) in zip(sets, steps) {
          unsafe product.computeTile(
            i, j, delta.row(firstRow(ofSet: set)), input(l, set: set), into: sums.tile(step.slot).base)
          for (into, from) in step.additions { unsafe part(into).add(part(from), outputs.count, columns.count) }
        }
        for index in first..<max(first, height) {
          unsafe memory(index).copy(sums.tile(index), outputs.count, columns.count)
        }
      }
      rowDone()
    }
    unsafe writeBiasGradient(layer: l, sets: sets, steps, slot)
  }

  private func writeBiasGradient(
    layer l: Int, sets: Range<Int>, _ steps: ArraySlice<SetSums.Step>, _ slot: (Int) -> UnsafeMutablePointer<Float>
  ) {
    let entry = layout.bias(l)
    for (set, step) in zip(sets, steps) {
      let own = unsafe slot(step.slot) + entry.offset
      unsafe own.update(from: biasSums.row(set - group.lowerBound), count: entry.count)
      for (into, from) in step.additions {
        let (sum, added) = unsafe (slot(into) + entry.offset, slot(from) + entry.offset)
        for j in 0..<entry.count { unsafe sum[j] += added[j] }
      }
    }
  }
}
