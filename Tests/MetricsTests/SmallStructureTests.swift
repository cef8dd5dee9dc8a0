import Communication
import Foundation
import LinearAlgebra
import Randomness
import Targets
import Testing

@testable import Metrics

@Suite struct SmallStructureTests {
  private static func values(
    _ distance: some SampleDistance, _ reference: borrowing Matrix, _ samples: borrowing Matrix
  ) throws -> [Double] {
    var distance = distance
    try distance.setReference(reference)
    return try distance.values(to: samples)
  }

  /// The eight Gaussians with modes of a given width beside their own.
  private static func ring(_ count: Int, width: Double, seed: UInt64) -> Matrix {
    let law = GaussianMixture.eightGaussians
    let scaled = GaussianMixture(
      weights: law.weights, means: law.means, variances: law.variances.map { $0.map { $0 * width * width } })
    var rows = Matrix(rows: count, columns: 2)
    scaled.draw(RandomStream(seed: seed, purpose: .targetDraw), firstIndex: 0, into: &rows)
    return rows
  }

  @Test(
    "mode width is the modes' own, whether narrow or right; rows far outside do not count", arguments: [0.31, 0.81, 1])
  func modeWidth(width: Double) throws {
    let law = GaussianMixture.eightGaussians
    let distance = ModeCoverage(weights: law.weights, means: law.means, variances: law.variances)
    var rows = Self.ring(8000, width: width, seed: 1)
    for r in 0..<400 { (rows[r, 0], rows[r, 1]) = (0, 0.1) }
    let found = try Self.values(distance, rows, rows)
    // Of χ² with two degrees of freedom below r the mean is 2 − r e^{−r/2}/(1 − e^{−r/2}), here 1.986.
    let r = 13.8155
    let expected = width == 1 ? 1 : width * (2 / (2 - r * exp(-r / 2) / (1 - exp(-r / 2)))).squareRoot()
    // 15,200 squares: one standard error of the width is 0.6 %.
    #expect(abs(found[3] / expected - 1) < 0.025, "\(found)")
    #expect(abs(found[2] - 0.05) < 0.01)
  }

  @Test("neighbour spacing shrinks with the width of modes, which sliced W2 hardly sees", arguments: [0.31, 0.81])
  func spacing(width: Double) throws {
    let truth = Self.ring(2000, width: 1, seed: 1)
    let narrow = Self.ring(2000, width: width, seed: 2)
    let found = try Self.values(NeighbourSpacing(), truth, narrow)
    // A median of 2,000 spacings; over seeds the ratio's deviation is 0.02.
    #expect(abs(found[0] - width) < 0.07, "\(found)")
    let same = try Self.values(NeighbourSpacing(), truth, Self.ring(2000, width: 1, seed: 3))
    #expect(abs(same[0] - 1) < 0.07)
  }

  /// Ten Student-t laws of two degrees of freedom.
  private static func heavy(_ count: Int, seed: UInt64) -> Matrix {
    var rows = Matrix(rows: count, columns: 2)
    StudentTMixture(dimension: 2).draw(RandomStream(seed: seed, purpose: .targetDraw), firstIndex: 0, into: &rows)
    return rows
  }

  @Test("heavy tails are found by column, and normal ones are not")
  func heavyTails() {
    var rows = Matrix(rows: 10_000, columns: 3)
    RandomStream(seed: 1, purpose: .targetDraw).fillNormals(&rows, firstIndex: 0)
    let light = TailIndex.heaviestColumn(of: rows)
    // 0.13 for a normal law's largest fiftieth.
    #expect((light?.index ?? 1) < 0.25)
    let tails = Self.heavy(10_000, seed: 2)
    for r in 0..<rows.rows { rows[r, 1] = tails[r, 0] }
    let heavy = TailIndex.heaviestColumn(of: rows)
    #expect(heavy?.column == 1 && (heavy?.index ?? 0) > 0.36)
    // Beside columns that are far larger, as in a picture's corner that is mostly 0, it decides nothing.
    for r in 0..<rows.rows { rows[r, 1] /= 1000 }
    #expect((TailIndex.heaviestColumn(of: rows)?.index ?? 1) < 0.25)
  }

