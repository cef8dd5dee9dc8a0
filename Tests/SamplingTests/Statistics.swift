import Diffusion
import LinearAlgebra
import Sampling

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
