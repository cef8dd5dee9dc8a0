import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Sampling
import TestSupport
import Testing

@testable import Training

/// A one-step student: its form, its gradients, and that it becomes what its teacher does where that is known.
@Suite struct StudentTests {
  private static let shards = 4

  private static func teacher(_ process: any ForwardProcess, output: NetworkOutput = .posteriorMean) -> ScoreModel {
    ScoreModel(
      process: process, dimension: 2, output: output, conditioning: .data, widths: [16, 16], activation: .silu,
      residual: true, shrinkage: process.blocks == 1, embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
  }

  private static func trainer(
    _ model: StudentModel, steps: Int = 100, pairs: (_ rows: inout Matrix) -> Void
  ) -> Trainer {
    let assignment = ShardAssignment(rows: 2048, shards: shards, seed: 1)
    let data = ShardedRows(assignment: assignment, shards: 0..<shards, dimension: model.pairColumns, seed: 1)
    pairs(&data.rows)
    var options = TrainingOptions()
    options.batch = 256
    (options.optimiser.learningRate, options.optimiser.warmupSteps, options.optimiser.steps) = (1e-2, 20, steps)
    return Trainer(
      .student(model), options: options, data: data, tree: CanonicalTree(shards: shards), communicator: .single, seed: 1
    )
  }

  /// Pairs of the flow under the exact score of Gaussian data, drawn by a generator as a run draws them.
  private static func pairs(_ score: GaussianScore, into rows: inout Matrix) {
    var score = score
    var options = SamplerOptions()
    (options.steps, options.finalTime) = (400, 1e-4)
    var generator = Generator(
      process: score.process, dimension: 2, sampler: FlowSampler.usual.kind.make(options),
      times: TimeGrid.logSNR.times(steps: options.steps, of: score.process, to: options.finalTime), denoises: true,
      seed: 5)
    var samples = Matrix(rows: Generator.rows, columns: 2)
    var noise = Matrix(rows: Generator.rows, columns: rows.columns - 2)
    var sources = Matrix(rows: Generator.rows, columns: rows.columns - 2)
    for chunk in 0..<rows.rows / Generator.rows {
      score.process.drawPrior(
        into: &noise, normals: &sources, dimension: 2, seed: 5, firstIndex: UInt64(chunk * Generator.rows))
      generator.generate(chunk: chunk, score: &score, into: &samples)
      for r in 0..<Generator.rows {
        for k in 0..<2 { rows[chunk * Generator.rows + r, k] = samples[r, k] }
        for k in 0..<noise.columns { rows[chunk * Generator.rows + r, 2 + k] = noise[r, k] }
      }
    }
  }

  @Test(
    "back-propagation agrees with finite differences",
    arguments: [0, 1])
  func gradients(_ kind: Int) throws {
    let process: any ForwardProcess = kind == 0 ? VariancePreserving() : CriticallyDampedLangevin(epsilon: 0.25)
    let model = StudentModel(Self.teacher(process))
    let trainer = Self.trainer(model) { rows in rows.copy(from: normals(rows.rows, rows.columns, seed: 3)) }
    for _ in 0..<2 {
      let check = trainer.checkGradient()
      #expect(check.disagreements.isEmpty)
      let sharp = check.rows.filter { $0.uncertainty < 0.02 * max(abs($0.gradient), abs($0.difference)) }
      #expect(sharp.count > check.rows.count / 2)
      for _ in 0..<20 { _ = try trainer.takeStep() }
    }
  }

  // For data N(μ, v) the flow is x = μ + √(v/(m²v + h)) (u − mμ), m and h of the kernel at T: Song et al. 2021, its solution.
  @Test("the pairs are those of the flow, and the student becomes its teacher, on Gaussian data") func gaussian() throws
  {
    let score = GaussianScore(process: VariancePreserving(), dimension: 2, mean: 0.7, variance: 0.3)
    let kernel = score.process.kernel(at: score.process.horizon)
    let (m, h) = (kernel.mean[0], kernel.covariance[0, 0])
    func flow(_ u: Double) -> Double { 0.7 + (0.3 / (m * m * 0.3 + h)).squareRoot() * (u - m * 0.7) }
    let model = StudentModel(Self.teacher(score.process))
    let trainer = Self.trainer(model, steps: 600) { Self.pairs(score, into: &$0) }
    // 400 steps of order 2, and what the data's own width at t = 1e-4 leaves.
    var worst = 0.0
    for row in 0..<256 {
      for k in 0..<2 {
        let (x, u) = (Double(trainer.data.rows[row, k]), Double(trainer.data.rows[row, 2 + k]))
        worst = max(worst, abs(x - flow(u)))
      }
    }
    #expect(worst < 2e-3)
    let student = NetworkStudent(model: model, parameters: try trainer.gatherAverage())
    var noise = normals(NetworkStudent.rows, 2, seed: 8)
    var samples = Matrix(rows: NetworkStudent.rows, columns: 2)
    student.map(noise, into: &samples)
    // Before training the student says the mean of unit data given u, m u, as little of them is left.
    let untrained = (0..<samples.rows).map { abs(Double(samples[$0, 0]) - m * Double(noise[$0, 0])) }.max() ?? 1
    #expect(untrained < 1e-4)
    for _ in 0..<600 { _ = try trainer.takeStep() }
    let learned = NetworkStudent(model: model, parameters: try trainer.gatherAverage())
    noise.copy(from: normals(NetworkStudent.rows, 2, seed: 9))
    learned.map(noise, into: &samples)
    var square = 0.0
    for row in 0..<samples.rows {
      for k in 0..<2 { square += pow(Double(samples[row, k]) - flow(Double(noise[row, k])), 2) / 512 }
    }
    // A map that is linear is within the network's reach: what is left is Adam's, on noise that it has not seen.
    #expect(square < 3e-4, "\(square) of a variance of 0.3")
  }

  @Test(
    "a teacher's output other than the posterior mean gives the same student",
    arguments: [NetworkOutput.noise, .velocity])
  func outputs(_ output: NetworkOutput) {
    let (own, other) = (
      StudentModel(Self.teacher(VariancePreserving())), StudentModel(Self.teacher(VariancePreserving(), output: output))
    )
    #expect(own.network == other.network && own.gain == other.gain && own.level == other.level)
    #expect(own.gain > 0.99 && own.gain <= 1)
  }
}
