import Glibc
import TestSupport
import Testing

@testable import Randomness

@Suite struct VariateTests {
  private let stream = RandomStream(seed: 99, purpose: .targetDraw)

  private func draws(_ count: Int, _ variate: (inout VariateSequence) -> Double) -> [Double] {
    (0..<count).map { index in
      var row = stream.row(UInt64(index))
      return variate(&row)
    }
  }

  @Test func `sequential normals pass Kolmogorov–Smirnov`() {
    #expect(kolmogorovSmirnov(draws(200_000) { $0.nextNormal() }, { normalDistribution($0) }) < kolmogorovSmirnovBound)
  }

  @Test(arguments: [0.2, 0.5, 1, 1.5, 2.5, 10, 60]) func `gammas pass Kolmogorov–Smirnov`(shape: Double) {
    let draws = draws(200_000) { $0.nextGamma(shape: shape) }
    #expect(kolmogorovSmirnov(draws) { gammaDistribution($0, shape: shape) } < kolmogorovSmirnovBound)
  }

  @Test func `rejections leave the following variates of a row in place`() {
    for index in 0..<2_000 {
      var row = stream.row(UInt64(index))
      _ = row.nextGamma(shape: 1.2)
      _ = row.nextBelow(3 << 61)
      var plain = stream.row(UInt64(index))
      plain.block = 2
      #expect(row.nextUniform() == plain.nextUniform())
    }
  }

  @Test func `a candidate's attempt is in the counter, so that no later variate uses its words`() {
    let bound: UInt64 = 3 << 61
    for index in 0..<200 as Range<UInt64> {
      let candidates = (0..<20 as Range<UInt8>).map { attempt in
        let words = stream.words(index: index, block: 0, attempt: attempt)
        return (UInt64(words[0]) | UInt64(words[1]) << 32).multipliedFullWidth(by: bound)
      }
      var row = stream.row(index)
      // 2⁶⁴ mod the bound: candidates whose low part is below it are rejected.
      #expect(row.nextBelow(Int(bound)) == candidates.first { $0.low >= 1 << 62 }.map { Int($0.high) })
    }
  }

  @Test func `bounded whole numbers are uniform, and also when many candidates must be rejected`() {
    var counts = [Int](repeating: 0, count: 10)
    for index in 0..<100_000 {
      var row = stream.row(UInt64(index))
      counts[row.nextBelow(10)] += 1
    }
    let chi2 = counts.map { Double(($0 - 10_000) * ($0 - 10_000)) / 10_000 }.reduce(0, +)
    #expect(chi2 < 42)  // chi-squared with 9 degrees of freedom exceeds 42 once in 3·10⁵
    // 2⁶⁴ = 8/3 of this bound: a quarter of all candidates is rejected, else residues of 3 would come as 3 : 3 : 2.
    let bound = 3 << 61
    var residues = [Int](repeating: 0, count: 3)
    let scaled = draws(90_000) {
      let value = $0.nextBelow(bound)
      residues[value % 3] += 1
      return (Double(value) + 0.5) / Double(bound)
    }
    #expect(kolmogorovSmirnov(scaled, { $0 }) < kolmogorovSmirnovBound)
    for count in residues { #expect(abs(count - 30_000) < 707) }  // five standard deviations, √20,000 each
  }
}

@Suite struct PermutationTests {
  private let stream = RandomStream(seed: 5, purpose: .epochOrder, step: 3)

  @Test(arguments: [0, 1, 2, 10, 1_000]) func `a permutation holds every number once`(count: Int) {
    #expect(stream.permutation(of: count).sorted() == (0..<count).map(UInt32.init))
  }

  @Test func `all orders of four are equally frequent`() {
    var counts: [[UInt32]: Int] = [:]
    for sequence in 0..<48_000 { counts[stream.permutation(of: 4, sequence: UInt32(sequence)), default: 0] += 1 }
    #expect(counts.count == 24)
    let chi2 = counts.values.map { Double(($0 - 2_000) * ($0 - 2_000)) / 2_000 }.reduce(0, +)
    #expect(chi2 < 65)  // chi-squared with 23 degrees of freedom exceeds 65 once in 10⁵
  }

  @Test func `permuting in place does not depend on what the array held`() {
    var order = [UInt32](repeating: 77, count: 500)
    stream.permute(into: &order, sequence: 9)
    #expect(order == stream.permutation(of: 500, sequence: 9))
    #expect(order != stream.permutation(of: 500, sequence: 10))
  }
}
