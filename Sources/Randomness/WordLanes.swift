/// The words of `width` counters side by side, as the vector unit likes them.
struct WordLanes {
  static let width = 64
  var word0 = InlineArray<64, UInt32>(repeating: 0)
  var word1 = InlineArray<64, UInt32>(repeating: 0)
  var word2 = InlineArray<64, UInt32>(repeating: 0)
  var word3 = InlineArray<64, UInt32>(repeating: 0)

  /// Replaces every counter by its random words.
  mutating func encipher(key: SIMD2<UInt32>) {
    // The round keys are the same for all lanes: computed once.
    var keys0 = InlineArray<10, UInt64>(repeating: 0)
    var keys1 = InlineArray<10, UInt64>(repeating: 0)
    for round in 0..<Philox.rounds {
      keys0[round] = UInt64(key[0] &+ UInt32(round) &* Philox.weyl0)
      keys1[round] = UInt64(key[1] &+ UInt32(round) &* Philox.weyl1)
    }
    for lane in 0..<Self.width {
      var (x0, x1) = (UInt64(word0[lane]), UInt64(word1[lane]))
      var (x2, x3) = (UInt64(word2[lane]), UInt64(word3[lane]))
      // Written out: the lane loop is vectorised only when it has no loop inside.
      Philox.round(&x0, &x1, &x2, &x3, keys0[0], keys1[0])
      Philox.round(&x0, &x1, &x2, &x3, keys0[1], keys1[1])
      Philox.round(&x0, &x1, &x2, &x3, keys0[2], keys1[2])
      Philox.round(&x0, &x1, &x2, &x3, keys0[3], keys1[3])
      Philox.round(&x0, &x1, &x2, &x3, keys0[4], keys1[4])
      Philox.round(&x0, &x1, &x2, &x3, keys0[5], keys1[5])
      Philox.round(&x0, &x1, &x2, &x3, keys0[6], keys1[6])
      Philox.round(&x0, &x1, &x2, &x3, keys0[7], keys1[7])
      Philox.round(&x0, &x1, &x2, &x3, keys0[8], keys1[8])
      Philox.round(&x0, &x1, &x2, &x3, keys0[9], keys1[9])
      word0[lane] = UInt32(truncatingIfNeeded: x0)
      word1[lane] = UInt32(truncatingIfNeeded: x1)
      word2[lane] = UInt32(truncatingIfNeeded: x2)
      word3[lane] = UInt32(truncatingIfNeeded: x3)
    }
  }
}
