internal import LinearAlgebra
internal import Networks

/// The cross entropy −ln p(word | noisy row) of a network's words, in nats.
///
/// Its minimiser is the law of the word given the noisy row, as that of the squared error of the posterior mean is. Its slope in the
/// logits is p − δ, which does not vanish where the network is wrong and sure of it: that of the squared error does, by a factor
/// p (1 − p). It also weighs words alike, whatever the scale of their columns.
@safe final class WordLoss {
  private let words: WordColumns
  /// The word of each row and block.
  private var known: [Int32]

  /// Room for rows.
  init(_ words: WordColumns, rows: Int) {
    self.words = words
    known = [Int32](repeating: 0, count: rows * words.blocks.count)
  }

  var bytes: Int { 4 * known.count }

  /// Takes a row's words from its data.
  func note(row index: Int, data: UnsafePointer<Float>) {
    for block in words.blocks.indices {
      known[index * words.blocks.count + block] = unsafe Int32(words.word(of: block, in: data))
    }
  }

  /// A row's cross entropies, added in the order of the blocks, times `weight`.
  ///
  /// - Parameters:
  ///   - set: the row's set; `forward` has gone through its group.
  ///   - row: the row in the set.
  ///   - index: its number in all sets.
  ///   - pass: the network's.
  ///   - weight: κ², which divides nothing: the loss is least at the same p for any weight.
  ///   - gradient: takes half of `scale` times the gradient of the loss in F, in the columns of words.
  ///   - scale: as for squares, whose gradient has a factor 2.
  /// - Returns: the sum.
  func loss(
    set: Int, row: Int, index: Int, _ pass: NetworkPass, weight: Float, _ gradient: UnsafeMutablePointer<Float>?,
    _ scale: Float
  ) -> Double {
    let logs = unsafe pass.logWords(set: set, row: row)
    var sum = 0.0
    for (block, columns) in words.blocks.enumerated() {
      let known = Int(known[index * words.blocks.count + block])
      if columns.count > 1 {
        sum -= unsafe Double(logs[columns.lowerBound + known])
      } else {
        // −ln of the logistic function of ±l, without overflow: max(0, ∓l) + ln(1 + e^−|l|).
        let logit = unsafe known == 0 ? logs[columns.lowerBound] : -logs[columns.lowerBound]
        sum += Double(max(0, -logit) + Elementary.log(1 + Elementary.exp(-abs(logit))))
      }
      guard let gradient = unsafe gradient else { continue }
      unsafe pass.writeWordGradient(
        set: set, row: row, columns, known: known, scale: 0.5 * scale * weight, into: gradient)
    }
    return Double(weight) * sum
  }
}
