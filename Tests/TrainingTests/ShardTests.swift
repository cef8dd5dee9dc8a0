import Communication
import LinearAlgebra
import Testing

@testable import Training

@Suite struct ShardTests {
  @Test("every row belongs to one shard, and shards differ by one row at most", arguments: [16, 17, 1000])
  func assignment(rows: Int) {
    let assignment = ShardAssignment(rows: rows, shards: 16, seed: 1)
    let positions = (0..<16).map { assignment.positions(of: $0) }
    #expect(Array(positions.joined()) == Array(0..<rows))
    #expect(positions.allSatisfy { [rows / 16, rows / 16 + 1].contains($0.count) })
    #expect(assignment.order.sorted() == (0..<UInt32(rows)).map { $0 })
    #expect(ShardAssignment(rows: rows, shards: 16, seed: 2).order != assignment.order)
  }

  @Test("a shard's stream visits all of its rows once an epoch, in an order that changes")
  func epochs() {
    let assignment = ShardAssignment(rows: 107, shards: 4, seed: 1)
    let data = ShardedRows(assignment: assignment, shards: 0..<4, dimension: 1, seed: 1)
    for shard in 0..<4 {
      let own = assignment.positions(of: shard)
      let orders = (0..<3).map { epoch in
        (0..<own.count).map { data.row(shard: shard, at: epoch * own.count + $0) }
      }
      for order in orders { #expect(order.sorted() == Array(own)) }
      #expect(orders[0] != orders[1] && orders[1] != orders[2])
    }
    // Each shard has an order of its own: the first 26 of its rows, counted from its first one.
    let own = (0..<4).map { shard in
      (0..<26).map { data.row(shard: shard, at: $0) - assignment.positions(of: shard).lowerBound }
    }
    #expect(Set(own).count == 4)
  }

  @Test("a shard reads the same rows whichever rank holds it, and wherever it starts to read", arguments: [2, 3, 4])
  func ranks(size: Int) {
    let assignment = ShardAssignment(rows: 107, shards: 4, seed: 1)
    let tree = CanonicalTree(shards: 4)
    let whole = ShardedRows(assignment: assignment, shards: 0..<4, dimension: 1, seed: 1)
    for rank in 0..<size {
      let shards = tree.range(rank: rank, of: size)
      let part = ShardedRows(assignment: assignment, shards: shards, dimension: 1, seed: 1)
      let first = assignment.positions(of: shards).lowerBound
      for shard in shards {
        for place in [90, 5, 31, 91] {
          #expect(part.row(shard: shard, at: place) + first == whole.row(shard: shard, at: place))
        }
      }
    }
  }
}
