import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// Data N(0.4, ½²) in every coordinate.
private let dataMean = 0.4
private let dataDeviation = 0.5

private func exactScore(_ process: any ForwardProcess) -> GaussianScore {
  GaussianScore(process: process, dimension: 2, mean: dataMean, variance: dataDeviation * dataDeviation)
}

@Suite struct ScoreObjectiveTests {
  /// One objective's gradient for one batch of 512 fresh rows.
  private func gradient(_ kind: TrainingObjective, _ model: ScoreModel, batch: Int, _ parameters: borrowing Matrix)
    -> [Double]
  {
    let rows = 512
    let pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: rows, use: kind.use(gradients: true))
    let times = TimeSampler(.uniform, process: model.process, first: 0.05)
    let objective = kind.make(model: model, times: times, pass: pass)
    var data = normals(rows, model.dimension, seed: UInt64(100 + batch), scale: Float(dataDeviation))
    for r in 0..<rows { for k in 0..<model.dimension { data[r, k] += Float(dataMean) } }
    let source = data
    let streams = DrawStreams(
      times: RandomStream(seed: 3, purpose: .diffusionTime, step: UInt64(batch)),
      noise: RandomStream(seed: 3, purpose: .diffusionNoise, step: UInt64(batch)))
    unsafe objective.draw(set: 0, firstIndex: 0, streams: streams, into: pass) { row in
      unsafe UnsafePointer(source.pointer) + row * source.columns
    }
    unsafe pass.forward(parameters.pointer)
    let gradient = Matrix(rows: 1, columns: pass.layout.count)
    unsafe objective.lossesAndGradients(
      of: pass, group: 0..<1, parameters: parameters.pointer, scale: 1 / Double(rows),
      into: .sets(gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in }))
    return (0..<gradient.count).map { Double(gradient[0, $0]) }
  }

  private func model(_ process: any ForwardProcess, _ output: NetworkOutput = .posteriorMean) -> ScoreModel {
    ScoreModel(
      process: process, dimension: 2, output: output, conditioning: .data, weight: .unitVariance, widths: [8],
      activation: .tanh, residual: false, embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
  }

  static let kinds: [(name: String, kind: @Sendable () -> TrainingObjective)] = [
    ("implicit", { .implicit(simulationSteps: 0) }), ("sliced", { .sliced(probes: 2, simulationSteps: 0) }),
    ("implicit, rows carried forward", { .implicit(simulationSteps: 6) }),
  ]

  @Test("implicit gradients are explicit ones in the mean, on one block and on two", arguments: [0, 1, 2], [0, 1, 2])
  func identity(kind: Int, setting: Int) {
    let model =
      setting == 0
      ? model(VariancePreserving())
      : setting == 1
        ? model(CriticallyDampedLangevin(epsilon: 0.5)) : model(CriticallyDampedLangevin(epsilon: 0.5), .noise)
    let parameters = normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.5)
    let batches = 60
    let score = exactScore(model.process)
    let pairs = (0..<batches).map { batch in
      (
        gradient(Self.kinds[kind].kind(), model, batch: batch, parameters),
        gradient(.explicit(score), model, batch: batch, parameters)
      )
    }
    let n = Double(batches)
    var (squares, count, explained, noise) = (0.0, 0.0, 0.0, 0.0)
    for i in pairs[0].0.indices {
      let differences = pairs.map { $0.0[i] - $0.1[i] }
      let mean = differences.reduce(0, +) / n
      let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1) / n
      let size = pairs.reduce(0) { $0 + $1.1[i] } / n
      guard variance > 0 else { continue }
      squares += mean * mean / variance
      count += 1
      (explained, noise) = (explained + size * size, noise + variance)
    }
    // The mean of squared t values of 59 degrees of freedom is 1.03. Gradients of parameters hang together, so its
    // spread is that of some ten independent ones: below 0.5, and 3 is beyond four of them. A wrong factor or sign of
    // any term moves gradients by their own size, which is some 3 standard errors of 60 batches: it would give above 9.
    #expect(squares / count < 3, "\(Self.kinds[kind].name): \(squares / count)")
    #expect(explained > 9 * noise, "\(Self.kinds[kind].name): \(explained / noise)")
  }

  @Test("score regression from a Student-t base has targets of the mean square that scales them")
  func studentTargets() {
    let degrees = 4.0
    let model = ScoreModel(
      process: AnnealedPath(annealing: .cosine, base: .studentT(degrees: degrees)), dimension: 3, output: .score,
      conditioning: .data, widths: [8], activation: .silu, residual: false,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    let rows = 20_000
    let pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: rows, use: .inference)
    let objective = TrainingObjective.denoising.make(
      model: model, times: TimeSampler(.uniform, process: model.process, first: 0.05), pass: pass)
    let data = normals(rows, 3, seed: 5)
    let streams = DrawStreams(
      times: RandomStream(seed: 3, purpose: .diffusionTime), noise: RandomStream(seed: 3, purpose: .diffusionNoise))
    unsafe objective.draw(set: 0, firstIndex: 0, streams: streams, into: pass) { row in
      unsafe UnsafePointer(data.pointer) + row * data.columns
    }
    let parameters = Matrix(rows: 1, columns: pass.layout.count)
    unsafe pass.forward(parameters.pointer)
    let loss = unsafe objective.loss(set: 0, of: pass, parameters: parameters.pointer, count: rows) / Double(rows)
    // F = 0 leaves the targets: (ν + d)/(ν + d + 2) each, bounded by (ν + d)²/4ν, so the error is below 1.5 %.
    #expect(abs(loss - 7.0 / 9) < 0.03, "\(loss)")
  }

  /// The objectives of a kind, for a process of one block.
  private func objectives(_ kind: ObjectiveKind, _ score: any Score) -> [TrainingObjective] {
    switch kind {
    case .hybrid, .denoising: [.denoising]
    case .explicit: [.explicit(score)]
    case .implicit: [.implicit(simulationSteps: 0)]
    case .sliced: [.sliced(probes: 1, simulationSteps: 0), .sliced(probes: 2, simulationSteps: 4)]
    }
  }

  @Test(
    "each objective falls under each law of times, stays finite and has a right gradient",
    arguments: ObjectiveKind.allCases, TimeLaw.Kind.allCases)
  func falls(kind: ObjectiveKind, law: TimeLaw.Kind) throws {
    let model = model(VariancePreserving())
    for objective in objectives(kind, exactScore(model.process)) {
      try falls(model, objective, TimeLaw(law))
    }
  }

  private func falls(_ model: ScoreModel, _ objective: TrainingObjective, _ law: TimeLaw) throws {
    var options = TrainingOptions()
    (options.batch, options.timeLaw, options.minimumTime) = (256, law, 0.02)
    options.optimiser.learningRate = 1e-2
    options.optimiser.warmupSteps = 0
    options.optimiser.steps = 150
    let data = ShardedRows(
      assignment: ShardAssignment(rows: 4_000, shards: 4, seed: 1), shards: 0..<4, dimension: 2, seed: 1)
    func fill(_ rows: inout Matrix, seed: UInt64) {
      RandomStream(seed: seed, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
      for r in 0..<rows.rows {
        for k in 0..<2 { rows[r, k] = Float(dataMean) + Float(dataDeviation) * rows[r, k] }
      }
    }
    fill(&data.rows, seed: 7)
    let trainer = Trainer(
      model: model, objective: objective, options: options, data: data, tree: CanonicalTree(shards: 4),
      communicator: .single, seed: 1)
    var held = Matrix(rows: 1_000, columns: 2)
    fill(&held, seed: 8)
    let evaluator = HeldOutLoss(
      model: model, kind: objective, minimumTime: 0.02, law: law, rows: held, seed: 1,
      communicator: .single)
    let before = try evaluator.evaluate(trainer.gatherAverage())
    let check = trainer.checkGradient(count: 12)
    #expect(check.disagreements.isEmpty, "\(check.disagreements)")
    for _ in 0..<150 { #expect(try trainer.takeStep().fault == nil) }
    let after = try evaluator.evaluate(trainer.gatherAverage())
    #expect(before.isFinite && after < before, "\(before) to \(after)")
  }
}
