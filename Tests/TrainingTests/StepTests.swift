import Communication
import Diffusion
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

@Suite struct StepTests {
  @Test("a step follows the canonical tree's sum of the shards' gradients, bit for bit", arguments: [1, 2, 8])
  func tree(shards: Int) throws {
    let (model, rows) = (tinyModel(.posteriorMean, .data), 16)
    var options = TrainingOptions()
    (options.batch, options.optimiser.warmupSteps, options.optimiser.weightDecay) = (rows * shards, 0, 0.3)
    let data = rowsOfShards(shards, dimension: model.dimension)
    let tree = CanonicalTree(shards: shards)
    let trainer = Trainer(model: model, options: options, data: data, tree: tree, communicator: .single, seed: 1)
    // The last layer starts at zero, and with it all other gradients.
    trainer.initialise(from: normals(1, trainer.layout.count, seed: 9, scale: 0.3))
    let before = try State(trainer)
    let leaves = (0..<shards).map { gradient(ofShard: $0, model, options, data, rows: rows, before.parameters) }
    let report = try trainer.takeStep()
    let sum = Self.sum(leaves)

    let squares = sum.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(report.gradientNorm - squares.squareRoot()) < 1e-12 * report.gradientNorm)  // Double, another order
    var (p, m, v, ema) = (before.parameters, before.first, before.second, before.average)
    let update = options.optimiser.update(at: 1, gradientNorm: report.gradientNorm)
    unsafe update.apply(sum, &p, &m, &v, &ema, count: p.count, decays: true)
    // Biases do not decay: theirs is the same update without.
    var (q, mq, vq, emaq) = (before.parameters, before.first, before.second, before.average)
    unsafe update.apply(sum, &q, &mq, &vq, &emaq, count: q.count, decays: false)
    #expect(p != q && m == mq && v == vq)
    for layer in 0..<model.network.layerCount {
      for i in trainer.layout.weight(layer).range { (q[i], emaq[i]) = (p[i], ema[i]) }
    }
    let after = try State(trainer)
    #expect(after == State(parameters: q, average: emaq, first: m, second: v))
    #expect(after.parameters != before.parameters)
  }

  @Test(
    "training goes on from a restored state as if it had never stopped, with losses by time too",
    arguments: [TimeLaw.logUniform, .importance])
  func restore(law: TimeLaw) throws {
    func fresh() -> Trainer {
      var options = TrainingOptions()
      (options.batch, options.timeLaw) = (64, law)
      return Trainer(
        model: tinyModel(.noise, .state), options: options, data: rowsOfShards(4, dimension: 3),
        tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
    }
    let (whole, first, second) = (fresh(), fresh(), fresh())
    for _ in 0..<6 { _ = try whole.takeStep() }
    for _ in 0..<3 { _ = try first.takeStep() }
    second.restore(try first.gatherState())
    for _ in 0..<3 { _ = try second.takeStep() }
    #expect(second.step == 6)
    let expected = try State(whole)
    let found = try State(second)
    #expect(found == expected)
    #expect(try second.gatherState().timeHistory == whole.gatherState().timeHistory)
  }

  @Test("the held-out loss does not depend on how rows are cut into chunks", arguments: [TimeLaw.uniform, .importance])
  func heldOut(law: TimeLaw) throws {
    let model = tinyModel(.posteriorMean, .state)
    let parameters = normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.4)
    let loss = try HeldOutLoss(
      model: model, minimumTime: 1e-2, law: law, rows: normals(300, 3, seed: 4), seed: 7, communicator: .single
    ).evaluate(parameters)
    let oracle = DoubleLoss(
      model: model, rows: normals(300, 3, seed: 4),
      streams: DrawStreams(
        times: RandomStream(seed: 7, purpose: .heldOutNoise, step: 0),
        noise: RandomStream(seed: 7, purpose: .heldOutNoise, step: 1)),
      times: (1e-2, law))
    // 256 rows and 44, with 212 computed in vain; Float rounding averages out over 300 rows.
    #expect(abs(loss - oracle(array(parameters).map(Double.init)) / 300) < 1e-6 * loss)
  }

  @Test("what a step is shown to do is what it does: rows, times and losses of each shard")
  func inspection() throws {
    let (model, rows) = (tinyModel(.posteriorMean, .data), 16)
    var options = TrainingOptions()
    options.batch = 4 * rows
    let data = rowsOfShards(4, dimension: 3)
    let trainer = Trainer(
      model: model, options: options, data: data, tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
    trainer.initialise(from: normals(1, trainer.layout.count, seed: 9, scale: 0.3))
    _ = try trainer.takeStep()
    let parameters = try State(trainer).parameters.map(Double.init)
    let law = TimeSampler(options.timeLaw, process: model.process, first: options.minimumTime)
    // Step 1, the second: position q = step · b + j of a shard's stream.
    let expected = (0..<4).map { shard -> (rows: [[Float]], times: [Double], loss: Double) in
      let places = (0..<rows).map { data.row(shard: shard, at: rows + $0) }
      var held = Matrix(rows: 4 * rows, columns: 3)
      for j in 0..<rows { for k in 0..<3 { held[shard * rows + j, k] = data.rows[places[j], k] } }
      let oracle = DoubleLoss(
        model: model, rows: held,
        streams: DrawStreams(
          times: RandomStream(seed: 1, purpose: .diffusionTime, step: 1),
          noise: RandomStream(seed: 1, purpose: .diffusionNoise, step: 1)),
        times: (options.minimumTime, options.timeLaw))
      let times = (0..<rows).map { j -> Double in
        var sequence = RandomStream(seed: 1, purpose: .diffusionTime, step: 1).row(UInt64(shard * rows + j))
        return law.draw(sequence.nextUniform()).time
      }
      let loss = (0..<rows).reduce(0) { $0 + oracle.loss(row: shard * rows + $1, parameters) }
      return (places.map { place in (0..<3).map { data.rows[place, $0] } }, times, loss / Double(rows))
    }
    for shard in 0..<4 {
      let shown = trainer.rows(ofShard: shard)
      #expect((0..<rows).map { r in (0..<3).map { shown[r, $0] } } == expected[shard].rows)
      #expect(trainer.times(ofShard: shard) == expected[shard].times)
    }
    let report = try trainer.takeStep()
    for shard in 0..<4 {
      // Float rounding of 16 rows of losses of size 1.
      #expect(abs(trainer.loss(ofShard: shard) - expected[shard].loss) < 1e-5 * (1 + expected[shard].loss))
    }
    // The mean over the batch is the mean of the shards' means, in Double.
    let mean = (0..<4).reduce(0) { $0 + trainer.loss(ofShard: $1) } / 4
    #expect(abs(report.loss - mean) < 1e-14 * mean)
    #expect(report.learningRate == options.optimiser.learningRate(at: 2) && report.step == 2)
  }

  func rowsOfShards(_ shards: Int, dimension: Int) -> ShardedRows {
    let data = ShardedRows(
      assignment: ShardAssignment(rows: 100, shards: shards, seed: 1), shards: 0..<shards, dimension: dimension, seed: 1
    )
    data.rows.copy(from: normals(100, dimension, seed: 4))
    return data
  }

  /// One shard alone: no other is in the pass.
  private func gradient(
    ofShard shard: Int, _ model: ScoreModel, _ options: TrainingOptions, _ data: ShardedRows, rows: Int,
    _ parameters: [Float]
  ) -> [Float] {
    let pass = NetworkPass(architecture: model.network, frequencies: model.frequencies, rows: rows, use: .training)
    let times = TimeSampler(options.timeLaw, process: model.process, first: options.minimumTime)
    let batch = DenoisingObjective(model: model, times: times, rows: rows, sets: 1)
    let streams = DrawStreams(
      times: RandomStream(seed: 1, purpose: .diffusionTime), noise: RandomStream(seed: 1, purpose: .diffusionNoise))
    unsafe batch.draw(set: 0, firstIndex: UInt64(shard * rows), streams: streams, into: pass) { row in
      unsafe UnsafePointer(data.rows.pointer) + data.row(shard: shard, at: row) * model.dimension
    }
    unsafe pass.forward(parameters)
    let gradient = Matrix(rows: 1, columns: pass.layout.count)
    unsafe batch.lossesAndGradients(
      of: pass, group: 0..<1, parameters: parameters, scale: 1 / Double(options.batch),
      into: .sets(gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in }))
    return array(gradient)
  }

  private static func sum(_ leaves: [[Float]]) -> [Float] {
    guard leaves.count > 1 else { return leaves[0] }
    let half = leaves.count / 2
    return zip(sum(Array(leaves[..<half])), sum(Array(leaves[half...]))).map { $0 + $1 }
  }
}

/// A trainer's state as arrays, which can be compared.
struct State: Equatable {
  let parameters, average, first, second: [Float]
  /// The power-function averages, one after another.
  var averages: [Float] = []

  init(parameters: [Float], average: [Float], first: [Float], second: [Float]) {
    (self.parameters, self.average, self.first, self.second) = (parameters, average, first, second)
  }

  init(_ trainer: Trainer) throws {
    let state = try trainer.gatherState()
    (parameters, average) = (array(state.parameters), array(state.average))
    (first, second) = (array(state.first), array(state.second))
    averages = array(state.averages)
  }
}
