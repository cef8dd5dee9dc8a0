/// Which law a fill draws from.
enum FillLaw {
  case normal
  case uniform
}

/// The four numbers of each of `WordLanes.width` counters: those of lane i stand at 4i … 4i + 3 (for rows of one or two
/// numbers only two are made, at 2i and 2i + 1).
struct FloatLanes {
  static let width = 4 * WordLanes.width
  var values = InlineArray<256, Float>(repeating: 0)

  /// Four N(0, 1) numbers for each lane, by Box–Muller.
  mutating func fillNormals(from words: borrowing WordLanes) {
    // Stores that leave no gaps are what lets the loop be vectorised: both pairs in one.
    let word0 = words.word0.span
    let word1 = words.word1.span
    let word2 = words.word2.span
    let word3 = words.word3.span
    for lane in 0..<WordLanes.width {
      let (x, y) = NormalKernel.direction(word1[lane])
      let (z, w) = NormalKernel.direction(word3[lane])
      let first = NormalKernel.radius(word0[lane])
      let second = NormalKernel.radius(word2[lane])
      values[4 &* lane] = first * x
      values[4 &* lane &+ 1] = first * y
      values[4 &* lane &+ 2] = second * z
      values[4 &* lane &+ 3] = second * w
    }
  }

  /// The first two of each lane's N(0, 1) numbers, at 2i and 2i + 1: for rows of at most two.
  mutating func fillNormalPairs(from words: borrowing WordLanes) {
    let word0 = words.word0.span
    let word1 = words.word1.span
    for lane in 0..<WordLanes.width {
      let (x, y) = NormalKernel.direction(word1[lane])
      let radius = NormalKernel.radius(word0[lane])
      values[2 &* lane] = radius * x
      values[2 &* lane &+ 1] = radius * y
    }
  }

  /// Four uniform numbers for each lane: odd multiples of 2⁻²⁴, so neither 0 nor 1 and symmetric about ½.
  mutating func fillUniforms(from words: borrowing WordLanes) {
    let word0 = words.word0.span
    let word1 = words.word1.span
    let word2 = words.word2.span
    let word3 = words.word3.span
    for lane in 0..<WordLanes.width {
      values[4 &* lane] = Self.openUniform(word0[lane])
      values[4 &* lane &+ 1] = Self.openUniform(word1[lane])
      values[4 &* lane &+ 2] = Self.openUniform(word2[lane])
      values[4 &* lane &+ 3] = Self.openUniform(word3[lane])
    }
  }

  /// The first two of each lane's uniform numbers, at 2i and 2i + 1: for rows of at most two.
  mutating func fillUniformPairs(from words: borrowing WordLanes) {
    let word0 = words.word0.span
    let word1 = words.word1.span
    for lane in 0..<WordLanes.width {
      values[2 &* lane] = Self.openUniform(word0[lane])
      values[2 &* lane &+ 1] = Self.openUniform(word1[lane])
    }
  }

  @inline(__always)
  private static func openUniform(_ word: UInt32) -> Float {
    // (k + ½) 2⁻²³ with 23 bits of k is exact in Float.
    (Float(Int32(bitPattern: word &>> 9)) + 0.5) * 0x1p-23
  }

  /// Writes the lanes' numbers to their places in rows of `columns` numbers.
  ///
  /// - Parameters:
  ///   - rows: all rows, one after another.
  ///   - columns: numbers in a row; the surplus of each row's last block is dropped.
  ///   - position: lane 0 is this block, counted over all rows.
  func copy(into rows: inout MutableSpan<Float>, columns: Int, position: Int) {
    let blocksPerRow = (columns + 3) / 4
    if columns % 4 == 0 {
      copyRun(from: 0, to: 4 * position, count: min(Self.width, rows.count - 4 * position), into: &rows)
    } else if blocksPerRow == 1 {
      copyHeads(into: &rows, columns: columns, position: position)
    } else {
      var lane = 0
      var (row, block) = position.quotientAndRemainder(dividingBy: blocksPerRow)
      while lane < WordLanes.width, row * columns < rows.count {
        let run = min(WordLanes.width - lane, blocksPerRow - block)
        let start = row * columns + 4 * block
        copyRun(from: 4 * lane, to: start, count: min(4 * run, columns - 4 * block), into: &rows)
        lane += run
        (row, block) = (row + 1, 0)
      }
    }
  }

  @inline(__always)
  private func copyRun(from source: Int, to start: Int, count: Int, into rows: inout MutableSpan<Float>) {
    var run = rows._mutatingExtracting(start..<start + count)
    let numbers = values.span
    for k in 0..<count { run[k] = numbers[source &+ k] }
  }

  // Rows shorter than a block: the head of each lane.
  @inline(__always)
  private func copyHeads(into rows: inout MutableSpan<Float>, columns: Int, position: Int) {
    let lanes = min(WordLanes.width, rows.count / columns - position)
    var heads = rows._mutatingExtracting(columns * position..<columns * (position + lanes))
    let numbers = values.span
    switch columns {
    case 1:
      for lane in 0..<lanes { heads[lane] = numbers[2 &* lane] }
    case 2:
      for k in 0..<2 * lanes { heads[k] = numbers[k] }
    default:
      for lane in 0..<lanes {
        heads[3 &* lane] = numbers[4 &* lane]
        heads[3 &* lane &+ 1] = numbers[4 &* lane &+ 1]
        heads[3 &* lane &+ 2] = numbers[4 &* lane &+ 2]
      }
    }
  }
}
