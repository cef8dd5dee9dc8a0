import Communication
import LinearAlgebra
import Randomness
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Metrics
@testable import Runs
@testable import Training

/// What loading makes of rows: their order, their scaling, their fingerprint and their origin.
@Suite struct LoadedDataTests {
  /// An experiment on a table; `text` has a line of names.
  private func withTable<R>(_ text: String, _ settings: String..., body: (Experiment) throws -> R) throws -> R {
    try withFile(Array(text.utf8), "loaded.csv") { path in
      try body(
        Experiment(
          yaml: "data: {file: \(path), held_out: 0.25}\ntraining: {shards: 4, batch: 64}", file: "a.yaml",
          settings: settings))
    }
  }

  private static let numbered = "number,other\n" + (0..<200).map { "\($0),\(($0 * 37) % 101)\n" }.joined()

  @Test("means and variances of shards of unlike size are those of all rows, and ranges go over all") func statistics()
  {
    // 1, 2, 6 and 11: means 3 and 11, sums of squares 14 and 0. Together mean 5, variance (16 + 9 + 1 + 36)/4.
    let partials: [Double] = [3, 77, 3, 14, 1, 6] + [1, 78, 11, 0, 11, 11]
    let all = ColumnStatistics(partials: partials, dimension: 1, tree: CanonicalTree(shards: 2))
    #expect(all.means == [5] && all.variances == [15.5] && all.least == [1] && all.largest == [11])
    #expect(all.digests == [77, 78])
  }

  @Test("training rows are mixed before they go to shards, and held-out rows keep the file's order") func order() throws
  {
    try withTable(Self.numbered, "data.standardise=false") { experiment in
      let source = try DataSource(experiment, base: "")
      let set = try source.load(.single)
      let held = (0..<set.heldOut.rows).map { Int(set.heldOut[$0, 0]) }
      let training = (0..<set.training.rows.rows).map { Int(set.training.rows[$0, 0]) }
      #expect(held == held.sorted() && Set(held).count == 50)
      // In a random order the first of two neighbours is the smaller one in half of 149 cases, ± 3.5: four deviations are allowed.
      let rising = zip(training, training.dropFirst()).count { $0 < $1 }
      #expect(Set(training).count == 150 && abs(rising - 75) < 15, "\(rising)")
    }
  }

  @Test("the fingerprint sees every row, held-out rows too") func fingerprint() throws {
    func fingerprint(_ text: String) throws -> String {
      try withTable(text) { try DataSource($0, base: "").load(.single).description.fingerprint }
    }
    let first = try fingerprint(Self.numbered)
    for row in 0..<200 {
      let changed = Self.numbered.replacing("\n\(row),", with: "\n\(row).5,")
      #expect(try fingerprint(changed) != first, "row \(row)")
    }
  }

  @Test("data that a run goes on with keep the scaling of those that it began with") func keptScaling() throws {
    let description = try withTable("x,y\n" + (0..<64).map { "\($0 % 2 == 0 ? 90 : 110),\($0)\n" }.joined()) {
      try DataSource($0, base: "").load(.single).description
    }
    try withTable("x,y\n" + (0..<64).map { "\($0 + 300),\($0)\n" }.joined()) { experiment in
      let source = try DataSource(experiment, base: "")
      #expect(try source.load(keeping: description, .single).description.standardisation == description.standardisation)
      #expect(try source.load(.single).description.standardisation != description.standardisation)
    }
  }

