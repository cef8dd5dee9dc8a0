extension RandomStream {
  /// A uniformly random order of 0 … `count` − 1.
  ///
  /// - Parameters:
  ///   - count: at most 2³².
  ///   - sequence: which of the stream's permutations, below `blockLimit` (a shard's number, for example).
  /// - Returns: each of 0 … `count` − 1 once.
  public func permutation(of count: Int, sequence: UInt32 = 0) -> [UInt32] {
    var order = [UInt32](repeating: 0, count: count)
    permute(into: &order, sequence: sequence)
    return order
  }

  /// Overwrites `order` by a uniformly random order of 0 … count − 1, without allocating.
  ///
  /// Fisher–Yates, from the front; place i takes its draw from index i, block `sequence`.
  public func permute(into order: inout [UInt32], sequence: UInt32 = 0) {
    precondition(order.count <= 1 << 32, "a permutation of \(order.count)")
    for i in order.indices {
      // Inside out: i goes to place j ≤ i, whose old content moves to place i.
      let j = below(UInt64(i) + 1, index: UInt64(i), block: sequence)
      order[i] = order[j]
      order[j] = UInt32(truncatingIfNeeded: i)
    }
  }

  private func below(_ bound: UInt64, index: UInt64, block: UInt32) -> Int {
    let words = words(index: index, block: block)
    // 64 bits for a bound of at most 2³²: the bias is below 2⁻³² of a probability, beyond what any test can see.
    return Int(VariateSequence.word64(words[0], words[1]).multipliedFullWidth(by: bound).high)
  }
}
