import LinearAlgebra
import Randomness
import Testing

@testable import Metrics

@Suite struct FrechetDistanceTests {
  /// Three clouds of unit variance, four apart in the first two of three columns; row r is of cloud r mod 3, or of one alone.
  private static func clouds(_ count: Int, seed: UInt64, only: Int? = nil, scale: Float = 1) -> Matrix {
    let centres: [[Float]] = [[0, 0], [4, 0], [0, 4]]
    var rows = Matrix(rows: count, columns: 3)
    RandomStream(seed: seed, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
    for r in 0..<count {
      for k in 0..<2 { rows[r, k] += centres[only ?? r % 3][k] }
      for k in 0..<3 { rows[r, k] *= scale }
    }
    return rows
  }

  @Test("sets of one law are near, a law without one class is far, and a set is at no distance from itself")
  func distances() throws {
    let rows = Self.clouds(2_000, seed: 1)
    var distance = FrechetDistance(rows: rows, classes: (0..<rows.rows).map { $0 % 3 }, seed: 3)
    // Bayes' classifier errs where a normal number exceeds half the distance, 2: 2.3 % a side, from two sides for one cloud.
    #expect(distance.accuracy > 0.93 && distance.asked == 200, "\(distance.accuracy)")
    let reference = Self.clouds(1_500, seed: 2)
    try distance.setReference(reference)
    // The size of the features: what their fit's own trace is.
    let own = try distance.values(to: reference)[0]
    let near = try distance.values(to: Self.clouds(1_500, seed: 4))[0]
    let far = try distance.values(to: Self.clouds(1_500, seed: 5, only: 0))[0]
    #expect(own < 1e-3 * near, "\(own), \(near)")
    #expect(far > 20 * near, "\(near), \(far)")
  }

  @Test("units of the data do not matter, and the seed decides the bits") func units() throws {
    func distance(scale: Float, seed: UInt64) throws -> Double {
      let rows = Self.clouds(400, seed: 1, scale: scale)
      var distance = FrechetDistance(rows: rows, classes: (0..<rows.rows).map { $0 % 3 }, seed: seed)
      try distance.setReference(Self.clouds(300, seed: 2, scale: scale))
      return try distance.values(to: Self.clouds(300, seed: 4, scale: scale))[0]
    }
    let first = try distance(scale: 1, seed: 3)
    // A power of two changes no rounding.
    #expect(try distance(scale: 1024, seed: 3) == first)
    #expect(try distance(scale: 1, seed: 4) != first)
  }

  @Test("the distance is the square of W2 between the Gaussian fits of what the last hidden layer makes of rows")
  func formula() throws {
    let rows = Self.clouds(400, seed: 1)
    var distance = FrechetDistance(rows: rows, classes: (0..<rows.rows).map { $0 % 3 }, seed: 3)
    let first = Self.clouds(300, seed: 2)
    let second = Self.clouds(200, seed: 4, only: 1)
    try distance.setReference(first)
    let fits = (try distance.fit(first), try distance.fit(second))
    let (value, root) = (try distance.values(to: second)[0], fits.0.wasserstein(to: fits.1))
    #expect(value == root * root && value > 2 * root, "\(value), \(root)")
    #expect(fits.0.mean.count == 64)
  }
}
