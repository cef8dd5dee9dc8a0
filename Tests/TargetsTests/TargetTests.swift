import Glibc
import LinearAlgebra
import Randomness
import Testing

@testable import Targets

@Suite struct TargetTests {
  private let stream = RandomStream(seed: 17, purpose: .targetDraw)

  private func draws(_ target: any Target, _ count: Int, firstIndex: UInt64 = 0) -> Matrix {
    var rows = Matrix(rows: count, columns: target.dimension + target.conditions)
    target.draw(stream, firstIndex: firstIndex, into: &rows)
    return rows
  }

  private func target(_ kind: TargetKind) throws -> any Target {
    try kind.make(dimension: max(kind.dimensions.lowerBound, min(kind.dimensions.upperBound, 5)))
  }

  // The Student-t mixture has no variance.
  @Test(arguments: TargetKind.allCases.filter { $0 != .studentTMixture })
  func `draws have the analytic mean and scale`(kind: TargetKind) throws {
    let target = try target(kind)
    let n = 200_000
    let rows = draws(target, n)
    let exact = target.standardisation
    for k in 0..<target.dimension + target.conditions {
      let column = (0..<n).map { (Double(rows[$0, k]) - exact.mean[k]) / exact.scale[k] }
      let squares = column.map { $0 * $0 }
      let mean = column.reduce(0, +) / Double(n)
      let variance = squares.reduce(0, +) / Double(n)
      let fourth = squares.map { $0 * $0 }.reduce(0, +) / Double(n)
      // Five standard errors each; the fourth moment gives the variance's.
      #expect(abs(mean) < 5 / Double(n).squareRoot())
      #expect(abs(variance - 1) < 5 * ((fourth - variance * variance) / Double(n)).squareRoot())
    }
  }

