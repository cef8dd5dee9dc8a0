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
