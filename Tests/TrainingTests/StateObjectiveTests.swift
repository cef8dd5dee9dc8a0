import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// Training on discrete states: its loss, its gradients, and its bits.
@Suite struct StateObjectiveTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: DiscreteProcessKind
    let head: StateHead
    let input: StateInput
    let form: ReverseForm
    var testDescription: String { "\(kind.rawValue), \(head.rawValue), \(input.rawValue), \(form.rawValue)" }
    static let all = DiscreteProcessKind.allCases.flatMap { kind in
      [
        Case(kind: kind, head: .logits, input: .oneHot, form: .joint),
        Case(kind: kind, head: .logistic, input: .centred, form: .posterior),
      ]
    }
  }

  private static let shards = 4

  private static func model(_ test: Case, levels: Int, steps: Int, columns: Int, crossEntropy: Double) -> StateModel {
    var options = NetworkOptions()
    (options.widths, options.embeddingFeatures) = ([24, 24], 8)
    (options.stateHead, options.stateInput, options.reverseForm) = (test.head, test.input, test.form)
    return StateModel(
      process: DiscreteProcess(test.kind, levels: levels, steps: steps, noise: (0.05, 1)), dimension: columns,
      network: options, crossEntropy: crossEntropy, seed: 1)
  }

  /// Column k of row r: each column is one or two levels above the one before.
  private static func state(_ r: Int, _ k: Int, levels: Int) -> Float {
    Float((5 * r + r / 7 + k * (1 + r % 2)) % levels)
  }

  private static func trainer(
    _ model: StateModel, _ communicator: Communicator, batch: Int = 256, law: TimeLaw = .uniform
  ) -> Trainer {
    let tree = CanonicalTree(shards: shards)
    let assignment = ShardAssignment(rows: 400, shards: shards, seed: 1)
    let own = tree.range(rank: communicator.rank, of: communicator.size)
    let data = ShardedRows(assignment: assignment, shards: own, dimension: model.dimension, seed: 1)
    let first = assignment.positions(of: own).lowerBound
    for r in 0..<data.rows.rows {
      for k in 0..<model.dimension { data.rows[r, k] = state(first + r, k, levels: model.process.levels) }
    }
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (batch, law)
    (options.optimiser.learningRate, options.optimiser.warmupSteps) = (1e-2, 0)
    return Trainer(.states(model), options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }

  @Test("back-propagation agrees with finite differences", arguments: Case.all) func gradients(_ test: Case) throws {
    // 64 rows of three columns: some six for each level and step. How sharp the differences are is tested below.
    let trainer = Self.trainer(
      Self.model(test, levels: 5, steps: 6, columns: 3, crossEntropy: 0.1), .single, batch: 64)
    for _ in 0..<2 {
      let check = trainer.checkGradient()
      #expect(check.disagreements.isEmpty)
      let sharp = check.rows.filter { $0.uncertainty < 0.02 * max(abs($0.gradient), abs($0.difference)) }
      #expect(sharp.count > check.rows.count / 2)
      for _ in 0..<20 { _ = try trainer.takeStep() }
    }
  }

  // An untrained network puts out zeros, so that every column's logits are those of the state seen.
  @Test(
    "an untrained network's mean loss is the bound of its law of x_0", arguments: Case.all.filter { $0.head == .logits }
  )
  func knownLoss(_ test: Case) throws {
    let (levels, lambda) = (3, 0.05)
    let model = Self.model(test, levels: levels, steps: 4, columns: 2, crossEntropy: lambda)
    let process = model.process
    var (known, square, scratch) = (0.0, 0.0, StateScratch(process))
    // One column at a time: rows of a column are evenly 0, 1 and 2.
    for t in 1...4 {
      let (step, q) = (StateStep(process, from: t, to: t - 1, form: .joint), process.marginal(t))
      for x0 in 0..<levels {
        for xt in 0..<process.states where q[x0, xt] > 0 {
          scratch.setLogits { $0 == xt ? 1 : 0 }
          let (divergence, entropy) = step.loss(x0, xt, &scratch)
          let loss = 4 * (divergence + lambda * entropy)
          known += q[x0, xt] / 12 * loss
          square += q[x0, xt] / 12 * loss * loss
        }
      }
    }
    var rows = Matrix(rows: 30_000, columns: 2)
    for r in 0..<rows.rows { for k in 0..<2 { rows[r, k] = Float((r + k) % levels) } }
    let evaluator = HeldOutLoss(
      .states(model), minimumTime: 1, law: .uniform, rows: rows, seed: 3, communicator: .single)
    let loss = try evaluator.evaluate(model.network.initialParameters(seed: 1))
    // Five standard errors: the columns share a time, and count once.
    let error = ((square - known * known) / 30_000).squareRoot()
    #expect(abs(loss - known) < 5 * error && error < 0.02 * known)
  }

  @Test("training has the same bits on 1 to 3 ranks, with times that learn from the losses too", arguments: [2, 3])
  func sameBits(ranks: Int) throws {
    let test = Case(kind: .gaussian, head: .logits, input: .oneHot, form: .posterior)
    func trained(_ ranks: Int) throws -> [[Float]] {
      try onRanks(ranks) { communicator in
        let model = Self.model(test, levels: 6, steps: 8, columns: 2, crossEntropy: 0.01)
        let trainer = Self.trainer(model, communicator, law: .importance)
        for _ in 0..<20 { _ = try trainer.takeStep(audit: 1) }
        let state = try trainer.gatherState()
        var numbers: [Float] = []
        for k in 0..<state.parameters.columns { numbers.append(state.parameters[0, k]) }
        return numbers
      }
    }
    let alone = try trained(1)[0]
    for other in try trained(ranks) { #expect(other == alone) }
  }

  @Test("training lowers the loss of columns that tell one another", arguments: Case.all) func learns(_ test: Case)
    throws
  {
    let model = Self.model(test, levels: 4, steps: 10, columns: 2, crossEntropy: 0.001)
    let trainer = Self.trainer(model, .single)
    var rows = Matrix(rows: 400, columns: 2)
    for r in 0..<400 { for k in 0..<2 { rows[r, k] = Self.state(r, k, levels: 4) } }
    let evaluator = HeldOutLoss(
      .states(model), minimumTime: 1, law: .uniform, rows: rows, seed: 3, communicator: .single)
    let untrained = try trainer.gatherAverage()
    let before = try evaluator.evaluate(untrained)
    for _ in 0..<300 { _ = try trainer.takeStep() }
    let trained = try trainer.gatherAverage()
    let after = try evaluator.evaluate(trained)
    #expect(after < 0.9 * before)
  }
}
