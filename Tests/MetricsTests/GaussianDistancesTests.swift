import LinearAlgebra
import Testing

@testable import Metrics

@Suite struct GaussianDistancesTests {
  @Test("Gaussian W2 and KL of N(0, 1) and N(1, 4) in one dimension are √2 and ln 2 − ½ + 2/8")
  func gaussian() throws {
    // Two points each: mean and variance (divisor n − 1) are exact.
    func pair(_ mean: Float, _ deviation: Float) -> Matrix {
      var rows = Matrix(rows: 2, columns: 1)
      rows[0, 0] = mean - deviation / Float(2).squareRoot()
      rows[1, 0] = mean + deviation / Float(2).squareRoot()
      return rows
    }
    let values = try KnownDistancesTests.values(GaussianDistances(), pair(0, 1), pair(1, 2))
    // √½ is rounded to Float.
    #expect(abs(values[0] - 2.0.squareRoot()) < 1e-6)
    #expect(abs(values[1] - (0.6931471805599453 - 0.5 + 2.0 / 8)) < 1e-6)
  }

  @Test("a constant column does not count in the Gaussian KL; one that is constant in one set makes it infinite")
  func degenerate() throws {
    var a = KnownDistancesTests.normals(500, 3, index: 1)
    var b = KnownDistancesTests.normals(500, 3, index: 2)
    let free = try KnownDistancesTests.values(GaussianDistances(), a, b)
    for r in 0..<500 { (a[r, 1], b[r, 1]) = (7, 7) }
    let both = try KnownDistancesTests.values(GaussianDistances(), a, b)
    #expect(both[1].isFinite && both[1] < free[1] && both[1] > 0)
    for r in 0..<500 { b[r, 1] = Float(r) }
    let one = try KnownDistancesTests.values(GaussianDistances(), a, b)
    #expect(one[1] == .infinity && one[0].isFinite)
  }
}