  @Test("sliced W2 of ranks knows no units, has the same floor for all pairs, and sees a law without tails")
  func ranks() throws {
    func ranked() -> RankedWasserstein {
      RankedWasserstein(
        SlicedWasserstein(directions: randomDirections(count: 50, dimension: 2, seed: 1), over: .single))
    }
    func distance(_ a: borrowing Matrix, _ b: borrowing Matrix) throws -> Double {
      var distance = ranked()
      try distance.setReference(a)
      return try distance.values(to: b)[0]
    }
    let truth = Self.heavy(2000, seed: 1)
    var floors: [Double] = []
    for seed in 2..<8 { floors.append(try distance(truth, Self.heavy(2000, seed: UInt64(seed)))) }
    // Of values the floors of such pairs differ tenfold.
    #expect((floors.max() ?? 9) < 2.5 * (floors.min() ?? 0), "\(floors)")
    // The same rows in other units, monotonically: ranks do not change.
    func bent(_ rows: borrowing Matrix) -> Matrix {
      var bent = Matrix(rows: rows.rows, columns: 2)
      for r in 0..<rows.rows { for k in 0..<2 { bent[r, k] = Float(asinh(Double(rows[r, k])) * 7 - 3) } }
      return bent
    }
    let other = Self.heavy(2000, seed: 9)
    // asinh of a Float, rounded again, keeps the order but for values that become equal.
    #expect(abs(try distance(bent(truth), bent(other)) - distance(truth, other)) < 1e-5)
    // A Gaussian of the right quartiles: its middle is as wide, its tails are missing.
    var gaussian = Matrix(rows: 2000, columns: 2)
    RandomStream(seed: 4, purpose: .targetDraw).fillNormals(&gaussian, firstIndex: 0)
    for r in 0..<2000 { for k in 0..<2 { gaussian[r, k] *= 4 } }
    #expect(try distance(truth, gaussian) > 2 * (floors.max() ?? 9))
  }
}

@Suite struct ClassifierPowerTests {
  private func accuracy(_ a: borrowing Matrix, _ b: borrowing Matrix) throws -> Double {
    var distance = ClassifierTest(seed: 1)
    try distance.setReference(a)
    return try distance.values(to: b)[0]
  }

  private func normals(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var matrix = Matrix(rows: rows, columns: columns)
    RandomStream(seed: seed, purpose: .benchmark).fillNormals(&matrix, firstIndex: 0)
    return matrix
  }

  @Test("sets of unlike size weigh the same") func sizes() throws {
    var far = normals(100, 2, seed: 2)
    for r in 0..<100 { far[r, 0] += 20 }
    #expect(try accuracy(normals(400, 2, seed: 1), far) > 0.99)
    #expect(try accuracy(far, normals(400, 2, seed: 1)) > 0.99)
    // One law: an answer by size alone is right for 0.8 of all rows, and for half of both sets together.
    #expect(try abs(accuracy(normals(400, 2, seed: 1), normals(100, 2, seed: 3)) - 0.5) < 0.15)
  }

  @Test("whole numbers against the same law smeared out are told apart", arguments: [3, 40])
  func discreteness(spread: Int) throws {
    var whole = normals(800, 2, seed: 1)
    var smooth = normals(800, 2, seed: 2)
    for r in 0..<800 {
      for k in 0..<2 {
        whole[r, k] = (whole[r, k] * Float(spread)).rounded()
        smooth[r, k] *= Float(spread)
      }
    }
    // Every row gives itself away; values alone, scaled, gave 0.50.
    #expect(try accuracy(whole, smooth) > 0.95)
  }

  @Test("a column of two decimals against one of all is told apart")
  func decimals() throws {
    var a = normals(800, 1, seed: 1)
    var b = normals(800, 1, seed: 2)
    for r in 0..<800 {
      a[r, 0] = (a[r, 0] * 1000).rounded() / 100
      b[r, 0] *= 10
    }
    #expect(try accuracy(a, b) > 0.9)
  }

  @Test("exact zeros against small numbers are told apart")
  func zeros() throws {
    var a = normals(800, 2, seed: 1)
    var b = normals(800, 2, seed: 2)
    for r in 0..<800 where r % 2 == 0 {
      a[r, 0] = 0
      b[r, 0] *= 0.02
    }
    // Half of the true rows are exact zeros, which no sample is: 0.75.
    #expect(try accuracy(a, b) > 0.72)
  }

  @Test("an edge against one smeared out is told apart as far as it can be")
  func edge() throws {
    var a = Matrix(rows: 2000, columns: 1)
    var b = Matrix(rows: 2000, columns: 1)
    RandomStream(seed: 1, purpose: .benchmark).fillUniforms(&a, firstIndex: 0)
    RandomStream(seed: 2, purpose: .benchmark).fillUniforms(&b, firstIndex: 0)
    let noise = normals(2000, 1, seed: 3)
    // Exponential waiting times from 0 on, and the same with normal noise of 0.2.
    for r in 0..<2000 {
      a[r, 0] = -Float(log(Double(a[r, 0])))
      b[r, 0] = -Float(log(Double(b[r, 0]))) + 0.2 * noise[r, 0]
    }
    // ½ + TV/2 = 0.541, TV = 0.083 by quadrature; one standard error of the accuracy is 0.008.
    #expect(try accuracy(a, b) > 0.522)
  }

  @Test("none of this makes rows of one law differ", arguments: [0, 1, 2])
  func sameLaw(kind: Int) throws {
    func draws(_ seed: UInt64) -> Matrix {
      var rows = normals(500, 2, seed: seed)
      for r in 0..<500 {
        if kind == 1 { rows[r, 0] = (rows[r, 0] * 3).rounded() }
        if kind == 2, rows[r, 1] < 0 { rows[r, 0] = 0 }
      }
      return rows
    }
    // Deviation √(¼/1000) = 0.016: five of them.
    #expect(abs(try accuracy(draws(1), draws(2)) - 0.5) < 0.08)
  }
}
