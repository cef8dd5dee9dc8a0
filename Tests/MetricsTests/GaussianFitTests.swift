import LinearAlgebra
import Randomness
import Testing

@testable import Metrics

@Suite struct GaussianFitTests {
  @Test("mean and covariance of four points are those computed by hand")
  func byHand() throws {
    var rows = Matrix(rows: 4, columns: 2)
    let points: [(Float, Float)] = [(0, 0), (2, 0), (0, 4), (2, 8)]
    for (r, point) in points.enumerated() {
      rows[r, 0] = point.0
      rows[r, 1] = point.1
    }
    let fit = try GaussianFit(rows)
    #expect(fit.mean == [1, 3])
    // Deviations (−1, −3), (1, −3), (−1, 1), (1, 5): sums of products 4, 4, 44, divided by 3.
    let known: [Double] = [4, 4, 4, 44]
    #expect(fit.covariance == known.map { $0 / 3 })
  }

  @Test("the factor's square is the covariance, also with constant and dependent columns", arguments: [5, 6, 403])
  func factorisation(count: Int) throws {
    var rows = scattered(rows: count, columns: 8, seed: 3)
    for r in 0..<count {
      rows[r, 2] = 5
      rows[r, 6] = 2 * rows[r, 0] - rows[r, 1]
    }
    let fit = try GaussianFit(rows)
    var error = 0.0
    for i in 0..<8 {
      for k in 0..<8 {
        let product = (0..<8).reduce(0.0) { $0 + fit.factor[$1 * 8 + i] * fit.factor[$1 * 8 + k] }
        error = max(error, abs(product - fit.covariance[i * 8 + k]))
      }
    }
    // Elements are about 1; what a zeroed pivot drops is at most 8e-12, and its column at most the root of that.
    #expect(error < 1e-5)
    #expect((0..<8).allSatisfy { fit.factor[2 * 8 + $0] == 0 }, "a constant column has no noise")
    if count > 100 { #expect((0..<8).allSatisfy { fit.factor[6 * 8 + $0] == 0 }, "nor has a dependent one") }
  }

  @Test("draws have the fit's moments, and constant columns are constant")
  func draws() throws {
    var rows = scattered(rows: 500, columns: 3, seed: 3)
    for r in 0..<500 {
      rows[r, 1] = 7
      rows[r, 2] += rows[r, 0]
    }
    let fit = try GaussianFit(rows)
    var drawn = Matrix(rows: 100_000, columns: 3)
    fit.draw(RandomStream(seed: 5, purpose: .baseline), into: &drawn)
    let found = try GaussianFit(drawn)
    #expect((0..<100_000).allSatisfy { drawn[$0, 1] == 7 })
    for j in 0..<3 {
      // Five standard errors of a mean: 5·1.7/√100,000.
      #expect(abs(found.mean[j] - fit.mean[j]) < 0.027)
      for k in 0..<3 {
        // Five standard errors of a covariance of variables of variance up to 2.7.
        #expect(abs(found.covariance[3 * j + k] - fit.covariance[3 * j + k]) < 0.06)
      }
    }
  }

  @Test("one row or a NaN is refused")
  func errors() {
    #expect(throws: MetricsError.tooFewRows(rows: 1, needed: 2)) { _ = try GaussianFit(Matrix(rows: 1, columns: 2)) }
    var bad = Matrix(rows: 3, columns: 2)
    bad[0, 1] = .nan
    #expect(throws: MetricsError.notFinite(row: 0, column: 1)) { _ = try GaussianFit(bad) }
  }
}
