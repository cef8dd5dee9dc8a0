import Communication
import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Metrics

/// A distance that tells which rows it was given: the reference's first number, and the samples' first and last.
private struct Telling: SampleDistance {
  var names: [String] { ["reference", "first", "last"] }
  private var reference: Float = 0

  mutating func setReference(_ reference: borrowing Matrix) throws { self.reference = reference[0, 0] }

  mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    [Double(reference), Double(samples[0, 0]), Double(samples[samples.rows - 1, 0])]
  }
}

/// Fails on one kind of comparison.
private struct Failing: SampleDistance {
  struct Mine: Error {}
  var names: [String] { ["failing"] }
  mutating func setReference(_ reference: borrowing Matrix) throws {}
  mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    if samples[0, 0] < 0 { throw Mine() }
    return [1]
  }
}

/// What sets of rows reach a distance, followed by their own numbers, on one rank and several.
@Suite struct JudgedRowsTests {
  /// Numbered rows: repeat n gives 1000(n + 1) to the reference and 1000(n + 1) + 500 to the floor.
  private struct Numbered: TrueSamples {
    let dimension = 1
    let largestCount: Int?

    func fill(_ first: inout Matrix, _ second: inout Matrix, repeat number: Int, seed: UInt64) throws {
      for r in 0..<first.rows {
        first[r, 0] = Float(1000 * (number + 1) + r)
        second[r, 0] = Float(1000 * (number + 1) + 500 + r)
      }
    }
  }

  private static func judgements(over communicator: Communicator, largest: Int? = 20) throws -> [Judgement] {
    var samples = Matrix(rows: 50, columns: 1)
    for r in 0..<50 { samples[r, 0] = Float(r) }
    var line = Matrix(rows: 2, columns: 1)
    (line[0, 0], line[1, 0]) = (-100_001, -99_999)
    var distance = Telling()
    return try Judge(repeats: 3, seed: 1, unit: "rows").judgements(
      of: samples, truth: Numbered(largestCount: largest), gaussian: GaussianFit(line), by: &distance,
      over: communicator)
  }

  @Test("each repeat has its own true rows, the next samples, and other draws of the Gaussian", arguments: 1...5)
  func rows(ranks: Int) throws {
    for found in try onRanks(ranks, { try Self.judgements(over: $0) }) {
      let (reference, first, last) = (found[0], found[1], found[2])
      #expect(found.map(\.count) == [20, 20, 20] && found.map(\.repeats) == [3, 3, 3])
      // References 1000, 2000 and 3000 for each kind of comparison.
      for spread in [reference.value, reference.floor, reference.baseline] {
        #expect(spread == Spread(of: [1000, 2000, 3000]))
      }
      // In a random order of their own: samples 0 … 19 of it, 20 … 39, and 40 … 49 with 0 … 9 once more.
      let order = RandomStream(seed: 1, purpose: .metric, step: 1 << 32).permutation(of: 50).map { Double($0) }
      #expect(first.value == Spread(of: [order[0], order[20], order[40]]))
      #expect(last.value == Spread(of: [order[19], order[39], order[9]]))
      #expect(first.floor == Spread(of: [1500, 2500, 3500]) && last.floor == Spread(of: [1519, 2519, 3519]))
      // N(−100,000, 2) three times.
      let baseline = try #require(first.baseline)
      #expect(abs(baseline.mean + 100_000) < 10 && baseline.deviation > 0)
    }
  }

