internal import LinearAlgebra

// The head for columns of words: v, what the last layer (and the shrinkage) puts out for a block, are logits.
//
// A block of data is one of K points, e_k. Given y = x_0 + N(0, σ²) of the whole row, Bayes' rule has
//
//     P(k|y) ∝ π_k exp(−|y_b − e_k|²/2σ²) · P(rest of y|k),      E[x_0|y]_b = Σ_k P(k|y) e_k
//
// The first two factors are known, and the network's logits stand for the last, up to a factor that is alike for all k:
//
//     p = softmax(ln π + v + evidence),   evidence_k = (z_k − ½)/(s_k σ)²,   z_k = m_k + s_k y_k the noisy column of 0 and 1
//
// −|y_b − e_k|²/2σ² is evidence_k and a part that is alike for all k, as e_k is 1 in column k and 0 elsewhere before it is centred
// by m and divided by s. A block of one column has the points 0 and 1: p is the logistic function of ln π/(1 − π) + v + evidence.
// The output F is the one that the preconditioning of a posterior mean turns into E[x_0|y] (`NetworkOutput.posteriorMean`):
//
//     x = y/√(1 + σ²),   E[x_0|y] = (x + σF)/√(1 + σ²),   F_k = √(1 + 1/σ²) (p_k − m_k)/s_k − x_k/σ
//
// So an untrained network, v = 0, has the exact posterior mean of columns that are independent of each other.

extension NetworkPass {
  /// What the head makes of a row's signal-to-noise ratio q = 1/σ²: q, √(q + q²), √(1 + q) and √q.
  static let signalNumbers = 4

  /// Tells the head of words the signal-to-noise ratio 1/σ² of one row; without words it does nothing.
  public func setSignal(_ ratio: Double, set: Int, row: Int) {
    guard architecture.words != nil else { return }
    let numbers = unsafe signals.row(set * rows + row)
    unsafe numbers[0] = Float(ratio)
    unsafe numbers[1] = Float((ratio + ratio * ratio).squareRoot())
    unsafe numbers[2] = Float((1 + ratio).squareRoot())
    unsafe numbers[3] = Float(ratio.squareRoot())
  }

  /// Gives every row of the first set the same signal-to-noise ratio.
  public func setSignal(_ ratio: Double) {
    guard architecture.words != nil else { return }
    for row in 0..<rows { setSignal(ratio, set: 0, row: row) }
  }

  /// ln p of the words of one row, for each column of a block; for a block of one column the logit ln p/(1 − p).
  ///
  /// After `forward` of the set's group.
  @unsafe public func logWords(set: Int, row: Int) -> UnsafePointer<Float> {
    unsafe UnsafePointer(logWords.row(firstRow(ofSet: set) + row))
  }

  /// Turns the logits v of one row of the group into F, in place.
  func applyWords(_ words: WordColumns, set: Int, row: Int, _ result: UnsafeMutablePointer<Float>) {
    let (x, signal) = unsafe (observed(set: set, row: row), signals.row(set * rows + row))
    let logs = unsafe logWords.row(firstRow(ofSet: set) + row)
    for columns in words.blocks {
      for k in columns {
        let s = words.scale[k]
        let evidence = unsafe ((words.centre[k] - 0.5) / (s * s) * signal[0]).addingProduct(signal[1] / s, x[k])
        unsafe logs[k] = words.logPrior[k] + result[k] + evidence
      }
      if columns.count > 1 { unsafe normalise(logs, columns) }
      for k in columns {
        let p = unsafe share(logs[k], isSingle: columns.count == 1)
        unsafe result[k] = (signal[2] * (p - words.centre[k]) / words.scale[k]).addingProduct(-signal[3], x[k])
      }
    }
  }

  /// Takes ln Σ exp from logits, so that their exponentials add up to 1.
  private func normalise(_ logs: UnsafeMutablePointer<Float>, _ columns: Range<Int>) {
    var largest = unsafe logs[columns.lowerBound]
    for k in columns { largest = unsafe max(largest, logs[k]) }
    var sum: Float = 0
    for k in columns { unsafe sum += Elementary.exp(logs[k] - largest) }
    let shift = largest + Elementary.log(sum)
    for k in columns { unsafe logs[k] -= shift }
  }