  @Test(arguments: TargetKind.allCases) func `a draw depends on its index alone`(kind: TargetKind) throws {
    let target = try target(kind)
    let first: UInt64 = 1 << 32 - 50
    let whole = draws(target, 100, firstIndex: first)
    for (start, count) in [(0, 1), (1, 30), (31, 69)] {
      let part = draws(target, count, firstIndex: first + UInt64(start))
      for row in 0..<count {
        for k in 0..<target.dimension + target.conditions { #expect(part[row, k] == whole[start + row, k]) }
      }
    }
  }

  @Test func `the components of a mixture are drawn with their weights, means and variances`() {
    let mixture = GaussianMixture(
      weights: [1, 3], means: [[-50, 0], [50, 7]], variances: [[1, 4], [0.25, 0]])
    let n = 100_000
    let rows = draws(mixture, n)
    let upper = (0..<n).filter { rows[$0, 0] > 0 }
    #expect(abs(Double(upper.count) - 0.75 * Double(n)) < 5 * (0.1875 * Double(n)).squareRoot())
    #expect(upper.allSatisfy { rows[$0, 1] == 7 })
    let spread = upper.map { Double(rows[$0, 0] - 50) * Double(rows[$0, 0] - 50) }.reduce(0, +) / Double(upper.count)
    #expect(abs(spread - 0.25) < 5 * 0.25 * (2 / Double(upper.count)).squareRoot())  // five standard errors
    // The component must not depend on the normals: the lower component's are as symmetric as the upper's.
    let tilt = upper.map { Double(rows[$0, 0] - 50) }.reduce(0, +) / Double(upper.count)
    #expect(abs(tilt) < 5 * 0.5 / Double(upper.count).squareRoot())
  }

  @Test func `the funnel's tails have variance e^x1 and are uncorrelated with its head`() {
    let n = 100_000
    let rows = draws(Funnel(dimension: 3), n)
    var (square, product) = (0.0, 0.0)
    for row in 0..<n {
      let head = Double(rows[row, 0])
      let tail = Double(rows[row, 2]) * exp(-0.5 * head)
      square += tail * tail / Double(n)
      product += (tail * tail - 1) * head / Double(n)
    }
    #expect(abs(square - 1) < 5 * (2 / Double(n)).squareRoot())
    #expect(abs(product) < 5 * (2 / Double(n)).squareRoot())
  }

  @Test func `eight Gaussians lie on a circle of radius 2, the diamond's corners on the axes`() {
    // Rounding.
    for mean in GaussianMixture.eightGaussians.means { #expect(abs(mean[0] * mean[0] + mean[1] * mean[1] - 4) < 1e-12) }
    let corner = GaussianMixture.diamond.means.map { $0[0] }.max() ?? 0
    #expect(abs(corner - 0.5.squareRoot()) < 1e-12)  // rounding
    let mixture = GaussianMixture.mg25(dimension: 4)
    #expect(Set(mixture.means).count == 25 && mixture.variances.allSatisfy { $0 == [0.01, 0.01, 0.1, 0.1] })
  }

  @Test func `the checkerboard fills the black squares alone, all eight alike`() {
    let n = 80_000
    let rows = draws(Checkerboard(), n)
    var counts: [SIMD2<Int>: Int] = [:]
    for row in 0..<n {
      let square = SIMD2(Int(floor(rows[row, 0] / 2)), Int(floor(rows[row, 1] / 2)))
      counts[square, default: 0] += 1
    }
    #expect(counts.count == 8)
    #expect(counts.keys.allSatisfy { ($0.x + $0.y) % 2 == 0 && (-2...1).contains($0.x) && (-2...1).contains($0.y) })
    let chi2 = counts.values.map { Double(($0 - n / 8) * ($0 - n / 8)) / Double(n / 8) }.reduce(0, +)
    #expect(chi2 < 38)  // chi-squared with 7 degrees of freedom exceeds 38 three times in 10⁶
  }

  @Test(arguments: TargetKind.allCases) func `a dimension that does not exist is refused by name`(kind: TargetKind) {
    #expect(throws: TargetError.dimension(0, of: kind)) { try kind.make(dimension: 0) }
  }

  @Test func `error texts say what to set`() {
    #expect(
      TargetError.dimension(3, of: .diamond).description
        == "the target 'diamond' has no form in dimension 3: set dimension 2")
    #expect(
      TargetError.dimension(1, of: .funnel).description
        == "the target 'funnel' has no form in dimension 1: set a dimension of at least 2")
  }
}

@Suite struct StandardisationTests {
  @Test func `a constant column has scale 1 and comes back exactly`() {
    let map = Standardisation(mean: [0.1, -3], variance: [0, 4])
    #expect(map.scale == [1, 2])
    var rows = Matrix(rows: 3, columns: 2)
    for row in 0..<3 {
      rows[row, 0] = 0.1
      rows[row, 1] = Float(row)
    }
    let constant = Standardisation(mean: [Double(Float(0.1)), -3], scale: map.scale)
    constant.apply(to: &rows)
    #expect(rows[2, 0] == 0)
    #expect(rows[2, 1] == 2.5)
    constant.invert(&rows)
    for row in 0..<3 {
      #expect(rows[row, 0] == 0.1)
      #expect(rows[row, 1] == Float(row))
    }
  }

  @Test func `standardised draws have mean 0 and variance 1`() {
    let target = GaussianMixture(mean: [100, -2], variance: [1e-4, 9])
    var rows = Matrix(rows: 10_000, columns: 2)
    target.draw(RandomStream(seed: 1, purpose: .targetDraw), firstIndex: 0, into: &rows)
    target.standardisation.apply(to: &rows)
    for k in 0..<2 {
      let values = (0..<10_000).map { Double(rows[$0, k]) }
      #expect(abs(values.reduce(0, +) / 1e4) < 0.05)  // five standard errors
      // Five standard errors of a variance; values near 100 in Float carry 4e-4 of their deviation.
      #expect(abs(values.map { $0 * $0 }.reduce(0, +) / 1e4 - 1) < 0.071)
    }
  }
}
