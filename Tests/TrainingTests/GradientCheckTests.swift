import Communication
import Diffusion
import LinearAlgebra
import Networks
import Randomness
import Testing

@testable import Training

/// A trainer on normal rows, 256 a step in 4 shards.
private func trainer(_ activation: Activation, residual: Bool = true) -> Trainer {
  let tree = CanonicalTree(shards: 4)
  let data = ShardedRows(
    assignment: ShardAssignment(rows: 400, shards: 4, seed: 1), shards: 0..<4, dimension: 3, seed: 1)
  RandomStream(seed: 7, purpose: .benchmark).fillNormals(&data.rows, firstIndex: 0)
  let model = ScoreModel(
    process: CriticallyDampedLangevin(epsilon: 0.25), dimension: 3, output: .posteriorMean, conditioning: .data,
    widths: [16, 16], activation: activation, residual: residual,
    embedding: TimeEmbedding(kind: .sinusoidal, features: 8), seed: 1)
  var options = TrainingOptions()
  options.batch = 256
  options.optimiser.learningRate = 1e-2
  options.optimiser.warmupSteps = 0
  return Trainer(model: model, options: options, data: data, tree: tree, communicator: .single, seed: 1)
}

private final class Recorder: GradientObserver {
  var layers: [Int: [Int]] = [:]
  var sums: [Int: [Float]] = [:]

  func observe(shard: Int, layer: Int, gradient: Span<Float>) {
    layers[shard, default: []].append(layer)
    if sums[layer] == nil { sums[layer] = [Float](repeating: 0, count: gradient.count) }
    for i in gradient.indices { sums[layer]?[i] += gradient[i] }
  }
}

@Suite struct GradientCheckTests {
  @Test("back-propagation agrees with finite differences at 24 parameters or more", arguments: Activation.allCases)
  func agreement(activation: Activation) throws {
    for residual in [false, true] {
      let trainer = trainer(activation, residual: residual)
      // The first check displaces the last layer, the second finds it trained.
      for isFresh in [true, false] {
        let check = trainer.checkGradient()
        #expect(check.rows.count >= 24)
        #expect(Set(check.rows.map(\.tensor)).count == 6)
        #expect(check.isDisplaced == isFresh)
        // Within the differences' distances a few of relu's kinks may lie: there no tolerance is right.
        #expect(activation == .relu ? check.contradiction == nil : check.disagreements.isEmpty)
        // A tolerance means something only where the differences are sharper than it.
        let bound = activation == .relu ? 0.5 : 0.02
        let sharp = check.rows.filter { $0.uncertainty < bound * max(abs($0.gradient), abs($0.difference)) }
        #expect(sharp.count > check.rows.count / 2)
        for _ in 0..<20 { _ = try trainer.takeStep() }
      }
    }
  }

  @Test("a gradient that is 5 % off does not agree, one that is noise off does")
  func disagreement() {
    func row(_ gradient: Double) -> GradientCheck.Row {
      GradientCheck.Row(tensor: "layers.0.bias", index: [1], gradient: gradient, difference: 0.1, uncertainty: 1e-5)
    }
    #expect(!row(0.105).agrees)
    #expect(!row(0.1002).agrees)
    #expect(row(0.10009).agrees)
    #expect(!row(.nan).agrees)
  }

  @Test("looking leaves the next steps as they are, bit by bit")
  func unchanged() throws {
    let (plain, watched) = (trainer(.silu), trainer(.silu))
    watched.observer = Recorder()
    for _ in 0..<3 {
      watched.rehearseStep()
      _ = watched.checkGradient(count: 6)
      let reports = (try plain.takeStep(), try watched.takeStep())
      #expect(reports.0 == reports.1)
    }
    #expect((0..<plain.parameterCount).allSatisfy { plain.parameters[0, $0] == watched.parameters[0, $0] })
  }

  @Test("the observer sees each layer of each shard once, last layer first, and what it sees adds up to the gradient")
  func observer() throws {
    let trainer = trainer(.silu)
    for _ in 0..<3 { _ = try trainer.takeStep() }
    let recorder = Recorder()
    trainer.observer = recorder
    _ = try trainer.takeStep()
    #expect(recorder.layers == [0: [2, 1, 0], 1: [2, 1, 0], 2: [2, 1, 0], 3: [2, 1, 0]])
    for layer in 0..<3 {
      let range = trainer.layout.range(ofLayer: layer)
      let sums = try #require(recorder.sums[layer])
      #expect(sums.count == range.count)
      let deviation = zip(range, sums).map { abs(trainer.gradients[0, $0] - $1) }.max() ?? 1
      // Another order of three additions: a few units in the last place of elements below 1.
      #expect(deviation < 1e-6)
      let norm = sums.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(trainer.gradientNorm(ofLayer: layer) - norm) < 1e-5 * norm)
    }
  }

  @Test("sizes of activations are root mean squares, and not finite from the layer on where a number is not")
  func sizes() throws {
    let trainer = trainer(.silu)
    for _ in 0..<3 { _ = try trainer.takeStep() }
    trainer.rehearseStep()
    // A sum over two sines and cosines each: 8 features of mean square ½, 6 whitened coordinates of mean square 1.
    let expected = ((6 * 1.0 + 8 * 0.5) / 14).squareRoot()
    let sizes = trainer.activationSizes(ofShard: 2)
    #expect(sizes.count == 4)
    // 64 rows of 14 numbers: a standard error of about 3 %.
    #expect(abs(sizes[0] - expected) < 0.12 * expected)
    trainer.parameters[0, trainer.layout.bias(1).offset] = .infinity
    trainer.rehearseStep()
    let broken = trainer.activationSizes(ofShard: 2).map(\.isFinite)
    #expect(broken == [true, true, false, false])
    #expect(trainer.isFinite(layer: 0) && !trainer.isFinite(layer: 1))
    #expect(!trainer.loss(ofShard: 2).isFinite)
  }
}
