import LinearAlgebra
import Randomness
import Testing

@testable import Metrics

@Suite struct TieTests {
  /// One column of whole numbers: `counts[v]` rows of the value v.
  private func rows(_ counts: [Int]) -> Matrix {
    var rows = Matrix(rows: counts.reduce(0, +), columns: 1)
    var next = 0
    for (value, count) in counts.enumerated() {
      for _ in 0..<count {
        rows[next, 0] = Float(value)
        next += 1
      }
    }
    return rows
  }

  @Test("k-NN KL of repeated rows is that of their frequencies, and infinite for a value that no sample has")
  func divergence() throws {
    var distance = NeighbourDivergence()
    try distance.setReference(rows([200, 200]))
    let value = try distance.values(to: rows([100, 300]))[0]
    // ½ ln(½ / ¼) + ½ ln(½ / ¾); a row is compared with 199 equals among 399 others: 0.003 below.
    #expect(abs(value - 0.14384) < 0.004, "\(value)")
    #expect(try abs(distance.values(to: rows([200, 200]))[0]) < 0.004)
    #expect(try distance.values(to: rows([400]))[0] == .infinity)
    // More values than the truth has: the divergence is of the truth's rows alone.
    let wide = try distance.values(to: rows([100, 100, 200]))[0]
    // ln(½ / ¼), with the same 0.003.
    #expect(abs(wide - 0.69315) < 0.004, "\(wide)")
  }

  @Test("a column that does not vary changes nothing in k-NN KL") func constantColumn() throws {
    func rows(_ columns: Int, seed: UInt64) -> Matrix {
      var drawn = Matrix(rows: 300, columns: 1)
      RandomStream(seed: seed, purpose: .metric).fillNormals(&drawn, firstIndex: 0)
      var rows = Matrix(rows: 300, columns: columns)
      for r in 0..<300 { rows[r, 0] = drawn[r, 0] + (seed == 2 ? 1 : 0) }
      return rows
    }
    func divergence(_ columns: Int) throws -> Double {
      var distance = NeighbourDivergence()
      try distance.setReference(rows(columns, seed: 1))
      return try distance.values(to: rows(columns, seed: 2))[0]
    }
    let (one, two) = (try divergence(1), try divergence(2))
    // The divergence of N(0, 1) from N(1, 1) is ½; what is asked for is that it is seen at all.
    #expect(one == two && one > 0.2, "\(one), \(two)")
  }

  @Test("k-NN KL of a law with an atom is finite where only one side repeats the atom's rows")
  func atom() throws {
    func law(_ atoms: Int, seed: UInt64) -> Matrix {
      var rows = Matrix(rows: 400, columns: 1)
      RandomStream(seed: seed, purpose: .metric).fillNormals(&rows, firstIndex: 0)
      for r in 0..<atoms { rows[r, 0] = 0 }
      return rows
    }
    var distance = NeighbourDivergence()
    for (truth, samples) in [(100, 100), (0, 100), (100, 50)] {
      try distance.setReference(law(truth, seed: 1))
      let value = try distance.values(to: law(samples, seed: 2))[0]
      #expect(value.isFinite && abs(value) < 1, "\(truth) \(samples): \(value)")
    }
    try distance.setReference(law(100, seed: 1))
    #expect(try distance.values(to: law(0, seed: 2))[0] == .infinity)
  }

  @Test("copies of training rows are found however often these occur", arguments: [1, 2, 10])
  func copies(times: Int) throws {
    var unique = Matrix(rows: 300, columns: 3)
    RandomStream(seed: 3, purpose: .metric).fillNormals(&unique, firstIndex: 0)
    var training = Matrix(rows: 300 * times, columns: 3)
    for r in 0..<training.rows { for j in 0..<3 { training[r, j] = unique[r % 300, j] } }
    var samples = Matrix(rows: 200, columns: 3)
    RandomStream(seed: 4, purpose: .metric).fillNormals(&samples, firstIndex: 0)
    for r in 0..<100 { for j in 0..<3 { samples[r, j] = unique[r, j] } }
    var distance = NearestTrainingRows(training: training)
    let once = try NearestTrainingRows(training: unique).shares(samples)
    let values = try distance.values(to: samples)
    #expect(values == once && values[1] >= 0.5, "\(values) \(once)")
  }

  @Test("a fit divided by scales is the fit of divided rows")
  func divided() throws {
    var rows = Matrix(rows: 500, columns: 3)
    RandomStream(seed: 5, purpose: .metric).fillNormals(&rows, firstIndex: 0)
    let scales = [4.0, 0.25, 1024]
    var large = Matrix(rows: 500, columns: 3)
    // Powers of two: products and quotients are exact.
    for r in 0..<500 { for j in 0..<3 { large[r, j] = rows[r, j] * Float(scales[j]) } }
    let (expected, found) = (try GaussianFit(rows), try GaussianFit(large).divided(by: scales))
    #expect(found == expected)
  }

  @Test("a set of fewer rows than a metric needs is refused before any is compared")
  func fewest() throws {
    var rows = Matrix(rows: 8, columns: 1)
    RandomStream(seed: 6, purpose: .metric).fillNormals(&rows, firstIndex: 0)
    let fit = try GaussianFit(rows)
    var distance = NeighbourDivergence()
    #expect(throws: MetricsError.tooFewRows(rows: 4, needed: 6)) {
      _ = try Judge(repeats: 1, seed: 1, unit: "").judgements(
        of: rows, truth: RowSamples(copy(rows)), gaussian: fit, by: &distance)
    }
  }

  private func copy(_ rows: borrowing Matrix) -> Matrix {
    var copy = Matrix(rows: rows.rows, columns: rows.columns)
    copy.copy(from: rows)
    return copy
  }
}

extension NearestTrainingRows {
  fileprivate consuming func shares(_ samples: borrowing Matrix) throws -> [Double] {
    var distance = self
    return try distance.values(to: samples)
  }
}
