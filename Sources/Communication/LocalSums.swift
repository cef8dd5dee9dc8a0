/// How a rank adds the gradients of its shards: in parts that need not wait for each other, and then across the parts.
///
/// Each part is a range of shards, for one thread, with slots of its own. It sums what lies whole in it, and the additions
/// across parts follow. Every element is added in the tree's order, whatever the number of parts.
public struct LocalSums: Sendable, Equatable {
  /// What one thread adds.
  public struct Part: Sendable, Equatable {
    /// Its shards.
    public let shards: Range<Int>
    /// What to do after each of them; slots are counted from the part's first.
    public let steps: [CanonicalTree.Step]
    /// Its slots among the rank's.
    public let slots: Range<Int>
  }

  /// The parts, in the order of shards.
  public let parts: [Part]
  /// The additions across parts, in order; slots are counted over all parts.
  public let additions: [CanonicalTree.Addition]
  /// The slots in which the rank's maximal nodes lie in the end, in order.
  public let nodes: [Int]

  /// A plan for `shards` in so many parts, or in one for each shard where there are fewer shards.
  public init(_ shards: Range<Int>, parts count: Int) {
    precondition(count > 0 && !shards.isEmpty, "\(shards) in \(count) parts")
    let count = min(count, shards.count)
    var (parts, whole, first): ([Part], [(node: Range<Int>, slot: Int)], Int) = ([], [], 0)
    for part in 0..<count {
      let bounds = (part...part + 1).map { shards.lowerBound + $0 * shards.count / count }
      let own = bounds[0]..<bounds[1]
      let (steps, nodes) = CanonicalTree.steps(summing: own.map { $0..<$0 + 1 })
      let slots = first..<first + (steps.map(\.slot).max() ?? 0) + 1
      parts.append(Part(shards: own, steps: steps, slots: slots))
      for (i, node) in nodes.enumerated() { whole.append((node, first + i)) }
      first = slots.upperBound
    }
    // A stack of slots, which need not be neighbours.
    var (open, additions): ([Int], [CanonicalTree.Addition]) = ([], [])
    for (own, step) in zip(whole, CanonicalTree.steps(summing: whole.map(\.node)).steps) {
      open.append(own.slot)
      for _ in step.additions {
        let from = open.removeLast()
        additions.append(CanonicalTree.Addition(into: open[open.count - 1], from: from))
      }
    }
    (self.parts, self.additions, nodes) = (parts, additions, open)
  }

  /// The number of gradient buffers that a rank needs.
  public var slotCount: Int { parts[parts.count - 1].slots.upperBound }
}
