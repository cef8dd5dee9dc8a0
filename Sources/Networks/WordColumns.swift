/// The columns of 0 and 1 among a network's observed inputs whose posterior mean `WordHead` tells, and their law by itself.
///
/// A block of several columns holds one word: exactly one of them is 1. A block of one column is 1 or 0. In trained coordinates
/// a column is (x − centre)/scale of x in {0, 1}.
public struct WordColumns: Sendable, Equatable {
  /// The columns of each block, without overlap.
  public let blocks: [Range<Int>]
  /// What 0 and 1 are centred by, one number for each column of a row; other columns' are not used.
  public let centre: [Float]
  /// What they are divided by, as `centre`.
  public let scale: [Float]
  /// ln π, or for a block of one column ln π/(1 − π), of the probability π that the column is 1; as `centre`.
  public let logPrior: [Float]

  /// The columns of some blocks.
  ///
  /// - Parameters:
  ///   - blocks: the columns of each.
  ///   - centre: one number for each column of a row, as the others.
  ///   - scale: positive.
  ///   - logPrior: finite.
  public init(blocks: [Range<Int>], centre: [Float], scale: [Float], logPrior: [Float]) {
    precondition(
      centre.count == scale.count && centre.count == logPrior.count,
      "\(centre.count), \(scale.count) and \(logPrior.count) numbers for the columns of a row")
    precondition(blocks.allSatisfy { !$0.isEmpty && centre.indices.contains($0.upperBound - 1) }, "blocks \(blocks)")
    precondition(zip(blocks, blocks.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }, "blocks \(blocks)")
    (self.blocks, self.centre, self.scale, self.logPrior) = (blocks, centre, scale, logPrior)
  }

  /// The word of a block in a row of data in trained coordinates: a column's number in the block.
  ///
  /// For a block of one column 0 stands for its 1, and 1 for its 0. Where several columns are equally near to 1, as in no row
  /// of data, it is the first.
  @unsafe public func word(of block: Int, in row: UnsafePointer<Float>) -> Int {
    let columns = blocks[block]
    func number(_ k: Int) -> Float { unsafe centre[k].addingProduct(scale[k], row[k]) }
    guard columns.count > 1 else { return number(columns.lowerBound) >= 0.5 ? 0 : 1 }
    var (best, largest) = (0, -Float.infinity)
    for (place, k) in columns.enumerated() where number(k) > largest { (best, largest) = (place, number(k)) }
    return best
  }

  /// The columns of a row that belong to no block, in order.
  public func others(of count: Int) -> [Range<Int>] {
    let ends = blocks.map(\.lowerBound) + [count]
    let starts = [0] + blocks.map(\.upperBound)
    return zip(starts, ends).filter { $0 < $1 }.map { $0..<$1 }
  }
}
