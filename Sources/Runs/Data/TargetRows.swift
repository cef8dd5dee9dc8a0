internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Targets

/// A target's draws as rows: row i is draw i, so any rank can make any row.
struct TargetRows: RowSource {
  package let target: any Target
  package let rows: Int
  package let seed: UInt64

  package var dimension: Int { target.dimension + target.conditions }
  package var columnNames: [String]? { nil }
  package var isDouble: Bool { false }

  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    let stream = RandomStream(seed: seed, purpose: .targetDraw)
    let size = 1024
    var block = Matrix(rows: size, columns: dimension)
    for first in stride(from: 0, to: rows, by: size) {
      if rows - first < size { block = Matrix(rows: rows - first, columns: dimension) }
      target.draw(stream, firstIndex: UInt64(first), into: &block)
      try body(first, RowBlock(block))
    }
  }
}

extension Experiment {
  /// How many of `count` rows are held out; none where they have a file of their own.
  func heldOutCount(of count: Int) -> Int {
    guard case .fraction(let fraction) = data.heldOut else { return 0 }
    return Int(fraction * Double(count))
  }

  /// Which of `count` rows are held out: a seeded choice that depends on nothing else.
  func heldOutRows(of count: Int) -> [Bool] {
    var isHeldOut = [Bool](repeating: false, count: count)
    let kept = heldOutCount(of: count)
    guard kept > 0 else { return isHeldOut }
    let order = RandomStream(seed: seed, purpose: .heldOutSplit).permutation(of: count)
    for row in order.prefix(kept) { isHeldOut[Int(row)] = true }
    return isHeldOut
  }
}
