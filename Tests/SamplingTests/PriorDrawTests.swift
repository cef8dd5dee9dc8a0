import Diffusion
import LinearAlgebra
import TestSupport
import Testing

@testable import Sampling

@Suite struct PriorDrawTests {
  @Test("draws of the prior are the states that a generator starts from", arguments: [0, 1]) func same(_ kind: Int) {
    let process: any ForwardProcess = kind == 0 ? VariancePreserving() : CriticallyDampedLangevin(epsilon: 0.25)
    var score = GaussianScore(process: process, dimension: 3)
    var generator = Generator(
      process: process, dimension: 3, sampler: ImplicitSampler(), times: [process.horizon, 0.5], denoises: false,
      seed: 7)
    var samples = Matrix(rows: Generator.rows, columns: 3)
    var started: [Float] = []
    generator.generate(
      chunk: 2, score: &score, into: &samples,
      record: { _, states in
        if started.isEmpty { for r in 0..<states.rows { for k in 0..<states.columns { started.append(states[r, k]) } } }
      })
    var states = Matrix(rows: Generator.rows, columns: 3 * process.blocks)
    var normals = Matrix(rows: Generator.rows, columns: 3 * process.blocks)
    process.drawPrior(into: &states, normals: &normals, dimension: 3, seed: 7, firstIndex: UInt64(2 * Generator.rows))
    let drawn = (0..<states.count).map { states[$0 / states.columns, $0 % states.columns] }
    #expect(drawn == started)
  }
}
