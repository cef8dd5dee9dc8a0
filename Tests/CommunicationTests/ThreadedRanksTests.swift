import Foundation
import TestSupport
import Testing

@testable import Communication

@Suite struct ThreadedRanksTests {
  @Test("every rank receives the root's bytes, of the root's length", arguments: [1, 2, 3, 7])
  func broadcast(ranks: Int) throws {
    let root = ranks - 1
    let received = try onRanks(ranks) { communicator in
      let mine = (0...communicator.rank).map { UInt8(10 * communicator.rank + $0) }
      return try communicator.broadcast(mine, root: root)
    }
    #expect(received.allSatisfy { $0 == (0...root).map { UInt8(10 * root + $0) } })
  }

  @Test("numbers and bytes are gathered in the order of the ranks, whatever each brings", arguments: [1, 2, 3, 7])
  func gathering(ranks: Int) throws {
    // Rank r brings r mod 3 numbers, so that some bring none.
    let gathered = try onRanks(ranks) { communicator in
      let rank = communicator.rank
      let numbers = (0..<rank % 3).map { Double(100 * rank + $0) }
      return (
        numbers: try communicator.allGather(numbers), bytes: try communicator.allGather(numbers.map { UInt8($0 / 10) })
      )
    }
    let expected = (0..<ranks).map { rank in (0..<rank % 3).map { Double(100 * rank + $0) } }
    for one in gathered {
      #expect(one.numbers == expected.flatMap { $0 })
      #expect(one.bytes == expected.map { $0.map { UInt8($0 / 10) } })
    }
  }

  @Test("a rank's section of a buffer reaches every rank's buffer at its place, and nothing else is touched")
  func sections() throws {
    let sections = Sections(counts: [2, 0, 3])
    let buffers = try onRanks(3) { communicator in
      var buffer = [Float](repeating: -1, count: 6)
      for i in sections.range(communicator.rank) { buffer[i] = Float(10 * communicator.rank + i) }
      try unsafe buffer.withUnsafeMutableBufferPointer { pointer in
        try unsafe communicator.allGatherInPlace(#require(pointer.baseAddress), sections: sections)
      }
      return buffer
    }
    #expect(buffers.allSatisfy { $0 == [0, 1, 22, 23, 24, -1] })
  }

  @Test("an error on some ranks becomes the lowest one's on all, with its text, its status, and who met it where")
  func agreement() throws {
    struct Mine: StatusError {
      let rank: Int
      var description: String { "rank \(rank): no such file" }
      var status: Int32 { Int32(60 + rank) }
    }
    let texts = try onRanks(4) { communicator -> AgreedError? in
      do {
        try communicator.agree { if communicator.rank % 2 == 1 { throw Mine(rank: communicator.rank) } }
        return nil
      } catch { return error as? AgreedError }
    }
    for error in texts {
      let host = hostName()
      let words = "rank 1: no such file (rank 1 on \(host), rank 3 on \(host), not on rank 0)"
      #expect(error?.description == words && error?.status == 61 && error?.rank == 1)
    }
    // Where rank 0 meets it too, or alone because it alone looked, no host is to blame.
    let everywhere = try onRanks(2) { communicator -> String? in
      do { try communicator.agree { throw Mine(rank: communicator.rank) } } catch { return "\(error)" }
      return nil
    }
    for words in everywhere { #expect(words?.contains("rank 0: no such file") ?? false, "\(words ?? "")") }
    for words in everywhere { #expect(!(words?.contains("not on rank 0") ?? true)) }
    struct Plain: Error {}
    let plain = try onRanks(2) { communicator -> Int32? in
      do { try communicator.agree { if communicator.rank == 1 { throw Plain() } } } catch {
        return (error as? AgreedError)?.status
      }
      return nil
    }
    // EX_SOFTWARE, for an error that names no status.
    #expect(plain == [70, 70])
  }

  @Test("where no rank fails each keeps its own result; what the root reads, all have")
  func agreedResults() throws {
    let results = try onRanks(3) { communicator in
      let own = try communicator.agree { communicator.rank * 5 }
      let read = try communicator.fromRoot {
        #expect(communicator.isRoot)
        return [7, UInt8(communicator.rank)]
      }
      return [own] + read.map { Int($0) }
    }
    #expect(results == [[0, 7, 0], [5, 7, 0], [10, 7, 0]])
  }

  @Test("ranks of one colour form a group of their own, in the order of their keys")
  func split() throws {
    let groups = try onRanks(5) { communicator in
      // Even and odd ranks, the last first.
      let part = try communicator.split(color: communicator.rank % 2, key: -communicator.rank)
      let members = try part.allGather([Double(communicator.rank)])
      try part.free()
      try communicator.barrier()
      return [Double(part.rank), Double(part.size)] + members
    }
    #expect(groups == [[2, 3, 4, 2, 0], [1, 2, 3, 1], [1, 3, 4, 2, 0], [0, 2, 3, 1], [0, 3, 4, 2, 0]])
  }

  @Test("the first rank alone is the root") func root() throws {
    #expect(
      try onRanks(3) { [$0.isRoot, $0.rank == 0, $0.size == 3] }.map { $0 } == [
        [true, true, true], [false, false, true], [false, false, true],
      ])
  }

  @Test("a sum for comparison of speeds adds every rank's numbers once")
  func allReduce() throws {
    let sums = try onRanks(3) { communicator in
      var numbers = [Float(communicator.rank), 10]
      try unsafe numbers.withUnsafeMutableBufferPointer { pointer in
        try unsafe communicator.allReduceForComparison(#require(pointer.baseAddress), count: 2)
      }
      return numbers
    }
    #expect(sums.allSatisfy { $0 == [3, 30] })
  }

  // These guard the tests that use such ranks: MPI would hang, or mix up messages.
  @Test("ranks that do not make the same calls are told so")
  func brokenCollectives() {
    #expect(throws: BrokenCollective.self) {
      _ = try onRanks(2) { communicator in
        if communicator.rank == 0 { try communicator.barrier() } else { _ = try communicator.allGather([1.0]) }
      }
    }
    #expect(throws: BrokenCollective.self) {
      _ = try onRanks(3) { communicator in if communicator.rank != 1 { try communicator.barrier() } }
    }
    // A message of another length than is expected, and one that no one takes.
    for counts in [(1, 2), (1, 0)] {
      #expect(throws: BrokenCollective.self) {
        _ = try onRanks(2, limit: 1) { communicator in
          var numbers: [Float] = [1, 2]
          try unsafe numbers.withUnsafeMutableBufferPointer { buffer in
            let first = try unsafe #require(buffer.baseAddress)
            let isFirst = communicator.rank == 0
            let transfer = unsafe Transfer(
              address: first, count: isFirst ? counts.0 : counts.1, peer: 1 - communicator.rank, tag: 0)
            try unsafe communicator.link?.exchange(
              sends: isFirst ? [transfer] : [], receives: isFirst ? [] : [transfer])
          }
        }
      }
    }
    struct Mine: Error {}
    #expect(throws: Mine.self) {
      _ = try onRanks(2) { communicator in
        if communicator.rank == 1 { throw Mine() }
        try communicator.barrier()
      }
    }
  }
}