  @Test("the bits of a judgement do not depend on the number of ranks", arguments: [2, 3, 7]) func bits(ranks: Int)
    throws
  {
    let alone = try Self.judgements(over: .single)
    for found in try onRanks(ranks, { try Self.judgements(over: $0) }) { #expect(found == alone) }
  }

  @Test("the number of rows is the least of what samples, truth and distance have") func counts() {
    let judge = Judge(repeats: 1, seed: 1, unit: "")
    #expect(judge.count(samples: 50, truth: Numbered(largestCount: 20)) == 20)
    #expect(judge.count(samples: 50, truth: Numbered(largestCount: nil)) == 50)
    #expect(judge.count(samples: 50, truth: Numbered(largestCount: 70), most: 30) == 30)
    #expect(RowSamples(Matrix(rows: 11, columns: 1)).largestCount == 5)
  }

  @Test("an error of a comparison on one rank is every rank's") func errors() throws {
    let texts = try onRanks(3) { communicator -> Bool in
      var line = Matrix(rows: 2, columns: 1)
      (line[0, 0], line[1, 0]) = (-3, -2)
      var distance = Failing()
      do {
        _ = try Judge(repeats: 1, seed: 1, unit: "").judgements(
          of: Matrix(rows: 5, columns: 1), truth: Numbered(largestCount: 5), gaussian: GaussianFit(line), by: &distance,
          over: communicator)
        return false
      } catch { return error is AgreedError }
    }
    #expect(texts == [true, true, true])
  }

  @Test("draws of the truth for reference and floor are independent, and differ from repeat to repeat") func streams()
    throws
  {
    let truth = DrawnSamples(dimension: 1) { $0.fillNormals(&$1, firstIndex: 0) }
    var seen: Set<Float> = []
    for number in 0..<3 {
      var a = Matrix(rows: 1, columns: 1)
      var b = Matrix(rows: 1, columns: 1)
      try truth.fill(&a, &b, repeat: number, seed: 1)
      seen.formUnion([a[0, 0], b[0, 0]])
    }
    #expect(seen.count == 6)
  }

  @Test("where value, floor and baseline stand gives the way gone from floor to baseline") func position() throws {
    func judgement(_ value: Double, floor: Spread, baseline: Spread) -> Judgement {
      Judgement(
        name: "", value: Spread(mean: value), floor: floor, baseline: baseline, repeats: 2, count: 9, unit: "")
    }
    let (floor, baseline) = (Spread(mean: 2, deviation: 0.5), Spread(mean: 6, deviation: 1))
    #expect(judgement(3, floor: floor, baseline: baseline).position == 0.25)
    #expect(judgement(7, floor: floor, baseline: baseline).position == 1.25)
    // Nearer than both deviations together, there is no way to measure.
    #expect(judgement(3, floor: floor, baseline: Spread(mean: 3.4, deviation: 1)).position == nil)
  }

  @Test("without a Gaussian fit there is no baseline, and value and floor are the same", arguments: 1...3)
  func noBaseline(ranks: Int) throws {
    let fit = try GaussianFit(scattered(rows: 60, columns: 2, seed: 5))
    @Sendable func judged(_ gaussian: GaussianFit?, _ communicator: Communicator) throws -> [Judgement] {
      let samples = scattered(rows: 60, columns: 2, seed: 5)
      let truth = DrawnSamples(dimension: 2) { $0.fillNormals(&$1, firstIndex: 0) }
      var distance = EnergyDistance()
      return try Judge(repeats: 3, seed: 2, unit: "")
        .judgements(of: samples, truth: truth, gaussian: gaussian, by: &distance, over: communicator)
    }
    let full = try judged(fit, .single)
    for found in try onRanks(ranks, { try judged(nil, $0) }) {
      for (one, all) in zip(found, full) {
        #expect(one.baseline == nil && all.baseline != nil)
        #expect(one.value == all.value && one.floor == all.floor && one.floor != nil)
      }
    }
  }

  @Test("deviations of columns are the roots of a fit's variances, whatever the blocks") func deviations() throws {
    let rows = scattered(rows: 90, columns: 5, seed: 1)
    func part(_ own: Range<Int>) -> Matrix {
      var part = Matrix(rows: own.count, columns: 5)
      for r in own { for j in 0..<5 { part[r - own.lowerBound, j] = rows[r, j] } }
      return part
    }
    let found = try columnDeviations(columns: 5) { body in
      try body(part(0..<40))
      try body(part(40..<90))
    }
    let fit = try GaussianFit(rows)
    // Sums of 90 squares in two orders.
    for j in 0..<5 { #expect(abs(found[j] - fit.covariance[6 * j].squareRoot()) < 1e-14 * found[j] * 90) }
    #expect(fit.deviations == (0..<5).map { fit.covariance[6 * $0].squareRoot() })
    #expect(throws: MetricsError.tooFewRows(rows: 1, needed: 2)) {
      try columnDeviations(columns: 5) { try $0(part(0..<1)) }
    }
  }

  @Test("fits, sliced distances and energy distances have the same bits on several ranks", arguments: [2, 3, 5])
  func distances(ranks: Int) throws {
    @Sendable func all(_ communicator: Communicator) throws -> [Double] {
      let a = scattered(rows: 90, columns: 5, seed: 1)
      let b = scattered(rows: 70, columns: 5, seed: 2)
      var sliced = SlicedWasserstein(
        directions: randomDirections(count: 200, dimension: 5, seed: 1), over: communicator)
      try sliced.setReference(a)
      let fit = try GaussianFit(a, over: communicator)
      return try sliced.values(to: b) + fit.covariance + fit.mean
    }
    let alone = try all(.single)
    for found in try onRanks(ranks, all) { #expect(found == alone) }
  }
}
