import Diffusion
import Foundation
import Sampling
import Testing

@Suite struct TimeGridTests {
  @Test("grids run from the horizon to the final time", arguments: processes, TimeGrid.allCases)
  func grids(process: any ForwardProcess, grid: TimeGrid) {
    let times = grid.times(steps: 10, of: process, to: 1e-3)
    #expect(times.count == 11 && times[0] == process.horizon && times[10] == 1e-3)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
    let levels = times.map { process.kernel(at: $0).noiseLevel }
    let rungs =
      switch grid {
      case .uniform, .quadratic: times.map { ($0 - 1e-3) / (process.horizon - 1e-3) }
      case .edm: levels.map { exp($0 / 7) }
      case .logSNR: levels
      case .varianceLinear: variances(levels)
      case .varianceQuadratic: variances(levels).map { $0.squareRoot() }
      }
    for i in 0...10 {
      let share = grid == .quadratic ? pow(1 - Double(i) / 10, 2) : 1 - Double(i) / 10
      // Roundings of the inverse, relative to the whole interval.
      #expect(abs(rungs[i] - rungs[10] - share * (rungs[0] - rungs[10])) < 1e-9 * abs(rungs[0] - rungs[10]))
    }
  }

  /// 1 − ᾱ_i/ᾱ_{i+1}, of the last level 1 − ᾱ, for ᾱ = 1/(1 + e^{2 level}).
  private func variances(_ levels: [Double]) -> [Double] {
    let logarithms = levels.map { -log1p(exp(2 * $0)) } + [0]
    return levels.indices.map { -expm1(logarithms[$0] - logarithms[$0 + 1]) }
  }

  /// Ho, Jain and Abbeel's chain: 1,000 variances from 1e-4 to 0.02.
  private static let chain = VariancePreserving(
    schedule: .discreteLinear(DiscreteNoise(steps: 1000, first: 1e-4, last: 0.02)))

  @Test(
    "the shorter chains of FastDPM begin with the long one's first variance and end with its last noise level",
    arguments: [
      // Bisection of NumPy's product of 1 − η over 10 and 50 variances, to 4.035829765375676e-05.
      (TimeGrid.varianceLinear, 10, 0.9720026191357499), (.varianceLinear, 50, 0.3530299990804911),
      (.varianceQuadratic, 10, 0.9980367000945036), (.varianceQuadratic, 50, 0.49267728133389194),
    ])
  func shorterChain(grid: TimeGrid, length: Int, last: Double) {
    let times = grid.times(steps: length - 1, of: Self.chain, to: 1e-3)
    let found = variances(times.map { Self.chain.kernel(at: $0).noiseLevel })
    // Roundings of 1 − ᾱ = 1e-4, and of a time's inverse.
    #expect(abs(found[length - 1] - 1e-4) < 1e-14)
    #expect(abs(found[0] - last) < 1e-9)
  }

  @Test("so many steps that variances would have to shrink are equal in the logarithm of what is left of the data")
  func manySteps() {
    // 2,000 steps of 0.01 would leave e^-20, and e^-10.1 is to be left.
    let end = Self.chain.time(ofNoise: 0.1)
    let times = TimeGrid.varianceQuadratic.times(steps: 2000, of: Self.chain, to: end)
    let found = variances(times.map { Self.chain.kernel(at: $0).noiseLevel })
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
    // Roundings of ln ᾱ beside 0.005.
    #expect(found.dropLast().allSatisfy { abs($0 - found[0]) < 1e-9 })
  }
}
