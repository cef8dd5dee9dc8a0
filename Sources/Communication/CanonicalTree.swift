/// The fixed binary tree along which the S shards' gradients are summed.
///
/// A node is a range of shards [k·2ˡ, (k+1)·2ˡ); its sum is left + right. Whoever holds whole subtrees sums them
/// first, so the order of additions, and with it every bit, is that of the tree for any number of ranks.
public struct CanonicalTree: Sendable, Equatable {
  /// S, a power of two.
  public let shards: Int

  /// A tree over `shards` leaves.
  public init(shards: Int) {
    precondition(shards > 0 && shards & (shards - 1) == 0, "\(shards) shards: not a power of two")
    self.shards = shards
  }

  /// The contiguous shards of one rank; each rank has at least one when `ranks` ≤ S.
  public func range(rank: Int, of ranks: Int) -> Range<Int> {
    rank * shards / ranks..<(rank + 1) * shards / ranks
  }

  /// The largest nodes that a range of shards is made of, in order.
  ///
  /// Shards 5…9 of 16 are {5}, {6, 7}, {8, 9}.
  public static func maximalNodes(of range: Range<Int>) -> [Range<Int>] {
    steps(summing: range.map { $0..<$0 + 1 }).nodes
  }

  /// One addition: the sum in `from` is added to the one in `into`, its left sibling.
  public struct Addition: Sendable, Equatable {
    /// The slot of the left sibling, which takes the sum.
    public let into: Int
    /// The slot of the right sibling.
    public let from: Int
  }

  /// What to do with one node: put it in `slot`, then carry out the additions.
  public struct Step: Sendable, Equatable {
    /// Where the node goes.
    public let slot: Int
    /// The additions that it completes.
    public let additions: [Addition]
  }

  /// The order in which consecutive nodes are summed with a stack of slots, and the nodes left in slots 0, 1, ….
  public static func steps(summing nodes: [Range<Int>]) -> (steps: [Step], nodes: [Range<Int>]) {
    var stack: [Range<Int>] = []
    let steps = nodes.map { node in
      stack.append(node)
      let slot = stack.count - 1
      var additions: [Addition] = []
      while stack.count > 1, areSiblings(stack[stack.count - 2], stack[stack.count - 1]) {
        let right = stack.removeLast()
        let left = stack.removeLast()
        stack.append(left.lowerBound..<right.upperBound)
        additions.append(Addition(into: stack.count - 1, from: stack.count))
      }
      return Step(slot: slot, additions: additions)
    }
    return (steps, stack)
  }

  // Carries follow the absolute shard index: {1, 2} is no node, whoever holds both.
  private static func areSiblings(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    a.count == b.count && a.upperBound == b.lowerBound && a.lowerBound % (2 * a.count) == 0
  }
}
