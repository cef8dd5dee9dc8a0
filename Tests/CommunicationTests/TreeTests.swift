import Communication
import Testing

@Suite struct TreeTests {
  @Test("shards 5…9 of 16 are the nodes {5}, {6, 7}, {8, 9}") func maximalNodes() {
    #expect(CanonicalTree.maximalNodes(of: 5..<10) == [5..<6, 6..<8, 8..<10])
    #expect(CanonicalTree.maximalNodes(of: 0..<16) == [0..<16])
  }

  @Test("ranks cover all shards once, each with at least one", arguments: [1, 2, 3, 5, 7, 16])
  func ranges(ranks: Int) {
    let tree = CanonicalTree(shards: 16)
    let all = (0..<ranks).map { tree.range(rank: $0, of: ranks) }
    #expect(all.allSatisfy { !$0.isEmpty })
    #expect(Array(all.joined()) == Array(0..<16))
  }

  @Test("the sum's parentheses are the same for any number of ranks", arguments: 1...16)
  func parentheses(ranks: Int) {
    let tree = CanonicalTree(shards: 16)
    let parts = (0..<ranks).map { rank -> (nodes: [Range<Int>], sums: [String]) in
      let leaves = tree.range(rank: rank, of: ranks).map { $0..<$0 + 1 }
      return (
        CanonicalTree.maximalNodes(of: tree.range(rank: rank, of: ranks)),
        sum(leaves, leaves.map { "\($0.lowerBound)" })
      )
    }
    let whole = sum(parts.flatMap(\.nodes), parts.flatMap(\.sums))
    let serial = sum((0..<16).map { $0..<$0 + 1 }, (0..<16).map { "\($0)" })
    #expect(whole == serial)
    #expect(serial.count == 1 && serial[0].hasPrefix("((((0+1)+(2+3))"))
  }

  @Test("so they are for any number of threads of a rank", arguments: [1, 2, 3, 7, 16])
  func threads(ranks: Int) {
    let tree = CanonicalTree(shards: 16)
    for rank in 0..<ranks {
      let shards = tree.range(rank: rank, of: ranks)
      let leaves = shards.map { $0..<$0 + 1 }
      for count in 1...6 {
        let local = LocalSums(shards, parts: count)
        #expect(local.parts.count == min(count, shards.count))
        #expect(Array(local.parts.map(\.shards).joined()) == Array(shards))
        var slots = [String](repeating: "", count: local.slotCount)
        for part in local.parts {
          for (shard, step) in zip(part.shards, part.steps) {
            #expect(part.slots.contains(part.slots.lowerBound + step.slot))
            slots[part.slots.lowerBound + step.slot] = "\(shard)"
            for addition in step.additions {
              let (into, from) = (part.slots.lowerBound + addition.into, part.slots.lowerBound + addition.from)
              slots[into] = "(\(slots[into])+\(slots[from]))"
            }
          }
        }
        for addition in local.additions {
          slots[addition.into] = "(\(slots[addition.into])+\(slots[addition.from]))"
        }
        #expect(local.nodes.map { slots[$0] } == sum(leaves, shards.map { "\($0)" }), "\(shards) in \(count) parts")
        // What recursive halving counts on.
        if local.nodes.count == 1 { #expect(local.nodes == [0]) }
      }
    }
  }

  private func sum(_ nodes: [Range<Int>], _ leaves: [String]) -> [String] {
    let plan = CanonicalTree.steps(summing: nodes)
    var slots: [String] = []
    for (leaf, step) in zip(leaves, plan.steps) {
      #expect(step.slot == slots.count)
      slots.append(leaf)
      for addition in step.additions {
        let right = slots.removeLast()
        #expect(addition.from == slots.count && addition.into == slots.count - 1)
        slots[addition.into] = "(\(slots[addition.into])+\(right))"
      }
    }
    return slots
  }

  @Test("without mpirun a process is rank 0 of 1, and collective operations are the identity") func single() throws {
    let single = Communicator.single
    #expect(single.rank == 0 && single.size == 1 && single.isRoot)
    #expect(try single.allGather([1.5, 2]) == [1.5, 2])
    #expect(try single.broadcast([1, 2, 3]) == [1, 2, 3])
    struct Mine: Error {}
    #expect(throws: Mine.self) { try single.agree { throw Mine() } }
  }
}
