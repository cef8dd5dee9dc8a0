import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import TestSupport
import Testing

@testable import Training

/// Latent score-based models: exact where the autoencoder is linear and Gaussian, and gradients, phases and ranks.
@Suite struct LatentTests {
  /// x = W y + s e with orthogonal columns of W, y ~ N(0, V): the model whose posterior has independent coordinates.
  private struct Linear {
    static let d = 3
    static let k = 2
    let columns: [[Double]] = [[0.8, 0.4, 0.2], [-0.3, 0.5, 0.2]]
    let noise = 0.6
    /// V = 1 + σ₁².
    let prior: Double

    /// −ln p(x), by Sherman and Morrison: for orthogonal columns one after another.
    func entropy(_ x: [Double]) -> Double {
      let s = noise * noise
      var (square, determinant) = (dot(x, x) / s, Double(Self.d) * log(s))
      for w in columns {
        let size = prior * dot(w, w) / s
        square -= prior * dot(w, x) * dot(w, x) / (s * s * (1 + size))
        determinant += log(1 + size)
      }
      return 0.5 * (square + determinant + Double(Self.d) * log(2 * Double.pi))
    }

    /// The variance of y's coordinate given x.
    func variance(_ i: Int) -> Double { 1 / (1 / prior + dot(columns[i], columns[i]) / (noise * noise)) }

