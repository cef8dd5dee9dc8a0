import Diffusion
import LinearAlgebra
import Randomness
import TestSupport
import Testing

@testable import Targets

@Suite struct TargetLawTests {
  @Test("a coordinate is scaled by its deviation, and one without variance by 1")
  func standardisation() {
    let units = Standardisation(mean: [3, -1], variance: [4, 0])
    #expect(units.scale == [2, 1])
    var rows = Matrix(rows: 1, columns: 2)
    (rows[0, 0], rows[0, 1]) = (7, 4)
    units.apply(to: &rows)
    #expect(rows[0, 0] == 2 && rows[0, 1] == 5)
    units.invert(&rows)
    #expect(rows[0, 0] == 7 && rows[0, 1] == 4)
  }

  private static let plane: [any Target] = [
    GaussianMixture.eightGaussians, GaussianMixture.mg25(dimension: 4), GaussianMixture.diamond,
    Funnel(dimension: 3),
    TwoMoons(noise: 0.3), Checkerboard(), SwissRoll(noise: 0.4), TwoMoonsSimulator(),
    GaussianMixture(
      weights: [1, 3], means: [[100, -5], [130, -5]], variances: [[16, 0], [1, 4]]),
  ]

  @Test(
    "draws have the mean and variance that standardise them, conditions included",
    arguments: plane.indices)
  func moments(index: Int) {
    let target = Self.plane[index]
    let rows = 100_000
    var draws = Matrix(rows: rows, columns: target.dimension + target.conditions)
    target.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &draws)
    let units = target.standardisation
    for k in 0..<draws.columns {
      let values = (0..<rows).map { (Double(draws[$0, k]) - units.mean[k]) / units.scale[k] }
      let n = Double(rows)
      let mean = values.reduce(0, +) / n
      let squares = values.map { $0 * $0 }
      let variance = squares.reduce(0, +) / n
      let spread = squares.reduce(0) { $0 + ($1 - variance) * ($1 - variance) } / n
      // Five standard errors of both, a false alarm in 2 million; the squares' own spread for heavy tails.
      #expect(abs(mean) < 5 / n.squareRoot(), "\(target), column \(k): \(mean)")
      #expect(
        abs(variance - 1) < 5 * (spread / n).squareRoot() + 1e-6,
        "\(target), column \(k): \(variance)")
    }
  }

  @Test(
    "the moons are half circles, the lower turned over: in exact arithmetic no point lies elsewhere"
  ) func moons() {
    var draws = Matrix(rows: 2000, columns: 2)
    TwoMoons(noise: 0).draw(
      RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &draws)
    var lower = 0
    for r in 0..<2000 {
      let (x, y) = (Double(draws[r, 0]), Double(draws[r, 1]))
      let (up, down) = (x * x + y * y, (x - 1) * (x - 1) + (y - 0.5) * (y - 0.5))
      // Float rounding of the points.
      let isUpper = abs(up - 1) < 1e-6 && y > -1e-6
      let isLower = abs(down - 1) < 1e-6 && y < 0.5 + 1e-6
      #expect(isUpper || isLower, "\(x), \(y)")
      if isLower && !isUpper { lower += 1 }
    }
    #expect(abs(lower - 1000) < 112)  // five deviations of a fair coin's count, √500
  }

  @Test("noise of the moons and of the roll is the same in both coordinates") func noises() {
    for (plain, noisy, size) in [
      (TwoMoons(noise: 0) as any Target, TwoMoons(noise: 0.3) as any Target, 0.3),
      (SwissRoll(noise: 0), SwissRoll(noise: 0.3), 0.3),
    ] {
      var a = Matrix(rows: 20_000, columns: 2)
      var b = Matrix(rows: 20_000, columns: 2)
      plain.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &a)
      noisy.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &b)
      for k in 0..<2 {
        let noise = (0..<20_000).map { Double(b[$0, k] - a[$0, k]) }
        #expect(
          kolmogorovSmirnov(noise) { normalDistribution($0, 0, size * size) }
            < kolmogorovSmirnovBound)
      }
    }
  }

  @Test(
    "a mixture's components are drawn by their weights, independently of where in them a row lies")
  func components() {
    let mixture = GaussianMixture(
      weights: [2, 1, 1], means: [[0, 0], [10, 0], [20, 0]], variances: [[1, 1], [1, 1], [1, 1]])
    #expect(mixture.weights == [0.5, 0.25, 0.25])
    var draws = Matrix(rows: 40_000, columns: 2)
    mixture.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &draws)
    for k in 0..<3 {
      let own = (0..<40_000).filter { abs(draws[$0, 0] - Float(10 * k)) < 5 }
      let share = Double(own.count) / 40_000
      #expect(
        abs(share - mixture.weights[k]) < 5
          * (mixture.weights[k] * (1 - mixture.weights[k]) / 40_000).squareRoot())
      for column in 0..<2 {
        let values = own.map { Double(draws[$0, column]) - (column == 0 ? Double(10 * k) : 0) }
        #expect(
          kolmogorovSmirnov(values) { normalDistribution($0) } < kolmogorovSmirnovBound,
          "\(k), \(column)")
      }
    }
  }

  @Test("a Student-t component has its exact law, alone and far from the others") func studentT() {
    let mixture = StudentTMixture(dimension: 1)
    var draws = Matrix(rows: 400_000, columns: 1)
    mixture.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &draws)
    // Student's t_2 has the distribution function ½ + x/(2√(2 + x²)).
    let values = (0..<draws.rows).map { Double(draws[$0, 0]) }
    #expect(
      kolmogorovSmirnov(values) { x in
        mixture.means.reduce(0) {
          $0 + 0.05 * (1 + (x - $1[0]) / (2 + (x - $1[0]) * (x - $1[0])).squareRoot())
        }
      } < kolmogorovSmirnovBound)
  }

  @Test("data of a target with conditions are its first columns") func data() {
    let target = TwoMoonsSimulator()
    var whole = Matrix(rows: 9, columns: 4)
    var data = Matrix(rows: 9, columns: 2)
    target.draw(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 3, into: &whole)
    target.drawData(RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 3, into: &data)
    for r in 0..<9 { for k in 0..<2 { #expect(data[r, k] == whole[r, k]) } }
  }

  @Test("the simulator's posterior has both crescents, equally often") func crescents() {
    let x = SIMD2(0.0, 0.0)
    var draws = Matrix(rows: 4000, columns: 2)
    TwoMoonsSimulator().drawPosterior(
      given: x, RandomStream(seed: 4, purpose: .targetDraw), firstIndex: 0, into: &draws)
    let positive = (0..<4000).count { draws[$0, 0] + draws[$0, 1] > 0 }
    #expect(abs(positive - 2000) < 158)  // five deviations of a fair coin's count, √1000
  }

  @Test("targets have the dimensions that they say, and refuse others in words") func dimensions()
    throws
  {
    for kind in TargetKind.allCases {
      let range = kind.dimensions
      #expect(try kind.make(dimension: range.lowerBound).dimension == range.lowerBound)
      let other = range.lowerBound == range.upperBound ? 3 : range.lowerBound - 1
      #expect(throws: TargetError.dimension(other, of: kind)) { try kind.make(dimension: other) }
    }
  }
}
