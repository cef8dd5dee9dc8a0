import TestSupport
import Testing

@testable import Communication

@Suite struct TreeExchangeTests {
  /// A shard's gradient, of numbers whose sum depends on the order of additions.
  private static func gradient(ofShard shard: Int, count: Int) -> [Float] {
    (0..<count).map { i in
      var state = UInt64(shard * count + i + 1) &* 0x9e37_79b9_7f4a_7c15
      state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
      return Float(Int64(bitPattern: state ^ (state >> 27)) >> 20) * 0x1p-30
    }
  }

  /// The tree written down as a recursion: left half plus right half.
  private static func sum(_ shards: Range<Int>, count: Int) -> [Float] {
    guard shards.count > 1 else { return gradient(ofShard: shards.lowerBound, count: count) }
    let middle = (shards.lowerBound + shards.upperBound) / 2
    let (left, right) = (
      sum(shards.lowerBound..<middle, count: count), sum(middle..<shards.upperBound, count: count)
    )
    return zip(left, right).map { $0 + $1 }
  }

  /// What every rank holds after it summed its own shards, exchanged nodes and gathered the slices.
  private static func exchanged(
    ranks: Int, threads: Int = 1, shards: Int, count: Int, pieces: [Range<Int>]? = nil, block: Int
  ) throws -> [[Float]] {
    try onRanks(ranks, threads: threads) { communicator in
      let exchange = TreeExchange(
        communicator: communicator, tree: CanonicalTree(shards: shards), parameters: count, pieces: pieces,
        block: block)
      // Gaps between the buffers, which nobody may read or write.
      let stride = count + 3
      var buffers = [Float](repeating: .nan, count: exchange.local.slotCount * stride)
      return try unsafe buffers.withUnsafeMutableBufferPointer { buffer in
        let base = try unsafe #require(buffer.baseAddress)
        var whole: [Float] = []
        // Twice: a second exchange in the same buffers must not remember the first.
        for _ in 0..<2 {
          for part in exchange.local.parts {
            let own = unsafe base + part.slots.lowerBound * stride
            for (shard, step) in zip(part.shards, part.steps) {
              for (i, x) in gradient(ofShard: shard, count: count).enumerated() {
                unsafe own[step.slot * stride + i] = x
              }
              for addition in step.additions {
                unsafe add(own + addition.from * stride, into: own + addition.into * stride, count: count)
              }
            }
          }
          unsafe exchange.addParts(base, stride: stride, count: count)
          // Some ranks send off more than others before they complete the sum.
          for piece in 0..<min(communicator.rank % 4, pieces?.count ?? 0) {
            for _ in 0...communicator.rank { unsafe exchange.advance(base, pieces: piece + 1) }
          }
          let sum = try unsafe exchange.complete(base, stride: stride)
          whole = [Float](repeating: 0, count: count)
          for i in exchange.slices[communicator.rank].ranges.joined() { whole[i] = unsafe sum[i] }
          try unsafe whole.withUnsafeMutableBufferPointer { pointer in
            try unsafe exchange.gather(#require(pointer.baseAddress))
          }
        }
        return whole
      }
    }
  }

  @Test("every rank ends with the tree's sum, bit by bit, for any number of ranks", arguments: 1...16)
  func sums(ranks: Int) throws {
    // Seven blocks: with more ranks than blocks some slices are empty, and the last block is short.
    let expected = Self.sum(0..<16, count: 100)
    let found = try Self.exchanged(ranks: ranks, shards: 16, count: 100, block: 16)
    for (rank, whole) in found.enumerated() { #expect(whole == expected, "rank \(rank) of \(ranks)") }
    // The shards' numbers tell orders apart: a plain sum from the left is another.
    let plain = (1..<16).reduce(Self.gradient(ofShard: 0, count: 100)) { sum, shard in
      zip(sum, Self.gradient(ofShard: shard, count: 100)).map { $0 + $1 }
    }
    #expect(plain != expected)
  }

  @Test("so it does for any number of threads, more than shards included", arguments: [1, 2, 3, 4, 7, 16])
  func threads(ranks: Int) throws {
    let expected = Self.sum(0..<16, count: 100)
    for threads in [2, 3, 5, 17] {
      let found = try Self.exchanged(ranks: ranks, threads: threads, shards: 16, count: 100, block: 16)
      for whole in found { #expect(whole == expected, "\(ranks) ranks of \(threads) threads") }
    }
  }

  @Test("so it does in pieces that set out one after another", arguments: [1, 2, 3, 4, 8, 16])
  func pieces(ranks: Int) throws {
    let expected = Self.sum(0..<16, count: 100)
    // A piece of a single block, which is short, and pieces of fewer blocks than ranks.
    for pieces in [[64..<100, 32..<64, 0..<32], [96..<100, 16..<96, 0..<16], [0..<100]] {
      let found = try Self.exchanged(ranks: ranks, shards: 16, count: 100, pieces: pieces, block: 16)
      for whole in found { #expect(whole == expected, "\(ranks) ranks, pieces \(pieces)") }
    }
  }

  @Test("an error on the way is kept, and the sum is not completed") func failure() {
    let error = #expect(throws: BrokenCollective.self) {
      _ = try onRanks(2, limit: 2) { communicator in
        // The ranks do not agree on the pieces: the first messages are of 16 and of 32 numbers.
        let exchange = TreeExchange(
          communicator: communicator, tree: CanonicalTree(shards: 2), parameters: 64,
          pieces: communicator.rank == 0 ? [32..<64, 0..<32] : [0..<64], block: 16)
        var numbers = [Float](repeating: 1, count: 64)
        try unsafe numbers.withUnsafeMutableBufferPointer { buffer in
          let base = try unsafe #require(buffer.baseAddress)
          unsafe exchange.advance(base, pieces: 1)
          try communicator.barrier()
          // Among three looks two find what is there.
          for _ in 0..<3 { unsafe exchange.advance(base, pieces: 1) }
          _ = try unsafe exchange.complete(base, stride: 64)
        }
      }
    }
    #expect(error?.description.contains("are expected") == true, "\(String(describing: error))")
  }

  @Test("while slices are gathered, something else is done once, before the last of them is here", arguments: 1...5)
  func meanwhile(ranks: Int) throws {
    let done = try onRanks(ranks) { communicator in
      let exchange = TreeExchange(
        communicator: communicator, tree: CanonicalTree(shards: 8), parameters: 100, block: 16)
      var (numbers, missing, count) = ([Float](repeating: -1, count: 100), 0, 0)
      for i in exchange.slices[communicator.rank].ranges.joined() { numbers[i] = Float(i) }
      try unsafe numbers.withUnsafeMutableBufferPointer {
        let base = try unsafe #require($0.baseAddress)
        try unsafe exchange.gather(base) { poll in
          missing = (0..<100).count { unsafe base[$0] == -1 }
          count += 1
          poll()
        }
      }
      return (numbers, missing, count)
    }
    for (numbers, missing, count) in done {
      #expect(numbers == (0..<100).map { Float($0) } && count == 1)
      #expect((missing > 0) == (ranks > 1))
    }
  }

  @Test("slices are whole blocks that together are all parameters", arguments: [1, 2, 3, 5, 8])
  func slices(ranks: Int) throws {
    for pieces in [nil, [64..<100, 0..<64]] {
      let all = try onRanks(ranks) { communicator in
        let exchange = TreeExchange(
          communicator: communicator, tree: CanonicalTree(shards: 8), parameters: 100, pieces: pieces, block: 16)
        return exchange.slices
      }
      for slices in all {
        #expect(slices == all[0])
        let ranges = slices.flatMap(\.ranges)
        #expect(ranges.flatMap { Array($0) }.sorted() == Array(0..<100))
        #expect(ranges.allSatisfy { $0.lowerBound % 16 == 0 && ($0.upperBound % 16 == 0 || $0.upperBound == 100) })
        // Seven blocks, in two pieces of three and four: no rank has more than one more of a piece than another.
        let blocks = slices.map { ($0.count + 15) / 16 }
        #expect((blocks.max() ?? 9) - (blocks.min() ?? 0) <= (pieces?.count ?? 1))
      }
    }
  }

  @Test("a slice is gone through in ranges, whole or in part; neighbours are one range")
  func ranges() {
    let slice = Slice([40..<50, 10..<15, 30..<30, 15..<20])
    #expect(slice.ranges == [10..<20, 40..<50] && slice.count == 20)
    func found(_ places: Range<Int>?) -> [[Int]] {
      var all: [[Int]] = []
      slice.forEachRange(at: places) { all.append([$0.lowerBound, $0.upperBound, $1]) }
      return all
    }
    #expect(found(nil) == [[10, 20, 0], [40, 50, 10]])
    #expect(found(3..<12) == [[13, 20, 3], [40, 42, 10]])
    #expect(found(10..<20) == [[40, 50, 10]] && found(4..<4).isEmpty)
    #expect(Slice([]).count == 0)
  }

  @Test("N ranks halve what they hold in log2 N messages, less than one float a parameter", arguments: [2, 4, 8])
  func halving(ranks: Int) {
    let bounds = (0...ranks).map { 10 * $0 }
    let all = (0..<ranks).map { HalvingRounds(rank: $0, bounds: bounds).rounds }
    for (rank, rounds) in all.enumerated() {
      #expect(1 << rounds.count == ranks)
      #expect(rounds.reduce(0) { $0 + $1.sent.count } == 10 * (ranks - 1))
      for (k, round) in rounds.enumerated() {
        // Siblings of level k, who keep what the other sends.
        #expect(round.peer >> (k + 1) == rank >> (k + 1) && round.peer != rank)
        #expect(all[round.peer][k] == .init(peer: rank, kept: round.sent, sent: round.kept))
      }
    }
    let owners = HalvingRounds.owners(ranks: ranks)
    for (part, owner) in owners.enumerated() { #expect(all[owner].last?.kept == 10 * part..<10 * part + 10) }
    #expect(HalvingRounds.owners(ranks: 8) == [0, 4, 2, 6, 1, 5, 3, 7])
  }

  @Test("a group of ranks that is part of the whole sums among themselves alone")
  func groups() throws {
    let sums = try onRanks(4) { communicator in
      let part = try communicator.split(color: communicator.rank / 2, key: communicator.rank)
      let exchange = TreeExchange(communicator: part, tree: CanonicalTree(shards: 2), parameters: 4, block: 2)
      var numbers = [Float](repeating: Float(1 + communicator.rank), count: 4)
      return try unsafe numbers.withUnsafeMutableBufferPointer { buffer in
        let sum = try unsafe exchange.complete(#require(buffer.baseAddress), stride: 4)
        return exchange.slices[part.rank].ranges.joined().map { unsafe sum[$0] }
      }
    }
    #expect(sums == [[3, 3], [3, 3], [7, 7], [7, 7]])
  }
}
