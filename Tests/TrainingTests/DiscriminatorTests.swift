import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

/// Adversarial score matching: the discriminator's losses and gradients, its known optimum, and the score's.
@Suite struct DiscriminatorTests {
  private static let rows = 256

  /// Data N(a, 1) and denoised states N(−a, 1), of draws that are new in each step.
  private static func draw(_ game: DiscriminatorGame, a: Float, step: UInt64) {
    let real = normals(rows, 1, seed: 2 * step + 1)
    let fake = normals(rows, 1, seed: 2 * step + 2)
    for r in 0..<rows { (game.real[r, 0], game.fake[r, 0]) = (real[r, 0] + a, fake[r, 0] - a) }
  }

  // p/q = exp(2ax), so that (p − q)/(p + q) = tanh(ax).
  @Test("a discriminator of two Gaussians learns tanh(ax), and its loss the known least one") func optimum() {
    let a = 0.75
    let discriminator = Discriminator(weight: 1, dimension: 1, widths: [32, 32])
    let game = DiscriminatorGame(discriminator, rows: Self.rows)
    let parameters = discriminator.network.initialParameters(seed: 3)
    let count = parameters.count
    let first = Matrix(rows: 1, columns: count)
    let second = Matrix(rows: 1, columns: count)
    var average = Matrix(rows: 1, columns: count)
    average.copy(from: parameters)
    var optimiser = Optimiser()
    (optimiser.learningRate, optimiser.steps, optimiser.warmupSteps, optimiser.beta1) = (5e-3, 1500, 10, 0.5)
    var (late, lateSteps) = (0.0, 0)
    for step in 1...1500 {
      Self.draw(game, a: Float(a), step: UInt64(step))
      _ = unsafe game.gradients(parameters.pointer, scale: 1 / Double(Self.rows))
      if step > 1000 { (late, lateSteps) = (late + game.ownLoss / Double(Self.rows), lateSteps + 1) }
      unsafe optimiser.update(at: step, gradientNorm: 0).apply(
        game.own.pointer, parameters.pointer, first.pointer, second.pointer, average.pointer, count: count,
        decays: false)
    }
    // λ (D − 1)² tells |D − 1| of each row: below 1 everywhere, as tanh is.
    var worst = 0.0
    for k in 0...16 {
      let x = -2 + 0.25 * Double(k)
      for r in 0..<Self.rows { game.fake[r, 0] = Float(x) }
      let square = unsafe game.fooling(average.pointer, count: Self.rows) / Double(Self.rows)
      worst = max(worst, abs(1 - square.squareRoot() - tanh(a * x)))
    }
    // Averaged over about 1,000 steps of 256 rows, of a density that is 0.1 at the ends.
    #expect(worst < 0.06, "\(worst)")
    // Least loss: ∫ p(1 − D)² + q(1 + D)² = ∫ 4pq/(p + q), by the midpoint rule.
    let least = (-4000..<4000).reduce(0.0) { sum, k in
      let x = 0.002 * (Double(k) + 0.5)
      let (p, q) = (exp(-0.5 * (x - a) * (x - a)), exp(-0.5 * (x + a) * (x + a)))
      return sum + 0.002 * 4 * p * q / (p + q) / (2 * Double.pi).squareRoot()
    }
    // 500 means of 256 rows scatter by less than 0.002 each way.
    #expect(abs(late / Double(lateSteps) - least) < 0.02, "\(late / Double(lateSteps)), least \(least)")
  }

