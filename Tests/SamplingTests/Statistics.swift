import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Testing

/// √n · the largest gap between the empirical and a given distribution function: above 2.3 with probability 5e-5.
func kolmogorovSmirnov(_ values: [Double], _ distribution: (Double) -> Double) -> Double {
  let n = Double(values.count)
  let gaps = values.sorted().enumerated().map { abs(distribution($1) - (Double($0) + 0.5) / n) }
  return (gaps.max() ?? 1) * n.squareRoot()
}

/// The distribution function of N(mean, variance).
func normalDistribution(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
  0.5 * erfc((mean - x) / (2 * variance).squareRoot())
}

extension Generator {
  /// All numbers of the first chunks, row after row.
  mutating func values(chunks: Int, score: inout some Score) -> [Double] {
    var samples = Matrix(rows: Generator.rows, columns: dimension)
    var values: [Double] = []
    for chunk in 0..<chunks {
      generate(chunk: chunk, score: &score, into: &samples)
      for i in 0..<samples.count { values.append(Double(samples.span[i])) }
    }
    return values
  }
}
