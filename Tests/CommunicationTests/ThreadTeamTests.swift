import Foundation
import Testing

@testable import Communication

@Suite struct ThreadTeamTests {
  @Test("every part is done once, by the thread of its number, and the caller is the first", arguments: 1...4)
  func parts(threads: Int) throws {
    let team = try ThreadTeam(count: threads)
    for parts in [0, 1, 2, 3, 7, 64] {
      let done = team.map(parts) { (part: $0, thread: pthread_self()) }
      #expect(done.map(\.part) == Array(0..<parts))
      #expect(done.first.map { $0.thread == pthread_self() } ?? true)
      // A single part is the caller's, whatever the team.
      let used = parts == 1 ? 1 : min(parts, threads)
      #expect(Set(done.map(\.thread)).count == used)
      for (part, own) in done.enumerated() { #expect(own.thread == done[part % threads].thread) }
    }
  }

  @Test("job after job is done whole, whether the threads are awake or asleep") func rounds() throws {
    let team = try ThreadTeam(count: 3)
    var counts = [Int](repeating: 0, count: 5)
    for round in 0..<1_000 {
      // Longer than threads stay awake.
      if round % 100 == 0 { usleep(2_000) }
      let own = team.map(5) { part in
        // Now and then another thread is the last.
        if round % 50 == 0, part == round / 50 % 5 { usleep(1_000) }
        return part + round
      }
      for part in 0..<5 { counts[part] += own[part] == part + round ? 1 : 0 }
    }
    #expect(counts == [Int](repeating: 1_000, count: 5))
  }

  @Test("ranges cover all elements in their order and begin at whole blocks", arguments: [1, 2, 3, 5])
  func ranges(threads: Int) throws {
    let team = try ThreadTeam(count: threads)
    for (count, block) in [(0, 4), (1, 4), (4, 4), (9, 4), (100, 1), (1_000, 64)] {
      let found = team.mapRanges(of: count, block: block) { [($0, $1)] }
      #expect(found.map(\.0) == Array(found.indices))
      #expect(found.flatMap { Array($0.1) } == Array(0..<count))
      #expect(found.allSatisfy { $0.1.lowerBound % block == 0 && !$0.1.isEmpty })
      #expect(found.count == min(threads, (count + block - 1) / block))
      // By whole blocks, no part is longer than another by more than one block.
      let lengths = found.map { ($0.1.count + block - 1) / block }
      #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
    }
  }

  @Test("a team's threads end with it") func end() throws {
    func threads() throws -> Int {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") }
      return try #require(line?.split(separator: "\t").last.flatMap { Int($0) })
    }
    // Other tests of the process start and end threads of their own: 50 teams of 21 would be 1,000 more than they have.
    for _ in 0..<50 { _ = try ThreadTeam(count: 21).map(21) { $0 } }
    #expect(try threads() < 500)
  }

  @Test("a rank says of how many threads it is, and the message of refused ones what to do") func words() throws {
    #expect(Communicator.single.words == "1 rank")
    #expect(try Communicator.single.with(threads: 2).words == "1 rank of 2 threads")
    #expect(Communicator(link: nil, rank: 0, size: 3).words == "3 ranks")
    let error = CommunicationError.threads(count: 900, reason: "Resource temporarily unavailable", rank: 2)
    #expect(
      error.description == "--threads 900: the operating system refused rank 2 its threads: Resource temporarily "
        + "unavailable; take fewer")
    #expect(error.status == 71)
  }
}