    /// Parameters of encoder and decoder that say this, behind those of a network that says nothing; silu(a) − silu(−a) = a.
    func parameters(_ model: ScoreModel, _ autoencoder: Autoencoder, first variance: Double) -> Matrix {
      var all = [Float](repeating: 0, count: model.layout.count)
      let places = autoencoder.places(in: model.layout)
      func pairs(_ network: NetworkArchitecture, at start: Int, _ map: (_ output: Int, _ input: Int) -> Double) {
        let layout = ParameterLayout(network)
        let (first, last) = (layout.weight(0), layout.weight(1))
        for i in 0..<network.inputs {
          for (unit, sign) in [(2 * i, 1.0), (2 * i + 1, -1.0)] {
            all[start + first.offset + unit * first.shape[1] + i] = Float(sign)
            for o in 0..<network.outputs {
              all[start + last.offset + o * last.shape[1] + unit] = Float(sign * map(o, i))
            }
          }
        }
      }
      let s = noise * noise
      pairs(autoencoder.encoder, at: places.encoder.lowerBound) { o, i in
        o < Self.k ? self.variance(o) * columns[o][i] / s : 0
      }
      let bias = ParameterLayout(autoencoder.encoder).bias(1).offset + places.encoder.lowerBound
      for i in 0..<Self.k {
        let deviation = (self.variance(i) - variance).squareRoot()
        all[bias + Self.k + i] = Float(5 * atanh(log(deviation) / 5))
      }
      pairs(autoencoder.decoder, at: places.decoder.lowerBound) { o, i in columns[i][o] }
      var parameters = Matrix(rows: 1, columns: all.count)
      for (i, value) in all.enumerated() { parameters[0, i] = value }
      return parameters
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func model(
    _ process: any ForwardProcess = VariancePreserving(), d: Int = 3, k: Int = 2, widths: [Int],
    noise: Double? = nil, pretrain: Int = 3, joint: Bool = false, output: NetworkOutput = .posteriorMean,
    shrinkage: Bool = false, frequencies: [Int] = []
  ) -> ScoreModel {
    var model = ScoreModel(
      process: process, dimension: k, output: output, conditioning: .data, widths: [16, 16], activation: .silu,
      residual: true, shrinkage: shrinkage, radial: shrinkage, inputFrequencies: frequencies,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    var options = LatentOptions()
    (options.dimension, options.widths, options.noise) = (k, widths, noise)
    (options.pretrainSteps, options.joint) = (pretrain, joint)
    model.autoencoder = Autoencoder(dimension: d, latents: k, options: options)
    return model
  }

  @Test("with a linear Gaussian autoencoder and N(0, I) latents the bound is −ln p itself") func linear() throws {
    let first = 1e-2
    let ends = LatentEnds(VariancePreserving(), first: first)
    let linear = Linear(prior: 1 + ends.variance)
    let model = Self.model(widths: [6], noise: linear.noise)
    let autoencoder = try #require(model.autoencoder)
    let parameters = linear.parameters(model, autoencoder, first: ends.variance)
    let pass = AutoencoderPass(autoencoder, model.layout, ends, rows: 4, use: .training)
    // Of a square of the noise, four signs have the mean of the normal law.
    var noise = Matrix(rows: 4, columns: 2)
    for r in 0..<4 { (noise[r, 0], noise[r, 1]) = (r % 2 == 0 ? 1 : -1, r < 2 ? 1 : -1) }
    for x in [[0.3, -1, 0.7], [2, 1, -1], [0, 0, 0]] {
      var rows = Matrix(rows: 4, columns: 3)
      for r in 0..<4 { for j in 0..<3 { rows[r, j] = Float(x[j]) } }
      unsafe pass.encode(parameters.pointer, rows.pointer, noise: noise.pointer, again: false)
      let bound =
        unsafe pass.loss(
          parameters.pointer, rows.pointer, noise: noise.pointer, isGaussian: true, count: 4, again: false) / 4
      #expect(abs(bound - linear.entropy(x)) < 1e-5, "\(bound), −ln p \(linear.entropy(x))")
    }
  }

  @Test(
    "with the exact score of latents the bound of every process is −ln p in the mean",
    arguments: [
      VariancePreserving() as any ForwardProcess, SubVariancePreserving(), CriticallyDampedLangevin(epsilon: 0.25),
      OrnsteinUhlenbeck(horizon: 6),
    ])
  func integral(process: any ForwardProcess) throws {
    let first = process.usualFinalTime * 4
    let ends = LatentEnds(process, first: first)
    let linear = Linear(prior: 1 + ends.variance)
    let model = Self.model(process, widths: [6], noise: linear.noise)
    let autoencoder = try #require(model.autoencoder)
    // An untrained network's score is that of N(0, I).
    let parameters = linear.parameters(model, autoencoder, first: ends.variance)
    guard let bound = LatentBound(model: model, parameters: parameters, firstTime: first, steps: 60, seed: 4) else {
      Issue.record("no bound")
      return
    }
    var rows = Matrix(rows: 256, columns: 3)
    let x = [1.2, -0.4, 0.5]
    for r in 0..<256 { for j in 0..<3 { rows[r, j] = Float(x[j]) } }
    var values: [Double] = []
    for draw in 0..<4 { values += bound.values(rows, keys: (0..<256).map { LatentBound.Key(index: $0, draw: draw) }) }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / Double(values.count * (values.count - 1))).squareRoot()
    // The prior of the process may differ from its law of unit data at the horizon by a little.
    #expect(abs(mean - linear.entropy(x)) < 4 * error + 2e-3, "\(mean) ± \(error), −ln p \(linear.entropy(x))")
    #expect(error < 0.1)
  }

  @Test("a decoder maps latents to its means, and its noise has its deviation and follows the row's number")
  func decoder() throws {
    let linear = Linear(prior: 1)
    let model = Self.model(widths: [6], noise: linear.noise)
    let autoencoder = try #require(model.autoencoder)
    let parameters = linear.parameters(model, autoencoder, first: 0)
    guard let decoder = NetworkDecoder(model: model, parameters: parameters) else {
      Issue.record("no decoder")
      return
    }
    let latents = normals(NetworkDecoder.rows, 2, seed: 3)
    var means = Matrix(rows: NetworkDecoder.rows, columns: 3)
    var samples = Matrix(rows: NetworkDecoder.rows, columns: 3)
    decoder.decode(latents, into: &means, noise: nil)
    decoder.decode(latents, into: &samples, noise: (seed: 7, firstIndex: 512))
    var (squares, worst) = (0.0, 0.0)
    for r in 0..<NetworkDecoder.rows {
      for j in 0..<3 {
        let known = (0..<2).reduce(0.0) { $0 + linear.columns[$1][j] * Double(latents[r, $1]) }
        worst = max(worst, abs(known - Double(means[r, j])))
        squares += Double((samples[r, j] - means[r, j]) * (samples[r, j] - means[r, j]))
      }
    }
    #expect(worst < 1e-5)
    // 768 normals: their root mean square is right to 2.6 %, of which this is four times.
    let deviation = (squares / Double(3 * NetworkDecoder.rows)).squareRoot()
    #expect(abs(deviation - linear.noise) < 0.06, "\(deviation)")
    #expect(decoder.noiseDeviations == [Double](repeating: Double(Float(linear.noise)), count: 3))
    var later = Matrix(rows: NetworkDecoder.rows, columns: 3)
    decoder.decode(latents, into: &later, noise: (seed: 7, firstIndex: 513))
    let shifted = (later[0, 0] - means[0, 0], samples[1, 0] - means[1, 0])
    #expect(abs(shifted.0 - shifted.1) < 1e-5)
  }

  // MARK: Training

  private static func trainer(
    _ model: ScoreModel, steps: Int = 20, batch: Int = 256, rate: Double = 1e-2, data linear: Bool = false,
    law: TimeLaw = .logUniform, warmup: Int = 0, _ communicator: Communicator = .single
  ) -> Trainer {
    let tree = CanonicalTree(shards: 4)
    let count = linear ? 20_000 : 400
    let d = model.autoencoder?.dimension ?? 0
    let assignment = ShardAssignment(rows: count, shards: 4, seed: 1)
    let own = tree.range(rank: communicator.rank, of: communicator.size)
    let data = ShardedRows(assignment: assignment, shards: own, dimension: d, seed: 1)
    let first = assignment.positions(of: own).lowerBound
    let draws = normals(linear ? count : 1, 4, seed: 9)
    for r in 0..<data.rows.rows {
      if linear {
        for j in 0..<d { data.rows[r, j] = factor(draws, first + r, j) }
        continue
      }
      let x = Float((first + r) % 7) / 3 - 1
      for j in 0..<d { data.rows[r, j] = j % 2 == 0 ? x : x * x - Float(j) / 3 }
    }
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (batch, law)
    options.latent = model.autoencoder?.options ?? LatentOptions()
    options.latent.learningRate = rate
    (options.optimiser.learningRate, options.optimiser.warmupSteps, options.optimiser.steps) = (rate, warmup, steps)
    return Trainer(model: model, options: options, data: data, tree: tree, communicator: communicator, seed: 1)
  }

  @Test(
    "the gradients of network, encoder and decoder agree with finite differences in every phase",
    arguments: [(0, false), (5, false), (5, true)])
  func gradients(steps: Int, joint: Bool) throws {
    // The loss is a mean of one formula over rows: 64 of them tell as much, as long as the differences stay sharp.
    let trainer = Self.trainer(Self.model(widths: [12, 12], joint: joint), batch: 64)
    for _ in 0..<steps { _ = try trainer.takeStep() }
    let check = trainer.checkGradient(count: 80)
    #expect(check.disagreements.isEmpty, "\(check.disagreements)")
    let parts = Set(check.rows.map { $0.tensor.prefix { $0 != "." } })
    #expect(parts == (steps == 5 && !joint ? ["layers"] : ["layers", "encoder", "decoder"]))
    let sharp = check.rows.filter { abs($0.gradient) > 1e-6 && $0.uncertainty < 0.05 * abs($0.gradient) }
    #expect(sharp.count > check.rows.count / 4, "\(sharp.count) of \(check.rows.count)")
    if joint { #expect(sharp.contains { $0.tensor.hasPrefix("encoder") }) }
  }

  @Test("the joint gradient knows velocities, gates, derived features, other weights and laws of times")
  func kinds() throws {
    let models = [
      Self.model(CriticallyDampedLangevin(epsilon: 0.25), widths: [12], pretrain: 1, joint: true),
      Self.model(widths: [12], pretrain: 1, joint: true, output: .velocity),
      Self.model(widths: [12], noise: 0.5, pretrain: 1, joint: true, shrinkage: true, frequencies: [0]),
    ]
    for model in models {
      let trainer = Self.trainer(model, batch: 64, law: .importance)
      // A thousand rows, until importance has seen each of its 32 cells ten times.
      for _ in 0..<16 { _ = try trainer.takeStep() }
      let check = trainer.checkGradient(count: 60)
      #expect(check.disagreements.isEmpty, "\(check.disagreements)")
      let sharp = check.rows.filter { abs($0.gradient) > 1e-6 && $0.uncertainty < 0.05 * abs($0.gradient) }
      #expect(sharp.count > check.rows.count / 4, "\(sharp.count) of \(check.rows.count)")
    }
  }

  @Test("the network's warm-up and moments begin when it begins to learn") func warmup() throws {
    let model = Self.model(widths: [12])
    let trainer = Self.trainer(model, warmup: 4)
    var rates: [Double] = []
    for _ in 0..<3 { rates.append(try trainer.takeStep().learningRate) }
    let last = trainer.layout.weight(trainer.network.layerCount - 1).range
    let before = last.map { trainer.parameters[0, $0] }
    rates.append(try trainer.takeStep().learningRate)
    // The first step of Adam moves each parameter by the learning rate: a quarter of its peak.
    let moves = zip(last, before).map { abs(trainer.parameters[0, $0] - $1) }
    #expect(abs((moves.max() ?? 0) - 2.5e-3) < 2e-5, "\(moves.max() ?? 0)")
    #expect(zip(rates, [2.5e-3, 5e-3, 7.5e-3, 2.5e-3]).allSatisfy { abs($0 - $1) < 1e-9 }, "\(rates)")
  }

  @Test("what rests keeps its bits, and a step's bits do not depend on the ranks") func ranks() throws {
    func bits(_ trainer: Trainer, _ elements: Range<Int>) -> [UInt32] {
      elements.map { trainer.parameters[0, $0].bitPattern }
    }
    for joint in [false, true] {
      let model = Self.model(widths: [12], joint: joint)
      let alone = Self.trainer(model)
      let (network, parts) = (0..<alone.layout.networkCount, alone.layout.networkCount..<alone.layout.count)
      let fresh = bits(alone, network)
      for _ in 0..<3 { _ = try alone.takeStep() }
      #expect(bits(alone, network) == fresh)
      let trained = bits(alone, parts)
      for _ in 0..<3 { _ = try alone.takeStep() }
      #expect(bits(alone, network) != fresh)
      #expect((bits(alone, parts) == trained) == !joint)
      let known = bits(alone, 0..<alone.layout.count)
      for size in [2, 3] {
        let all = try onRanks(size) { communicator in
          let trainer = Self.trainer(model, communicator)
          for step in 0..<6 { _ = try trainer.takeStep(audit: step) }
          return (0..<trainer.layout.count).map { trainer.parameters[0, $0].bitPattern }
        }
        for bits in all { #expect(bits == known, "\(size) ranks") }
      }
    }
  }

  private static let loads: [Double] = [0.9, 0.7, 0.5]
  private static let noises: [Double] = [0.3, 0.5, 0.8]

  /// x_j = w_j z + s_j e_j.
  private static func factor(_ draws: borrowing Matrix, _ row: Int, _ j: Int) -> Float {
    Float(loads[j]) * draws[row, 0] + Float(noises[j]) * draws[row, 1 + j]
  }

  @Test("a run on a line with noise comes to its entropy, apart and jointly", arguments: [false, true])
  func learns(joint: Bool) throws {
    // One latent and the noise of each column say all of it, and no others do.
    let model = Self.model(d: 3, k: 1, widths: [16], pretrain: 700, joint: joint)
    let trainer = Self.trainer(model, steps: 1000, data: true)
    for _ in 0..<1000 { _ = try trainer.takeStep() }
    let parameters = try trainer.gatherAverage()
    let s = NetworkDecoder(model: model, parameters: Self.copy(parameters))?.noiseDeviations ?? []
    // Each s_j² is what three covariances leave: found here to 0.07 at most.
    let isFound = s.count == 3 && zip(s, Self.noises).allSatisfy { abs($0 - $1) < 0.1 }
    #expect(isFound, "s = \(s)")
    let count = 16_384
    let rows = normals(count, 4, seed: 77)
    var held = Matrix(rows: count, columns: 3)
    for r in 0..<count { for j in 0..<3 { held[r, j] = Self.factor(rows, r, j) } }
    let evaluator = HeldOutLoss(
      model: model, minimumTime: trainer.options.minimumTime, law: .logUniform, rows: held, seed: 5,
      communicator: .single)
    let ratios = zip(Self.loads, Self.noises).reduce(1.0) { $0 + $1.0 * $1.0 / ($1.1 * $1.1) }
    let determinant = Self.noises.reduce(ratios) { $0 * $1 * $1 }
    let entropy = 0.5 * (log(2 * Double.pi) + 1) + log(determinant) / 6
    let bound = try evaluator.evaluate(parameters)
    // One time for each row: the mean's standard error is about 0.02.
    #expect(abs(bound - entropy) < 0.08, "\(bound) for an entropy of \(entropy) a coordinate")
  }

  private static func copy(_ matrix: borrowing Matrix) -> Matrix {
    var copy = Matrix(rows: matrix.rows, columns: matrix.columns)
    copy.copy(from: matrix)
    return copy
  }
}
