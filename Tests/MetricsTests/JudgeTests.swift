import Communication
import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Metrics

@Suite struct JudgeTests {
  /// ±1 in each of two coordinates with a little noise: a law that is no Gaussian.
  static func corners(_ stream: RandomStream, _ rows: inout Matrix) {
    stream.fillNormals(&rows, firstIndex: 0)
    for r in 0..<rows.rows {
      for j in 0..<rows.columns { rows[r, j] = (rows[r, j] < 0 ? -1 : 1) + rows[r, j] / 10 }
    }
  }

  static func judge(_ samples: borrowing Matrix, _ truth: some TrueSamples) throws -> [Judgement] {
    var fitted = Matrix(rows: 4000, columns: 2)
    corners(RandomStream(seed: 77, purpose: .floor), &fitted)
    var distance = SlicedWasserstein(directions: randomDirections(count: 60, dimension: 2, seed: 1), over: .single)
    return try Judge(repeats: 6, seed: 2, unit: "original units")
      .judgements(of: samples, truth: truth, gaussian: GaussianFit(fitted), by: &distance)
  }

  @Test("true samples are judged at the floor, Gaussian ones at the baseline")
  func position() throws {
    let truth = DrawnSamples(dimension: 2) { Self.corners($0, &$1) }
    var right = Matrix(rows: 2000, columns: 2)
    Self.corners(RandomStream(seed: 9, purpose: .targetDraw), &right)
    let good = try Self.judge(right, truth)
    var moments = Matrix(rows: 2000, columns: 2)
    try GaussianFit(right).draw(RandomStream(seed: 9, purpose: .targetDraw), into: &moments)
    let bad = try Self.judge(moments, truth)
    #expect(good.map(\.name) == ["sliced W2", "max-sliced W2"])
    #expect(good[0].count == 2000 && good[0].repeats == 6 && good[0].unit == "original units")
    // One fixed set against six references: its mean moves by about one deviation of the floor, so allow four.
    let (floor, badFloor) = (try #require(good[0].floor), try #require(bad[0].floor))
    #expect(abs(good[0].value.mean - floor.mean) < 4 * floor.deviation)
    let baseline = try #require(bad[0].baseline)
    #expect(abs(bad[0].value.mean - baseline.mean) < 4 * (baseline.deviation + badFloor.deviation))
    #expect(try #require(good[0].position) < 0.2)
    #expect(try #require(bad[0].position) > 0.8)
  }

  @Test("with a file's rows alone the sets are disjoint halves, and the count says so")
  func halves() throws {
    var file = Matrix(rows: 1001, columns: 2)
    Self.corners(RandomStream(seed: 3, purpose: .targetDraw), &file)
    let truth = RowSamples(file)
    var samples = Matrix(rows: 3000, columns: 2)
    Self.corners(RandomStream(seed: 9, purpose: .targetDraw), &samples)
    let found = try Self.judge(samples, truth)
    #expect(found[0].count == 500)
    #expect(try #require(found[0].floor).deviation > 0 && found[0].value.deviation > 0)
  }

  @Test("the two sets of a pair share no row, and repeats differ")
  func disjoint() throws {
    var numbered = Matrix(rows: 10, columns: 1)
    for r in 0..<10 { numbered[r, 0] = Float(r) }
    let truth = RowSamples(numbered)
    var orders: Set<[Float]> = []
    for number in 0..<4 {
      var a = Matrix(rows: 5, columns: 1)
      var b = Matrix(rows: 5, columns: 1)
      try truth.fill(&a, &b, repeat: number, seed: 1)
      let rows = (0..<5).map { a[$0, 0] } + (0..<5).map { b[$0, 0] }
      #expect(rows.sorted() == (0..<10).map { Float($0) })
      orders.insert(rows)
    }
    #expect(orders.count == 4)
    var a = Matrix(rows: 6, columns: 1)
    var b = Matrix(rows: 5, columns: 1)
    #expect(throws: MetricsError.tooFewRows(rows: 10, needed: 11)) { try truth.fill(&a, &b, repeat: 0, seed: 1) }
  }

  @Test("a judgement is the same bits when made twice")
  func reproducible() throws {
    let truth = DrawnSamples(dimension: 2) { Self.corners($0, &$1) }
    let samples = scattered(rows: 300, columns: 2, seed: 4)
    let first = try Self.judge(samples, truth)
    let second = try Self.judge(samples, truth)
    #expect(first == second)
  }

  @Test("whole comparisons are judged alike, each value in its unit, and a p-value's floor lies above its baseline")
  func comparisons() throws {
    let truth = DrawnSamples(dimension: 2) { Self.corners($0, &$1) }
    var fitted = Matrix(rows: 4000, columns: 2)
    Self.corners(RandomStream(seed: 77, purpose: .floor), &fitted)
    var samples = Matrix(rows: 800, columns: 2)
    Self.corners(RandomStream(seed: 9, purpose: .targetDraw), &samples)
    var distance = MaximumMeanDiscrepancy(permutations: 50, seed: 1)
    let found = try Judge(repeats: 4, seed: 2, unit: "metres")
      .judgements(of: samples, truth: truth, gaussian: GaussianFit(fitted), by: &distance)
    #expect(found.map(\.unit) == ["kernel mean", "probability, one test of equal laws"])
    #expect(found.map(\.repeats) == [4, 1])
    #expect(try #require(found[1].floor).mean > #require(found[1].baseline).mean)
    #expect(try #require(found[1].position) < 0.9)  // a law that is no Gaussian is nearer its floor than its baseline
  }

  @Test(
    "a fit shared among ranks is the fit of one, bit for bit, however its rows are cut into blocks", arguments: 1...4)
  func sharedFit(ranks: Int) throws {
    let rows = scattered(rows: 50, columns: 6, seed: 1)
    let alone = try GaussianFit(rows)
    let box = MatrixBox(rows)
    let shared = try onRanks(ranks) { try GaussianFit(box.value, over: $0) }
    // Blocks of 7 rows: fours of rows go on over their ends.
    let streamed = try onRanks(ranks) { communicator in
      try GaussianFit(columns: 6, over: communicator) { body in
        for first in stride(from: 0, to: 50, by: 7) {
          var block = Matrix(rows: min(7, 50 - first), columns: 6)
          for r in 0..<block.rows { for k in 0..<6 { block[r, k] = box.value[first + r, k] } }
          try body(block)
        }
      }
    }
    #expect(shared.allSatisfy { $0 == alone } && streamed.allSatisfy { $0 == alone })
  }

  @Test("mean and deviation of 1, 2, 4 are 7/3 and √(7/3); one value has deviation 0")
  func spread() {
    let spread = Spread(of: [1, 2, 4])
    // Rounding of three additions.
    #expect(abs(spread.mean - 7.0 / 3) < 1e-15 && abs(spread.deviation - (7.0 / 3).squareRoot()) < 1e-15)
    #expect(Spread(of: [5]) == Spread(mean: 5))
    // Their sum over three is not 0.1.
    #expect(Spread(of: [0.1, 0.1, 0.1]) == Spread(mean: 0.1))
  }
}
