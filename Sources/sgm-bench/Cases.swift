import Communication
import Configuration
import Diffusion
import LinearAlgebra
import Networks
import Randomness
import Training

/// A network and a batch on the variance-preserving process, as the twins in other frameworks have them.
struct Case {
  let dimension: Int
  let widths: [Int]
  let batch: Int
  let shards: Int

  static let large = wide(batch: 512, shards: 2)
  static let larger = wide(batch: 2048, shards: 8)
  static let finer = wide(batch: 512, shards: 16)
  static let largest = wide(batch: 2048, shards: 16)
  static let small = Case(dimension: 2, widths: [128, 128, 128], batch: 256, shards: 2)

  /// Four hidden layers of 512.
  static func wide(batch: Int, shards: Int) -> Case {
    Case(dimension: 100, widths: [512, 512, 512, 512], batch: batch, shards: shards)
  }

  var name: String { "\(widths.count)×\(widths[0]), d = \(dimension), batch \(batch) in \(shards)" }

  var model: ScoreModel {
    ScoreModel(
      process: VariancePreserving(), dimension: dimension, output: .posteriorMean, conditioning: .data, widths: widths,
      activation: .silu, residual: false, embedding: TimeEmbedding(kind: .sinusoidal, features: 64), seed: 1)
  }

  /// Useful operations of a step.
  var stepFlops: Double { model.network.trainingFlopsPerRow * Double(batch) }

  /// A trainer on random rows.
  func trainer(_ communicator: Communicator, overlaps: Bool = true) -> Trainer {
    let tree = CanonicalTree(shards: shards)
    let assignment = ShardAssignment(rows: 50_000, shards: shards, seed: 1)
    let data = ShardedRows(
      assignment: assignment, shards: tree.range(rank: communicator.rank, of: communicator.size), dimension: dimension,
      seed: 1)
    RandomStream(seed: 3, purpose: .benchmark).fillNormals(&data.rows, firstIndex: 0)
    var options = TrainingOptions()
    options.batch = batch
    options.overlaps = overlaps
    return Trainer(model: model, options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }
}
