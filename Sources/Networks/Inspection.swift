extension NetworkPass {
  /// Σ x² over the rows of one set, after `forward` of its group: not finite exactly where some x is not.
  ///
  /// - Parameters:
  ///   - level: 0 for what enters the network (state and features), l + 1 for what layer l passes on; the last is the
  ///     output F.
  ///   - set: the set.
  /// - Returns: the sum, and the number of elements that it goes over.
  public func activationSquares(at level: Int, set: Int) -> (sum: Double, count: Int) {
    precondition(level >= 0 && level <= layers.count, "level \(level) of \(layers.count)")
    let isOutput = level == layers.count
    let columns = isOutput ? architecture.outputs : level == 0 ? layers[0].inputs : layers[level].width
    var sum = 0.0
    for row in 0..<rows {
      // A Float's square is finite in Double, so only elements that are not finite make the sum so.
      let x = unsafe isOutput ? output(set: set, row: row) : input(level, set: set) + row * inputs[level].stride
      for j in 0..<columns { unsafe sum += Double(x[j]) * Double(x[j]) }
    }
    return (sum, rows * columns)
  }
}