  @Test("an origin is taken from rows to judge, and what is judged comes to the same trained numbers") func origins()
    throws
  {
    let text = "time,x\n" + (0..<64).map { "\(1_700_000_000.0 + 0.25 * Double($0)),\($0)\n" }.joined()
    try withTable(text) { experiment in
      let source = try DataSource(experiment, base: "")
      let set = try source.load(.single)
      let origin = set.description.origin
      // The times span 16 s.
      #expect(abs(origin[0] - 1_700_000_000) < 100 && origin[1] == 0, "\(origin)")
      let held = try source.rows(.heldOut, 0..<16, less: origin)
      for r in 0..<16 {
        // Quarters of a second, which the whole number would lose in single precision.
        #expect(Double(held[r, 0]) + origin[0] == 1_700_000_000 + 0.25 * Double(held[r, 1]))
      }
      let trained = set.description.trainedData(held)
      for r in 0..<16 {
        // Single precision of numbers below 4, and of the distance from the origin.
        for k in 0..<2 { #expect(abs(trained[r, k] - set.heldOut[r, k]) < 1e-5, "row \(r), column \(k)") }
      }
    }
  }

  @Test("rows of a target are draws of their own number, in every block") func targetRows() throws {
    let target = GaussianMixture.mg25(dimension: 2)
    let rows = TargetRows(target: target, rows: 2_100, seed: 5)
    var firsts: [Int] = []
    try rows.forEachBlock { first, block in
      firsts.append(first)
      var known = Matrix(rows: block.rows, columns: 2)
      target.draw(RandomStream(seed: 5, purpose: .targetDraw), firstIndex: UInt64(first), into: &known)
      #expect(block.numbers == array(known).map(Double.init))
    }
    #expect(firsts == [0, 1_024, 2_048])
  }

  @Test("a target's rows for likelihoods are none of those that it trains on") func unseen() throws {
    let experiment = try Experiment(yaml: "data: {target: mg25, count: 400, held_out: 0}", file: "a.yaml")
    let source = try DataSource(experiment, base: "")
    let trained = try source.rows(.training, 0..<400, less: [0, 0])
    let unseen = try Truth(source, less: [0, 0], judged: 20).unseenRows(
      30, for: .likelihood, less: [0, 0], seed: experiment.seed)
    let known = Set((0..<400).map { trained[$0, 0] })
    #expect(unseen.rows == 30 && (0..<30).allSatisfy { !known.contains(unseen[$0, 0]) })
  }

  @Test("a constant column of samples has the data's constant, whatever the network says") func constants() throws {
    try withTable("x,same\n" + (0..<64).map { "\($0),7.25\n" }.joined()) { experiment in
      let description = try DataSource(experiment, base: "").load(.single).description
      var samples = Matrix(rows: 2, columns: 2)
      (samples[0, 1], samples[1, 1]) = (0.5, -3)
      let double = description.restored(samples, count: 2)
      description.restore(&samples)
      for r in 0..<2 { #expect(samples[r, 1] == 7.25 && double[r, 1] == 7.25) }
    }
  }

  @Test("a record of particles goes over the chunks of all ranks") func particles() throws {
    let all = try onRanks(3) { communicator in
      var own = ParticleRecord()
      (own.chunks, own.resamplings) = (1, 10 * (communicator.rank + 1))
      (own.smallestEffective, own.distinct, own.held) = (
        [9.5, 7.25, 8][communicator.rank], 30 - communicator.rank, [3, 6, 0][communicator.rank]
      )
      return try own.over(communicator)
    }
    for one in all {
      #expect(
        one.chunks == 3 && one.resamplings == 60 && one.smallestEffective == 7.25 && one.distinct == 28 && one.held == 3
      )
    }
  }

  @Test("a column of a kind is standardised and trained as its kind is") func kinds() throws {
    // e⁰ and e²: ln x has mean 1 and deviation 1.
    let (one, other) = (1.0, 7.38905609893065)
    try withTable(
      "x,y\n" + (0..<64).map { "\($0 % 2 == 0 ? one : other),\($0)\n" }.joined(), "data.columns=x: positive",
      "data.held_out=0"
    ) {
      let set = try DataSource($0, base: "").load(.single)
      let units = set.description.standardisation
      #expect(abs(units.mean[0] - 1) < 1e-12 && abs(units.scale[0] - 1) < 1e-12)  // rounding
      let trained = (0..<set.training.rows.rows).map { set.training.rows[$0, 0] }
      #expect(trained.allSatisfy { abs(abs($0) - 1) < 1e-6 } && abs(trained.reduce(0, +)) < 1e-4)  // single precision
    }
  }
}
