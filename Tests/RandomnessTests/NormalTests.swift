import Glibc
import LinearAlgebra
import TestSupport
import Testing

@testable import Randomness

@Suite struct NormalTests {
  private let stream = RandomStream(seed: 20_240_117, purpose: .benchmark)

  private func draws(rows: Int, columns: Int, firstIndex: UInt64 = 0) -> [Double] {
    var matrix = Matrix(rows: rows, columns: columns)
    stream.fillNormals(&matrix, firstIndex: firstIndex)
    let span = matrix.span
    return (0..<span.count).map { Double(span[$0]) }
  }

  @Test func `normals follow Box–Muller on the stream's words to a few units in the last place`() {
    let draws = draws(rows: 5_000, columns: 4)
    var worst = 0.0
    for row in 0..<5_000 {
      let words = stream.words(index: UInt64(row), block: 0)
      for pair in 0..<2 {
        let (a, b) = (words[2 * pair], words[2 * pair + 1])
        let rho = (-2 * log((Double(a >> 1) + 0.5) * 0x1p-31)).squareRoot() * (a & 1 == 1 ? -1 : 1)
        let angle = Double(Int32(bitPattern: b | 1)) * Double.pi / 4 * 0x1p-31
        let expected = b & 1 == 1 ? (rho * sin(angle), rho * cos(angle)) : (rho * cos(angle), rho * sin(angle))
        // u is rounded to 24 bits before the logarithm, which moves ρ by up to 2⁻²⁴ / ρ.
        let rounding = 0x1p-24 / abs(rho) * 2
        worst = max(worst, abs(draws[4 * row + 2 * pair] - expected.0) / (abs(expected.0) * 0x1p-21 + rounding))
        worst = max(worst, abs(draws[4 * row + 2 * pair + 1] - expected.1) / (abs(expected.1) * 0x1p-21 + rounding))
      }
    }
    #expect(worst < 1)  // 8 units in the last place: 4e-8 from each fit and about six roundings
  }

  @Test func `extreme words give finite normals with the radius bounded by 6.66`() {
    for a in [0, 1, 2, 3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF] as [UInt32] {
      let radius = NormalKernel.radius(a)
      #expect(abs(radius) < 6.67)  // √(62 ln 2) = 6.66 where u is least
      let (x, y) = NormalKernel.direction(a)
      #expect(abs(x * x + y * y - 1) < 4e-7)  // a few roundings of numbers of size one
    }
    #expect(abs(NormalKernel.radius(0)) > 6.66)  // √(62 ln 2) = 6.6604
  }

  @Test(arguments: [1, 2, 3, 4, 7, 100]) func `normals pass Kolmogorov–Smirnov`(columns: Int) {
    let draws = draws(rows: 400_000 / columns, columns: columns)
    #expect(kolmogorovSmirnov(draws, { normalDistribution($0) }) < kolmogorovSmirnovBound)
  }

  @Test func `each of the four normals of a block passes Kolmogorov–Smirnov`() {
    let draws = draws(rows: 100_000, columns: 4, firstIndex: 1 << 40)
    for k in 0..<4 {
      let column = (0..<100_000).map { draws[4 * $0 + k] }
      #expect(kolmogorovSmirnov(column, { normalDistribution($0) }) < kolmogorovSmirnovBound)
    }
  }

  @Test func `the first six moments are those of N(0, 1)`() {
    let n = 4_000_000
    let draws = draws(rows: n / 100, columns: 100)
    var sums = [Double](repeating: 0, count: 7)
    for z in draws {
      var power = 1.0
      for k in 1...6 {
        power *= z
        sums[k] += power
      }
    }
    // E z^k and E z^2k: the standard deviation of the k-th sample moment follows; five of them is one alarm in 10⁶.
    let moments = [1.0, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10_395]
    for k in 1...6 {
      let deviation = ((moments[2 * k] - moments[k] * moments[k]) / Double(n)).squareRoot()
      #expect(abs(sums[k] / Double(n) - moments[k]) < 5 * deviation, "moment \(k)")
    }
  }

  @Test func `tails have the right weight up to five standard deviations`() {
    let (rows, repeats) = (20_000, 50)
    var matrix = Matrix(rows: rows, columns: 100)
    var counts: [Float: Int] = [:]
    for repetition in 0..<repeats {
      stream.fillNormals(&matrix, firstIndex: UInt64(repetition * rows))
      let span = matrix.span
      for level: Float in [-5, -4, -3, 3, 4, 5] {
        var count = 0
        for i in 0..<span.count { count &+= (level > 0 ? span[i] > level : span[i] < level) ? 1 : 0 }
        counts[level, default: 0] += count
      }
    }
    for (level, count) in counts {
      let expected = Double(rows * repeats * 100) * normalDistribution(-abs(Double(level)))
      // Poisson counts (28.7 expected beyond 5): five standard deviations.
      #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "beyond \(level): \(count), not \(expected)")
    }
  }

  @Test func `normals and their squares are uncorrelated along rows, across rows and within pairs`() {
    let (rows, columns) = (20_000, 50)
    let draws = draws(rows: rows, columns: columns)
    let squares = draws.map { ($0 * $0 - 1) / 2.0.squareRoot() }
    let n = draws.count
    for lag in [1, 2, 3, 4, 5, 8, 49, 50, 51, 100, 64 * 50] {
      let (head, tail) = (Array(draws[..<(n - lag)]), Array(draws[lag...]))
      let (squareHead, squareTail) = (Array(squares[..<(n - lag)]), Array(squares[lag...]))
      let bound = 5 / Double(n - lag).squareRoot()  // five standard deviations of a mean of unit-variance products
      #expect(abs(meanProduct(head, tail)) < bound, "lag \(lag)")
      #expect(abs(meanProduct(squareHead, squareTail)) < bound, "squares, lag \(lag)")
      #expect(abs(meanProduct(head, squareTail)) < bound, "mixed, lag \(lag)")
    }
    // The two numbers of each pair share a radius: independence is what Box–Muller must restore.
    let pairs = stride(from: 0, to: n, by: 2).map { ($0, $0 + 1) }
    let bound = 5 / Double(pairs.count).squareRoot()
    #expect(abs(meanProduct(pairs.map { squares[$0.0] }, pairs.map { squares[$0.1] })) < bound)
    #expect(abs(meanProduct(pairs.map { draws[$0.0] }, pairs.map { draws[$0.1] })) < bound)
  }
}
