public import LinearAlgebra

extension RandomStream {
  /// Fills row r with the first `columns` N(0, 1) numbers of index `firstIndex + r`, in single precision.
  ///
  /// The numbers of an index do not depend on how rows are grouped into calls, nor on `columns`: it only cuts them off.
  ///
  /// - Parameters:
  ///   - matrix: shape `[rows, columns]`.
  ///   - firstIndex: the global index of row 0.
  public func fillNormals(_ matrix: inout Matrix, firstIndex: UInt64) {
    fill(&matrix, firstIndex: firstIndex, law: .normal)
  }

  /// Fills row r with the first `columns` uniform numbers of index `firstIndex + r`, in the open interval (0, 1).
  ///
  /// - Parameters:
  ///   - matrix: shape `[rows, columns]`; odd multiples of 2⁻²⁴.
  ///   - firstIndex: the global index of row 0.
  public func fillUniforms(_ matrix: inout Matrix, firstIndex: UInt64) {
    fill(&matrix, firstIndex: firstIndex, law: .uniform)
  }

  /// Writes one uniform number of the open interval (0, 1) for each index from `firstIndex` on, equal to the first
  /// `nextUniform()` of its row.
  ///
  /// - Parameters:
  ///   - firstIndex: the index of the first number.
  ///   - uniforms: odd multiples of 2⁻⁵³.
  public func uniforms(firstIndex: UInt64, into uniforms: inout MutableSpan<Double>) {
    check(firstIndex: firstIndex, rows: uniforms.count)
    var words = WordLanes()
    var done = 0
    while done < uniforms.count {
      setCounters(&words, firstIndex: firstIndex, blocksPerRow: 1, position: done)
      words.encipher(key: key)
      let (low, high) = (words.word0.span, words.word1.span)
      for lane in 0..<min(WordLanes.width, uniforms.count - done) {
        uniforms[done + lane] = VariateSequence.openUniform(low[lane], high[lane])
      }
      done += WordLanes.width
    }
  }

  private func fill(_ matrix: inout Matrix, firstIndex: UInt64, law: FillLaw) {
    let columns = matrix.columns
    let blocksPerRow = (columns + 3) / 4
    let blocks = matrix.rows * blocksPerRow
    check(firstIndex: firstIndex, rows: matrix.rows)
    precondition(blocksPerRow <= Self.blockLimit, "\(columns) columns of at most \(4 * Int(Self.blockLimit))")
    var words = WordLanes()
    var numbers = FloatLanes()
    var output = matrix.mutableSpan
    var position = 0
    while position < blocks {
      setCounters(&words, firstIndex: firstIndex, blocksPerRow: blocksPerRow, position: position)
      words.encipher(key: key)
      switch (law, columns <= 2) {
      case (.normal, false): numbers.fillNormals(from: words)
      case (.normal, true): numbers.fillNormalPairs(from: words)
      case (.uniform, false): numbers.fillUniforms(from: words)
      case (.uniform, true): numbers.fillUniformPairs(from: words)
      }
      numbers.copy(into: &output, columns: columns, position: position)
      position += WordLanes.width
    }
  }

  private func check(firstIndex: UInt64, rows: Int) {
    precondition(
      firstIndex <= Self.indexLimit - UInt64(rows), "indices \(firstIndex) + \(rows) of at most \(Self.indexLimit)")
  }

  /// Sets lane i to the counter of block `position + i`, blocks being counted over rows of `blocksPerRow` blocks each.
  private func setCounters(_ words: inout WordLanes, firstIndex: UInt64, blocksPerRow: Int, position: Int) {
    let word3 = word3
    for lane in 0..<WordLanes.width { words.word3[lane] = word3 }
    if blocksPerRow == 1 {
      let first = firstIndex &+ UInt64(position)
      for lane in 0..<WordLanes.width {
        let index = first &+ UInt64(lane)
        words.word0[lane] = 0
        words.word1[lane] = UInt32(truncatingIfNeeded: index)
        words.word2[lane] = word2(index)
      }
      return
    }
    var (row, block) = position.quotientAndRemainder(dividingBy: blocksPerRow)
    var lane = 0
    while lane < WordLanes.width {
      let index = firstIndex &+ UInt64(row)
      let (word1, word2) = (UInt32(truncatingIfNeeded: index), word2(index))
      let run = min(WordLanes.width - lane, blocksPerRow - block)
      for k in 0..<run {
        words.word0[lane &+ k] = UInt32(block &+ k)
        words.word1[lane &+ k] = word1
        words.word2[lane &+ k] = word2
      }
      lane += run
      (row, block) = (row + 1, 0)
    }
  }
}