  /// p of ln p, or of a single column's logit.
  func share(_ log: Float, isSingle: Bool) -> Float {
    isSingle ? 1 / (1 + Elementary.exp(-log)) : Elementary.exp(log)
  }

  /// Turns an adjoint c of F into that of v, in place, for one row of the group.
  ///
  /// ```
  /// ∂/∂v_k = p_k (a_k c_k − Σ_j p_j a_j c_j),   a_k = √(1 + 1/σ²)/s_k;   p (1 − p) a c for a block of one column
  /// ```
  func propagateWords(_ words: WordColumns, set: Int, row: Int, _ c: UnsafeMutablePointer<Float>) {
    let gain = unsafe signals.row(set * rows + row)[2]
    for columns in words.blocks {
      for k in columns { unsafe c[k] *= gain / words.scale[k] }
      unsafe differentiate(columns, logWords(set: set, row: row), c)
    }
  }

  /// Adds to the adjoint of a row's inputs what goes through the head alone, from the adjoints c of F and `own` of v.
  func addWordAdjoint(
    _ words: WordColumns, set: Int, row: Int, _ c: UnsafePointer<Float>, _ own: UnsafePointer<Float>,
    to into: UnsafeMutablePointer<Float>
  ) {
    let signal = unsafe signals.row(set * rows + row)
    for columns in words.blocks {
      for k in columns {
        unsafe into[k] = into[k].addingProduct(signal[1] / words.scale[k], own[k]).addingProduct(-signal[3], c[k])
      }
    }
  }

  /// Turns v̇ into Ḟ of one row, in place: ṗ_k = p_k (l̇_k − Σ_j p_j l̇_j), l̇_k = v̇_k + √(q + q²)/s_k ẋ_k.
  func wordTangent(
    _ words: WordColumns, set: Int, row: Int, tangent: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>
  ) {
    let signal = unsafe signals.row(set * rows + row)
    for columns in words.blocks {
      for k in columns { unsafe result[k] = result[k].addingProduct(signal[1] / words.scale[k], tangent[k]) }
      unsafe differentiate(columns, logWords(set: set, row: row), result)
      for k in columns {
        unsafe result[k] = (signal[2] / words.scale[k] * result[k]).addingProduct(-signal[3], tangent[k])
      }
    }
  }

  /// u_k ← p_k (u_k − Σ_j p_j u_j) of a block: the derivative of p in the logits, which is symmetric.
  private func differentiate(
    _ columns: Range<Int>, _ logs: UnsafePointer<Float>, _ u: UnsafeMutablePointer<Float>
  ) {
    if columns.count == 1 {
      let k = columns.lowerBound
      // 1 − p by its own exponential: the difference would be lost where p is near 1.
      unsafe u[k] *= share(logs[k], isSingle: true) * share(-logs[k], isSingle: true)
      return
    }
    var mean: Float = 0
    for k in columns { unsafe mean = mean.addingProduct(share(logs[k], isSingle: false), u[k]) }
    for k in columns { unsafe u[k] = share(logs[k], isSingle: false) * (u[k] - mean) }
  }
}

extension NetworkPass {
  /// Writes the gradient in F of `scale` times −ln p of a block's known word, in the block's columns of a row.
  ///
  /// p = m + s(x + F/√q)/√(1 + 1/q) of the known word, so −ln p has the slope −1/(a p), a = √(1 + q)/s; the head turns it into
  /// p − δ of the logits. For a block of one column the known word is 0 where the column is 1: then as above; else 1 − p counts,
  /// with the other sign.
  @unsafe public func writeWordGradient(
    set: Int, row: Int, _ columns: Range<Int>, known: Int, scale: Float, into gradient: UnsafeMutablePointer<Float>
  ) {
    guard let words = architecture.words else { preconditionFailure("a network without words") }
    let logs = unsafe logWords(set: set, row: row)
    let gain = unsafe signals.row(set * rows + row)[2]
    let isSingle = columns.count == 1
    for k in columns { unsafe gradient[k] = 0 }
    let k = isSingle ? columns.lowerBound : columns.lowerBound + known
    let sign: Float = isSingle && known == 1 ? -1 : 1
    let p = unsafe share(sign * logs[k], isSingle: isSingle)
    unsafe gradient[k] = -sign * scale * words.scale[k] / (gain * p)
  }
}