  @Test("both gradients of the game agree with finite differences") func differences() {
    let discriminator = Discriminator(weight: 0.7, dimension: 3, widths: [8, 8])
    let game = DiscriminatorGame(discriminator, rows: 16)
    game.real.copy(from: normals(16, 3, seed: 1))
    game.fake.copy(from: normals(16, 3, seed: 2))
    // A last layer that is not zero.
    var parameters = normals(1, ParameterLayout(discriminator.network).count, seed: 3, scale: 0.4)
    let fooling = unsafe game.gradients(parameters.pointer, scale: 1)
    let ownLoss = game.ownLoss
    let own = (0..<game.own.count).map { game.own[0, $0] }
    var slopes = Matrix(rows: 16, columns: 3)
    slopes.copy(from: game.fakeGradient)
    let again = unsafe game.fooling(parameters.pointer, count: 16)
    #expect(abs(again - fooling) < 1e-6)
    // Single precision of losses near 40: 4e-6, over distances of 2e-2.
    let h: Float = 1e-2
    for entry in ParameterLayout(discriminator.network).entries {
      for i in [entry.range.lowerBound, entry.range.upperBound - 1] {
        let value = parameters[0, i]
        parameters[0, i] = value + h
        _ = unsafe game.gradients(parameters.pointer, scale: 1)
        let above = game.ownLoss
        parameters[0, i] = value - h
        _ = unsafe game.gradients(parameters.pointer, scale: 1)
        let difference = (above - game.ownLoss) / Double(value + h - (value - h))
        parameters[0, i] = value
        #expect(abs(difference - Double(own[i])) < 5e-3 * max(1, abs(difference)), "\(entry.name) \(i)")
      }
    }
    for (row, k) in [(0, 0), (5, 1), (15, 2)] {
      let value = game.fake[row, k]
      game.fake[row, k] = value + h
      let above = unsafe game.fooling(parameters.pointer, count: 16)
      game.fake[row, k] = value - h
      let difference = unsafe (above - game.fooling(parameters.pointer, count: 16)) / Double(value + h - (value - h))
      game.fake[row, k] = value
      #expect(abs(difference - Double(slopes[row, k])) < 5e-3 * max(1, abs(difference)), "row \(row), \(k)")
    }
    #expect(ownLoss > 0)
  }

  private static func trainer(weight: Double, _ communicator: Communicator = .single) -> Trainer {
    var model = ScoreModel(
      process: VariancePreserving(), dimension: 2, output: .posteriorMean, conditioning: .data, widths: [16, 16],
      activation: .silu, residual: false, embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    if weight > 0 { model.discriminator = Discriminator(weight: weight, dimension: 2, widths: [12]) }
    let tree = CanonicalTree(shards: 4)
    let assignment = ShardAssignment(rows: 400, shards: 4, seed: 1)
    let own = tree.range(rank: communicator.rank, of: communicator.size)
    let data = ShardedRows(assignment: assignment, shards: own, dimension: 2, seed: 1)
    let first = assignment.positions(of: own).lowerBound
    for r in 0..<data.rows.rows {
      let x = Float((first + r) % 7) / 3 - 1
      (data.rows[r, 0], data.rows[r, 1]) = (x, x * x)
    }
    var options = TrainingOptions()
    (options.batch, options.adversaryWeight, options.discriminatorLearningRate) = (256, weight, 1e-2)
    (options.optimiser.learningRate, options.optimiser.warmupSteps) = (1e-2, 0)
    return Trainer(
      model: model, options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }

  @Test("the score's gradient has the discriminator's verdict in it, as finite differences say") func whole() throws {
    let trainer = Self.trainer(weight: 0.5)
    // The discriminator's last layer starts at zero and says nothing.
    for _ in 0..<30 { _ = try trainer.takeStep() }
    let check = trainer.checkGradient()
    #expect(check.disagreements.isEmpty)
    let sharp = check.rows.filter { $0.uncertainty < 0.02 * max(abs($0.gradient), abs($0.difference)) }
    #expect(sharp.count > check.rows.count / 2)
    // It is no small part: without it the gradient at the same parameters is another.
    let plain = Self.trainer(weight: 0)
    plain.parameters.copy(from: trainer.parameters.head(plain.layout.count))
    plain.restore(step: trainer.step)
    let without = plain.checkGradient()
    let change = zip(check.rows, without.rows).map { abs($0.gradient - $1.gradient) }.max() ?? 0
    #expect(change > 10 * (check.rows.map(\.uncertainty).max() ?? 0) && change > 1e-4, "\(change)")
  }

  @Test("ranks hold the same bits of network and discriminator") func ranks() throws {
    let alone = Self.trainer(weight: 0.5)
    for _ in 0..<5 { _ = try alone.takeStep() }
    let known = (0..<alone.layout.count).map { alone.parameters[0, $0].bitPattern }
    let moved = alone.layout.entries(of: Discriminator.part).filter { entry in
      entry.range.contains { alone.parameters[0, $0] != 0 }
    }
    #expect(moved.count == 4)
    for size in [2, 3] {
      let all = try onRanks(size) { communicator in
        let trainer = Self.trainer(weight: 0.5, communicator)
        for _ in 0..<5 { _ = try trainer.takeStep() }
        return (0..<trainer.layout.count).map { trainer.parameters[0, $0].bitPattern }
      }
      for bits in all { #expect(bits == known, "\(size) ranks") }
    }
  }
}

extension Matrix {
  /// The first numbers of one row.
  fileprivate func head(_ count: Int) -> Matrix {
    var head = Matrix(rows: 1, columns: count)
    for i in 0..<count { head[0, i] = self[0, i] }
    return head
  }
}
