import Diffusion
import Foundation
import LinearAlgebra
import Sampling
import Targets

/// A law of the reader's own: each coordinate is −1 or 1, so that E[x_0|u] = tanh(mu/h) for u = m x_0 + √h e.
struct Coins: Score {
  let process: any ForwardProcess
  let dimension: Int
  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let kernel = process.kernel(at: t)
    let (m, h) = (kernel.mean[0], kernel.covariance[0, 0])
    for r in 0..<state.rows {
      for k in 0..<dimension {
        let u = Double(state[r, k])
        score[r, k] = Float((m * tanh(m * u / h) - u) / h)
      }
    }
  }
}

/// Draws 256 samples of a score by DPM-Solver++ 2M, and prints the first three.
func show(_ name: String, _ law: some Score) {
  var score = law
  let times = TimeGrid.logSNR.times(steps: 50, of: law.process, to: law.process.usualFinalTime)
  var generator = Generator(
    process: law.process, dimension: law.dimension, sampler: DPMSolverMultistep(), times: times, denoises: true, seed: 1
  )
  var samples = Matrix(rows: Generator.rows, columns: law.dimension)
  generator.generate(chunk: 0, score: &score, into: &samples)
  for r in 0..<3 {
    print(name, (0..<law.dimension).map { String(format: "%6.3f", samples[r, $0]) }.joined(separator: " "))
  }
}

let process = VariancePreserving()
let mixture = GaussianMixture(
  weights: [0.25, 0.75], means: [[-2, 0], [1, 3]], variances: [[0.1, 0.1], [0.5, 0.2]])
if let score = mixture.score(under: process, in: .identity(2)) { show("mixture", score) }
show("coins", Coins(process: process, dimension: 3))
