import Communication
import Diffusion
import LinearAlgebra
import Networks
import Randomness
import Testing

@testable import Training

/// Rows (θ | y): θ = 0.8 y + 0.6 e, both of unit variance.
private func pairs(_ rows: inout Matrix, seed: UInt64) {
  RandomStream(seed: seed, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
  for r in 0..<rows.rows { rows[r, 0] = 0.8 * rows[r, 1] + 0.6 * rows[r, 0] }
}

@Suite struct ConditionTests {
  static var objectives: [TrainingObjective] { [.denoising, .implicit(simulationSteps: 0)] }

  @Test("a conditional network learns the conditional score, not the marginal one", arguments: 0..<2)
  func learns(objective: Int) throws {
    let process = VariancePreserving()
    let model = ScoreModel(
      process: process, dimension: 1, conditions: 1, output: .posteriorMean, conditioning: .data,
      weight: .unitVariance, widths: [32, 32], activation: .silu, residual: true,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 8), seed: 1)
    var options = TrainingOptions()
    (options.batch, options.minimumTime) = (256, 0.01)
    options.optimiser.learningRate = 5e-3
    options.optimiser.steps = 800
    let data = ShardedRows(
      assignment: ShardAssignment(rows: 20_000, shards: 4, seed: 1), shards: 0..<4, dimension: 2, seed: 1)
    pairs(&data.rows, seed: 4)
    let trainer = Trainer(
      model: model, objective: Self.objectives[objective], options: options, data: data,
      tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
    for _ in 0..<800 { _ = try trainer.takeStep() }
    let score = NetworkScore(model: model, parameters: try trainer.gatherAverage())
    var conditions = Matrix(rows: NetworkScore.rows, columns: 1)
    var states = Matrix(rows: NetworkScore.rows, columns: 1)
    for r in 0..<NetworkScore.rows {
      conditions[r, 0] = Float(r % 3 - 1)
      states[r, 0] = Float(r) / 128 - 1
    }
    score.setConditions(conditions, firstIndex: 0)
    var found = Matrix(rows: NetworkScore.rows, columns: 1)
    let t = 0.3
    score.evaluate(states, at: t, into: &found)
    let kernel = process.kernel(at: t)
    let m = kernel.mean[0]
    var (error, size) = (0.0, 0.0)
    for r in 0..<NetworkScore.rows {
      let centre = m * 0.8 * Double(conditions[r, 0])
      let exact = -(Double(states[r, 0]) - centre) / (kernel.covariance[0, 0] + 0.36 * m * m)
      error += (Double(found[r, 0]) - exact) * (Double(found[r, 0]) - exact)
      size += exact * exact
    }
    // 800 steps of a small network come to 5 %, or 20 % by the noisier gradient of the implicit loss; the marginal score
    // would be off by more than half.
    #expect((error / size).squareRoot() < (objective == 0 ? 0.15 : 0.3), "\((error / size).squareRoot())")
    // Conditions are read from the given row on, and from the start again.
    var second = Matrix(rows: NetworkScore.rows, columns: 1)
    score.setConditions(conditions, firstIndex: NetworkScore.rows * 3)
    score.evaluate(states, at: t, into: &second)
    #expect((0..<NetworkScore.rows).allSatisfy { second[$0, 0] == found[$0, 0] })
    score.setConditions(conditions, firstIndex: 1)
    score.evaluate(states, at: t, into: &second)
    #expect((0..<NetworkScore.rows).contains { second[$0, 0] != found[$0, 0] })
  }
}
