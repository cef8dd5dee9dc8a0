import LinearAlgebra
import Randomness
import Testing

@testable import Metrics

@Suite struct KnownDistancesTests {
  /// N(0, 1) rows, shifted in every column.
  static func normals(_ rows: Int, _ columns: Int, index: UInt64, shift: Float = 0, scale: Float = 1) -> Matrix {
    var matrix = Matrix(rows: rows, columns: columns)
    RandomStream(seed: 11, purpose: .floor, step: index).fillNormals(&matrix, firstIndex: 0)
    for r in 0..<rows { for j in 0..<columns { matrix[r, j] = shift + scale * matrix[r, j] } }
    return matrix
  }

  static func values(
    _ distance: consuming some (SampleDistance & ~Copyable), _ a: borrowing Matrix, _ b: borrowing Matrix
  ) throws -> [Double] {
    try distance.setReference(a)
    return try distance.values(to: b)
  }

  @Test("exact W2, energy, MMD and Gaussian W2 of the reference pairs are SciPy's", arguments: ["small", "medium"])
  func reference(pair: String) throws {
    let known = try KnownDistances.read(pair)
    let a = try fixture("\(pair)-a")
    let b = try fixture("\(pair)-b")
    let exact = try Self.values(ExactWasserstein(), a, b)[0]
    // Costs are rounded to 2⁻⁴² of the largest; the rest is sums in Double.
    #expect(abs(exact / known.w2 - 1) < 1e-11)
    let energy = try Self.values(EnergyDistance(), a, b)[0]
    // A difference of means some thirty times larger, each right to 1e-15.
    #expect(abs(energy / known.energyDistance - 1) < 1e-12)
    let discrepancy = try Self.values(MaximumMeanDiscrepancy(permutations: 1, seed: 1), a, b)[0]
    // A difference of means some fifty times larger.
    #expect(abs(discrepancy / known.mmdSquaredUnbiased - 1) < 1e-12)
    let gaussian = try Self.values(GaussianDistances(), a, b)[0]
    // Roots of eigenvalues right to 1e-15 of the largest.
    #expect(abs(gaussian / known.gaussianW2 - 1) < 1e-10)
  }

  @Test("an assignment of least cost is found among all permutations of seven")
  func assignment() throws {
    let numbers = scattered(rows: 7, columns: 7, seed: 5)
    let costs = (0..<49).map { Int64(numbers.span[$0] * 1e6) }
    func cost(_ p: [Int32]) -> Int64 { (0..<7).reduce(0) { $0 + costs[7 * $1 + Int(p[$1])] } }
    var best = Int64.max
    func search(_ chosen: [Int32]) {
      if chosen.count == 7 { best = min(best, cost(chosen)) }
      for j in Int32(0)..<7 where !chosen.contains(j) { search(chosen + [j]) }
    }
    search([])
    let found = try ExactWasserstein.assignment(costs, count: 7)
    #expect(found.sorted() == Array(0..<7) && cost(found) == best)
  }

  @Test("moved by (3, 4), a set is at exact W2 5 from itself; in another order at 0")
  func translation() throws {
    let a = scattered(rows: 60, columns: 2, seed: 1)
    var moved = Matrix(rows: 60, columns: 2)
    var reversed = Matrix(rows: 60, columns: 2)
    for r in 0..<60 {
      (moved[r, 0], moved[r, 1]) = (a[59 - r, 0] + 3, a[59 - r, 1] + 4)
      (reversed[r, 0], reversed[r, 1]) = (a[59 - r, 0], a[59 - r, 1])
    }
    let five = try Self.values(ExactWasserstein(), a, moved)
    // Sums of two Floats are rounded to 2e-7.
    #expect(abs(five[0] - 5) < 1e-6)
    let zero = try Self.values(ExactWasserstein(), a, reversed)
    #expect(zero == [0])
  }

