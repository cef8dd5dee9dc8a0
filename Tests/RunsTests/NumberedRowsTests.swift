import Communication
import LinearAlgebra
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Metrics
@testable import Runs
@testable import Training

/// Rows that carry their own number, followed through every consumer of the split, on ranks that are threads.
@Suite struct NumberedRowsTests {
  private static let count = 203

  /// A table whose first column is the row's number; a quarter is held out.
  private func withTable<R>(_ body: (Experiment) throws -> R) throws -> R {
    let lines = (0..<Self.count).map { "\($0),\(($0 * 37) % 101)\n" }.joined()
    return try withFile(Array(("number,other\n" + lines).utf8), "numbered.csv") { path in
      try body(
        Experiment(
          yaml: """
            data: {file: \(path), held_out: 0.25, standardise: false}
            training: {shards: 8, batch: 64}
            """, file: "numbered.yaml"))
    }
  }

  private func numbers(_ rows: borrowing Matrix) -> [Int] { (0..<rows.rows).map { Int(rows[$0, 0]) } }

  @Test(
    "training and held-out rows are disjoint, make up the file, and are the same on any number of ranks",
    arguments: [1, 2, 3, 5])
  func loaded(ranks: Int) throws {
    try withTable { experiment in
      let loaded = try onRanks(ranks) { communicator in
        let set = try DataSource(experiment, base: "").load(communicator)
        let own = set.training
        // What a step takes, position by position, for two epochs of every shard.
        var streams: [Int: [Int]] = [:]
        for shard in own.shards {
          let rows = own.assignment.positions(of: shard).count
          streams[shard] = (0..<2 * rows).map { Int(own.rows[own.row(shard: shard, at: $0), 0]) }
        }
        let held = (0..<set.heldOut.rows).map { Int(set.heldOut[$0, 0]) }
        return (streams: streams, held: held, fingerprint: set.description.fingerprint, rows: set.description.rows)
      }
      let alone = try DataSource(experiment, base: "").load(.single)
      #expect(loaded[0].held == numbers(alone.heldOut) && loaded[0].held.count == 50)
      var training: [Int] = []
      for rank in loaded {
        #expect(rank.held == loaded[0].held && rank.rows == 153)
        #expect(rank.fingerprint == alone.description.fingerprint)
        for (shard, stream) in rank.streams {
          let own = alone.training
          // The same rows in the same order as on one rank, and each once an epoch.
          #expect(stream == stream.indices.map { Int(own.rows[own.row(shard: shard, at: $0), 0]) }, "shard \(shard)")
          #expect(Set(stream).count == stream.count / 2)
          training += Array(Set(stream))
        }
      }
      #expect((training + loaded[0].held).sorted() == Array(0..<Self.count))
    }
  }

  @Test("rows by number and rows by blocks are those of the part that is asked for") func parts() throws {
    try withTable { experiment in
      let source = try DataSource(experiment, base: "")
      let set = try source.load(.single)
      let (held, origin) = (Set(numbers(set.heldOut)), [0.0, 0.0])
      for part in [DataSource.Part.training, .heldOut] {
        var all: [Int] = []
        try source.forEachBlock(of: part, less: origin) { block in all += numbers(block) }
        #expect(all == (0..<Self.count).filter { held.contains($0) == (part == .heldOut) })
        #expect(source.count(part) == all.count)
        // Asked for in any order, each comes at its own place; twice where it is asked for twice.
        let asked = [7, 0, 31, 7, all.count - 1]
        let found = try source.rows(part, asked, less: origin)
        #expect(numbers(found) == asked.map { all[$0] })
      }
      #expect(source.hasHeldOut && source.shownPart == .heldOut)
    }
  }

  @Test(
    "judging compares with held-out rows, takes its Gaussian from training rows, and looks for copies among these",
    arguments: [1, 3])
  func judged(ranks: Int) throws {
    try withTable { experiment in
      let set = try DataSource(experiment, base: "").load(.single)
      let held = numbers(set.heldOut)
      let training = (0..<Self.count).filter { !held.contains($0) }
      let found = try onRanks(ranks) { communicator in
        let source = try DataSource(experiment, base: "")
        let truth = try Truth(source, less: [0, 0], judged: 20)
        let unseen = try truth.unseenRows(30, for: .likelihood, less: [0, 0], seed: 1)
        var nearest = try truth.nearestTrainingRows()
        func copies(_ part: DataSource.Part) throws -> Double {
          try nearest.values(to: source.rows(part, 0..<20, less: [0, 0]))[1]
        }
        let (of, beside) = (try copies(.training), try copies(.heldOut))
        var first = Matrix(rows: 10, columns: 2)
        var second = Matrix(rows: 10, columns: 2)
        try truth.samples.fill(&first, &second, repeat: 0, seed: 1)
        return (
          unseen: (0..<unseen.rows).map { Int(unseen[$0, 0]) }, copies: [of, beside],
          mean: try truth.gaussian(communicator).mean[0],
          pair: (0..<10).map { Int(first[$0, 0]) } + (0..<10).map { Int(second[$0, 0]) }
        )
      }
      for one in found {
        #expect(one.unseen == Array(held.sorted().prefix(30)))
        // A training row is at distance 0 from itself; a held-out row is some rows away from any.
        #expect(one.copies[0] == 1 && one.copies[1] < 0.3)
        let mean = Double(training.reduce(0, +)) / Double(training.count)
        #expect(abs(one.mean - mean) < 1e-12 * mean)  // rounding
        // The reference is held out, and training rows stand for independent ones in the floor.
        #expect(Set(one.pair).count == 20 && Set(one.pair.prefix(10)).isSubset(of: Set(held)))
        #expect(Set(one.pair.suffix(10)).isSubset(of: Set(training)))
      }
    }
  }
}
