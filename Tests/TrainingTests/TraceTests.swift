import Foundation
import Networks
import TestSupport
import Testing
import Training

@testable import sgm_bench

@Suite struct TraceTests {
  /// A message between two ranks: whose, whose not, its tag and its length.
  private struct Message: Hashable {
    let from, to, tag, count: Int
  }

  @Test(
    "in a trace every message is received and waited for, and all ranks make the same collective calls",
    arguments: [1, 2, 3, 4], [0, 1, 5])
  func messages(ranks: Int, overlap: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/trace"
    let summary = try Trace(ranks: ranks, shards: 4, batch: 8, overlap: overlap).write(into: path, repeats: 1)
    let names = try String(contentsOfFile: path + "/trace", encoding: .utf8).split(separator: "\n")
    #expect(names.count == ranks)
    var (sent, received) = ([Message: Int](), [Message: Int]())
    var collectives: [[String]] = []
    for (rank, name) in names.enumerated() {
      let lines = try String(contentsOfFile: String(name), encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: " ")
      }
      #expect(lines.allSatisfy { $0[0] == "\(rank)" } && lines.first?[1] == "init" && lines.last?[1] == "finalize")
      let numbers = lines.map { $0.dropFirst(2).compactMap { Int($0) } }
      for (line, n) in zip(lines, numbers) {
        if line[1] == "isend" { sent[Message(from: rank, to: n[0], tag: n[1], count: n[2]), default: 0] += 1 }
        if line[1] == "irecv" { received[Message(from: n[0], to: rank, tag: n[1], count: n[2]), default: 0] += 1 }
      }
      let shared = zip(lines, numbers).filter { $0.0[1].hasPrefix("all") || $0.0[1] == "barrier" }
      // A rank waits for each message that it sends or receives after it began to, and only then sends the next of that name.
      var open: Set<[Int]> = []
      for (line, n) in zip(lines, numbers) {
        switch line[1] {
        case "isend": #expect(open.insert([rank, n[0], n[1]]).inserted)
        case "irecv": #expect(open.insert([n[0], rank, n[1]]).inserted)
        case "wait": #expect(open.remove(n) != nil)
        default: break
        }
      }
      #expect(open.isEmpty)
      collectives.append(shared.map { "\($0.0[1]) \($0.1.dropFirst())" })
      #expect(lines.contains { $0[1] == "compute" })
    }
    #expect(sent == received)
    #expect(Set(collectives).count == 1 && collectives[0].count >= 1)
    // Two stages of less than one float a parameter each: 4 (N − 1)/N bytes, and blocks of 4,096 make slices unequal.
    let parameters = Double(ParameterLayout(Case.larger.model.network).count)
    if ranks == 2 || ranks == 4 {
      let share = Double(ranks - 1) / Double(ranks)
      #expect(abs(Double(summary.sentBytes) - 8 * parameters * share) < 0.02 * 8 * parameters)
      // With overlap there are four pieces: the last layer is smaller than a piece and goes with the one below it.
      #expect(summary.messages == (ranks == 2 ? 2 : 4) * (overlap == 0 ? 1 : 4))
    }
  }
}