  @Test("sets that exact W2 cannot pair are refused in words")
  func refusals() throws {
    var distance = ExactWasserstein()
    try distance.setReference(Matrix(rows: 5, columns: 2))
    #expect(throws: MetricsError.countsDiffer(reference: 5, samples: 4)) {
      _ = try distance.values(to: Matrix(rows: 4, columns: 2))
    }
    #expect(throws: MetricsError.dimensionsDiffer(reference: 2, samples: 3)) {
      _ = try distance.values(to: Matrix(rows: 5, columns: 3))
    }
    let many = Matrix(rows: 5_001, columns: 1)
    try distance.setReference(many)
    #expect(throws: MetricsError.tooManyRows(rows: 5_001, most: 5_000)) { _ = try distance.values(to: many) }
    let error = MetricsError.tooManyRows(rows: 5_001, most: 5_000)
    #expect(
      error.description == "an exact W2 takes at most 5000 rows, and there are 5001: take fewer, or the sliced W2")
  }

  @Test("relabelling true sets gives p-values spread over [0, 1]; another law gives the least possible")
  func pValues() throws {
    var p: [Double] = []
    for index in 0..<20 {
      let values = try Self.values(
        MaximumMeanDiscrepancy(permutations: 99, seed: 3), Self.normals(60, 2, index: 2 * UInt64(index)),
        Self.normals(60, 2, index: 2 * UInt64(index) + 1))
      p.append(values[1])
    }
    // The mean of 20 uniforms has deviation 0.065: five of them; below 0.05 lie 1 of 20, more than 5 with probability 3e-4.
    let mean = p.reduce(0, +) / 20
    #expect(abs(mean - 0.5) < 0.32 && p.count { $0 <= 0.05 } <= 5 && p.contains { $0 > 0.5 })
    let other = try Self.values(
      MaximumMeanDiscrepancy(permutations: 99, seed: 3), Self.normals(60, 2, index: 1),
      Self.normals(60, 2, index: 2, shift: 2))
    #expect(other[1] == 0.01)
  }

  @Test("k-NN KL finds ½ for unit normals one apart")
  func neighbours() throws {
    let values = try Self.values(
      NeighbourDivergence(), Self.normals(4000, 1, index: 1), Self.normals(4000, 1, index: 2, shift: 1))
    // Its deviation over draws is 0.04 here: four of them.
    #expect(abs(values[0] - 0.5) < 0.16)
  }

  @Test("copies of training rows are found, and true rows are not taken for copies")
  func copies() throws {
    let training = Self.normals(800, 8, index: 1)
    let fresh = Self.normals(400, 8, index: 2)
    var copied = Matrix(rows: 400, columns: 8)
    copyRows(of: training, (0..<400).map { UInt32(2 * $0) }, into: &copied)
    for r in 0..<400 { copied[r, 3] += 1e-3 }
    let honest = try Self.values(NearestTrainingRows(training: training), fresh, fresh)
    let memorised = try Self.values(NearestTrainingRows(), training, copied)
    // Independent rows in four dimensions lie apart by about their deviation.
    #expect(honest[1] == 0 && honest[0] > 0.5)
    // Moved by 1e-3 in one column; Floats of size 1 to 3 are rounded to 2e-7.
    #expect(memorised[1] == 1 && abs(memorised[0] - 1e-3) < 1e-6)
  }

  @Test("a classifier cannot tell two sets of one law, nor misses two laws far apart")
  func classifier() throws {
    let same = try Self.values(
      ClassifierTest(seed: 1), Self.normals(400, 3, index: 1), Self.normals(400, 3, index: 2))
    // Deviation √(¼/800) = 0.018: five of them.
    #expect(abs(same[0] - 0.5) < 0.09)
    let apart = try Self.values(
      ClassifierTest(seed: 1), Self.normals(400, 3, index: 1), Self.normals(400, 3, index: 2, scale: 0.1))
    // Bayes' accuracy here is 0.99; learned from 640 rows it stays above 0.95.
    #expect(apart[0] > 0.95)
  }

  @Test("the Stein discrepancy of true samples falls like 1/√n, and a shift or a narrow law is seen")
  func stein() throws {
    func discrepancy(_ rows: consuming Matrix) throws -> Double {
      let distance = SteinDiscrepancy { rows, score in
        for i in 0..<rows.rows { for j in 0..<rows.columns { score[i, j] = -rows[i, j] } }
      }
      let reference = Self.normals(2000, 3, index: 5)
      return try Self.values(distance, reference, rows)[0]
    }
    let few = try discrepancy(Self.normals(100, 3, index: 1))
    let many = try discrepancy(Self.normals(1600, 3, index: 1))
    // A factor 4 in the mean; each value fluctuates by a tenth.
    #expect(few / many > 2.8 && few / many < 5.6)
    let shifted = try discrepancy(Self.normals(1600, 3, index: 1, shift: 0.3))
    let narrow = try discrepancy(Self.normals(1600, 3, index: 1, scale: 0.7))
    #expect(shifted > 2 * many && narrow > 2 * many)
  }

  @Test("Stein's kernel of two points is the value by hand")
  func steinByHand() throws {
    var rows = Matrix(rows: 2, columns: 1)
    (rows[0, 0], rows[1, 0]) = (-1, 1)
    // Scaled by the reference's mean 0 and deviation √2: x = ∓1/√2, s = −x for N(0, 2) in its own unit.
    let distance = SteinDiscrepancy { rows, score in
      for i in 0..<2 { score[i, 0] = -rows[i, 0] / 2 }
    }
    let value = try Self.values(distance, rows, rows)[0]
    // Diagonal: s² + 1 = 1.5 each. Off it: r² = 2, q = 3, s·s' = −½, (s − s')(x − x') = −2.
    let root = 1 / 3.0.squareRoot()
    let off = -0.5 * root + (-2 + 1) * root / 3 - 3 * 2 * root / 9
    // 1/√2 is rounded to Float.
    #expect(abs(value * value - max((3 + 2 * off) / 4, 0)) < 1e-6)
  }

  @Test("a mode without rows is missed, its weight is missing, and far rows are outside")
  func modes() throws {
    let distance = ModeCoverage(
      weights: [0.5, 0.25, 0.25], means: [[0, 0], [5, 0], [0, 5]], variances: [[1, 1], [0.01, 0.01], [0.01, 0.01]])
    var rows = Matrix(rows: 100, columns: 2)
    for r in 0..<50 { rows[r, 0] = Float(r % 3) - 1 }
    for r in 50..<90 { rows[r, 0] = 5 }
    for r in 90..<100 { (rows[r, 0], rows[r, 1]) = (-9, -9) }
    let values = try Self.values(distance, rows, rows)
    // Shares of 0.6, 0.4 and 0 against 0.5, 0.25 and 0.25.
    #expect(abs(values[0] - 1.0 / 3) < 1e-15 && abs(values[1] - 0.25) < 1e-15 && abs(values[2] - 0.1) < 1e-15)
  }

  @Test("Hill's index of a Pareto law's quantiles with α = 2 is ½")
  func tails() throws {
    var rows = Matrix(rows: 20_000, columns: 1)
    for r in 0..<20_000 { rows[r, 0] = Float(1 / ((Double(r) + 0.5) / 20_000).squareRoot()) }
    let index = TailIndex.index(of: rows, around: [0])
    // The largest of 1,000 quantiles in place of random ones: an error of order 1/k.
    #expect(abs(index - 0.5) < 1e-3)
  }

  @Test("columns are compared one by one")
  func columns() throws {
    var a = Matrix(rows: 4, columns: 2)
    var b = Matrix(rows: 5, columns: 2)
    for r in 0..<4 { (a[r, 0], a[r, 1]) = (Float(r), 1) }
    for r in 0..<5 { (b[r, 0], b[r, 1]) = (Float(r) + 2, 1) }
    var marginals = Marginals()
    try marginals.setReference(a)
    let columns = try marginals.columns(of: b)
    // F reaches ½ before G begins at 2, and is at 1 where G is at 2/5.
    #expect(abs(columns[0].kolmogorovSmirnov - 0.6) < 1e-15 && columns[1].kolmogorovSmirnov == 0)
    #expect(columns[1].quantileError == 0)
  }
}
