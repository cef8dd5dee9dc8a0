import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// Training of a dequantiser beside a score: gradients, ranks, and what is learned.
extension DequantiserTests {
  private static let widths: [Float] = [2, 2, 2, 0.5]

  /// Rows of two levels, −1 and 1, the second mostly the first; then four levels; then a number.
  private static func row(_ variates: inout VariateSequence, d: Int) -> [Float] {
    let first: Float = variates.nextUniform() < 0.7 ? -1 : 1
    let second = variates.nextUniform() < 0.9 ? first : -first
    return Array([first, second, Float(Int(4 * variates.nextUniform())) - 1.5, Float(variates.nextNormal())].prefix(d))
  }

  private static func trainer(
    _ model: ScoreModel, widths: [Float], steps: Int = 20, batch: Int = 256, rate: Double = 1e-2,
    law: TimeLaw = .logUniform, _ communicator: Communicator = .single
  ) throws -> Trainer {
    let tree = CanonicalTree(shards: 4)
    let assignment = ShardAssignment(rows: 4000, shards: 4, seed: 1)
    let own = tree.range(rank: communicator.rank, of: communicator.size)
    let places = assignment.positions(of: own)
    var rows = Matrix(rows: places.count, columns: model.dimension + model.conditions)
    for (r, place) in places.enumerated() {
      var variates = RandomStream(seed: 1, purpose: .targetDraw).row(UInt64(place))
      for (j, x) in row(&variates, d: rows.columns).enumerated() { rows[r, j] = x }
    }
    let data = ShardedRows(
      assignment: assignment, shards: own, rows: rows, dequantisation: Dequantisation(widths: widths), seed: 1)
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (batch, law)
    options.dequantisation.kind = model.dequantiser == nil ? .uniform : .variational
    (options.optimiser.learningRate, options.optimiser.warmupSteps, options.optimiser.steps) = (rate, 0, steps)
    return Trainer(model: model, options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }

  @Test("the gradients of network and dequantiser agree with finite differences under every kind of process and output")
  func gradients() throws {
    let models: [(ScoreModel, [Float], TimeLaw)] = [
      (Self.model(d: 2), [2, 2], .logUniform),
      (Self.model(d: 2, output: .noise, weight: .likelihood), [2, 2], .importance),
      (Self.model(CriticallyDampedLangevin(epsilon: 0.25), d: 2), [2, 2], .uniform),
      (Self.model(d: 3, conditions: 1, output: .velocity), [2, 2, 1], .logUniform),
      (Self.model(d: 4), Self.widths.map { $0 == 0.5 ? 0 : $0 }, .logUniform),
      (Self.model(VarianceExploding(), d: 2, weight: .uniformNoise), [2, 2], .logUniform),
    ]
    for (model, widths, law) in models {
      // The loss is a mean of one formula over rows: 64 of them tell as much, as long as the differences stay sharp.
      let trainer = try Self.trainer(model, widths: widths, batch: 64, law: law)
      // A thousand rows, until importance has seen each of its 32 cells ten times.
      for _ in 0..<16 { _ = try trainer.takeStep() }
      let check = trainer.checkGradient(count: 60)
      #expect(check.disagreements.isEmpty, "\(check.disagreements)")
      #expect(Set(check.rows.map { $0.tensor.prefix { $0 != "." } }) == ["layers", "dequantiser"])
      let sharp = check.rows.filter { abs($0.gradient) > 1e-6 && $0.uncertainty < 0.05 * abs($0.gradient) }
      #expect(sharp.count { $0.tensor.hasPrefix("dequantiser") } >= 5, "\(sharp.count) of \(check.rows.count)")
    }
  }

  private static func bits(_ trainer: Trainer) -> [UInt32] {
    (0..<trainer.layout.count).map { trainer.parameters[0, $0].bitPattern }
  }

  @Test("both networks learn, and a step's bits do not depend on the ranks") func ranks() throws {
    let model = Self.model(d: 3)
    let alone = try Self.trainer(model, widths: [2, 2, 1])
    let fresh = Self.bits(alone)
    for _ in 0..<6 { _ = try alone.takeStep() }
    let known = Self.bits(alone)
    let cut = alone.layout.networkCount
    #expect(known[..<cut] != fresh[..<cut] && known[cut...] != fresh[cut...])
    for size in [2, 3] {
      let all = try onRanks(size) { communicator in
        let trainer = try Self.trainer(model, widths: [2, 2, 1], communicator)
        for step in 0..<6 { _ = try trainer.takeStep(audit: step) }
        return Self.bits(trainer)
      }
      for bits in all { #expect(bits == known, "\(size) ranks") }
    }
  }

  @Test("a learned law of the noise bounds the probability of levels more tightly than uniform noise, and from above")
  func learns() throws {
    let model = Self.model(d: 2, widths: [32, 32])
    let plain = Self.model(d: 2, widths: [32, 32], isLearned: false)
    let count = 16_384
    var held = Matrix(rows: count, columns: 2)
    for r in 0..<count {
      var variates = RandomStream(seed: 9, purpose: .targetDraw).row(UInt64(r))
      for (j, x) in Self.row(&variates, d: 2).enumerated() { held[r, j] = x }
    }
    let evaluator = HeldOutLoss(
      model: model, minimumTime: 1e-3, law: .logUniform, rows: held, dequantisation: Dequantisation(widths: [2, 2]),
      seed: 5, communicator: .single)
    let bounds = try [plain, model].map { model in
      let trainer = try Self.trainer(model, widths: [2, 2], steps: 1500, rate: 5e-3)
      for _ in 0..<1500 { _ = try trainer.takeStep() }
      // Behind a network that learned with uniform noise lies a fresh dequantiser, whose noise is uniform.
      let own = try trainer.gatherAverage()
      var all = Self.model(d: 2, widths: [32, 32]).initialParameters(seed: 1)
      for i in 0..<own.count { all[0, i] = own[0, i] }
      return try evaluator.evaluate(all)
    }
    // Of the first column and of whether the second differs, in nats a column.
    func entropy(_ p: Double) -> Double { -p * Foundation.log(p) - (1 - p) * Foundation.log(1 - p) }
    let known = (entropy(0.7) + entropy(0.9)) / 2
    // The same times and noises for both: their difference is sharper than either, whose standard error is about 0.03.
    #expect(bounds[1] < bounds[0] - 0.02, "\(bounds), entropy \(known)")
    #expect(bounds[1] > known - 0.06, "\(bounds), entropy \(known)")
  }
}
