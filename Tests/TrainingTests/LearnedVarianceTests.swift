import Communication
import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// A model of a chain with a learned variance.
private func model(
  _ output: NetworkOutput = .posteriorMean, steps: Int = 12, weight: Double = 0.3, shrinkage: Bool = false,
  widths: [Int] = [8, 8]
) -> ScoreModel {
  let process = VariancePreserving(schedule: .linear(min: 0.1, max: 12))
  return ScoreModel(
    process: process, dimension: 3, output: output, conditioning: .data, widths: widths, activation: .silu,
    residual: true, shrinkage: shrinkage,
    variance: LearnedVariance(ReverseChain(process, steps: steps), weight: weight),
    embedding: TimeEmbedding(kind: .sinusoidal, features: 8), seed: 1)
}

private func chainLaw(_ kind: TimeLaw = .uniform, steps: Int = 12) -> TimeLaw {
  var law = kind
  law.chainSteps = steps
  return law
}

private func data(variance: Double = 1, mean: Double = 0, rows: Int = 400) -> ShardedRows {
  let data = ShardedRows(
    assignment: ShardAssignment(rows: rows, shards: 4, seed: 1), shards: 0..<4, dimension: 3, seed: 1)
  RandomStream(seed: 7, purpose: .benchmark).fillNormals(&data.rows, firstIndex: 0)
  for r in 0..<rows {
    for k in 0..<3 { data.rows[r, k] = Float(mean) + Float(variance.squareRoot()) * data.rows[r, k] }
  }
  return data
}

@Suite struct LearnedVarianceTests {
  @Test("the loss is the score's and λ n times the bound's term in bits, row by row, written down once more")
  func value() {
    let model = model()
    let rows = 6
    let pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: rows, use: .training)
    let times = TimeSampler(chainLaw(), process: model.process, first: 1e-3)
    let objective = DenoisingObjective(model: model, times: times, rows: rows, sets: 1)
    let streams = DrawStreams(
      times: RandomStream(seed: 3, purpose: .diffusionTime), noise: RandomStream(seed: 3, purpose: .diffusionNoise))
    let data = normals(rows, 3, seed: 4)
    unsafe objective.draw(set: 0, firstIndex: 0, streams: streams, into: pass) { row in
      unsafe UnsafePointer(data.pointer) + row * 3
    }
    let parameters = normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.4)
    unsafe pass.forward(parameters.pointer)
    var (expected, uniforms) = (0.0, [Double](repeating: 0, count: rows))
    var noise = Matrix(rows: rows, columns: 3)
    streams.noise.fillNormals(&noise, firstIndex: 0)
    var span = uniforms.mutableSpan
    streams.times.uniforms(firstIndex: 0, into: &span)
    for row in 0..<rows {
      // State i has the twelfth of (0, 1] that ends at i/12.
      let i = Int((uniforms[row] * 12).rounded(.down)) + 1
      let (t, s) = (Double(i) / 12, Double(i - 1) / 12)
      let (now, before) = (model.process.kernel(at: t), model.process.kernel(at: s))
      let (m, h) = (now.mean[0], now.covariance[0, 0])
      let beta = 1 - m * m / (before.mean[0] * before.mean[0])
      let second = model.process.kernel(at: 2.0 / 12)
      let first = model.process.kernel(at: 1.0 / 12)
      let least =
        i > 1
        ? beta * before.covariance[0, 0] / h
        : (1 - second.mean[0] * second.mean[0] / (first.mean[0] * first.mean[0])) * first.covariance[0, 0]
          / second.covariance[0, 0]
      let f = unsafe pass.output(set: 0, row: row)
      for k in 0..<3 {
        let (x, e) = (Double(data[row, k]), Double(noise[row, k]))
        let u = m * x + h.squareRoot() * e
        // E[x_0|u] = m u + √h F for unit data; the score's loss is F's squared error in the same unit.
        let miss = x - m * u - h.squareRoot() * (unsafe Double(f[k]))
        expected += miss * miss / h / 3
        let v = unsafe 0.5 + Double(f[3 + k])
        let sigma = pow(beta, v) * pow(least, 1 - v)
        let g = before.mean[0] * beta / h
        let nats =
          i > 1
          ? 0.5 * (log(sigma / least) + (least + g * g * miss * miss) / sigma - 1)
          : 0.5 * (log(2 * Double.pi * sigma) + miss * miss / sigma)
        expected += 0.3 * 12 * nats / 3 / log(2)
      }
    }
    let loss = unsafe objective.loss(set: 0, of: pass, parameters: parameters.pointer, count: rows)
    // Float rounding of inputs and outputs, magnified by 1/β̃ of up to 100.
    #expect(abs(loss - expected) < 1e-4 * abs(expected), "\(loss), \(expected)")
  }

  @Test(
    "gradients agree with differences of the loss in which the mean is held",
    arguments: [NetworkOutput.posteriorMean, .noise, .velocity, .score], [false, true])
  func gradient(output: NetworkOutput, shrinkage: Bool) throws {
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (256, chainLaw())
    (options.optimiser.learningRate, options.optimiser.warmupSteps) = (1e-2, 0)
    let trainer = Trainer(
      model: model(output, weight: 0.05, shrinkage: shrinkage), options: options, data: data(),
      tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
    for _ in 0..<2 {
      let check = trainer.checkGradient()
      #expect(check.disagreements.isEmpty, "\(check.disagreements)")
      let sharp = check.rows.filter { $0.uncertainty < 0.05 * max(abs($0.gradient), abs($0.difference)) }
      #expect(sharp.count > check.rows.count / 2)
      for _ in 0..<20 { _ = try trainer.takeStep() }
    }
  }

  @Test("the mean learns nothing from the bound: its gradient is that without it")
  func stopped() {
    func gradient(_ weight: Double) -> [Float] {
      let model = model(weight: weight)
      var options = TrainingOptions()
      (options.batch, options.timeLaw) = (64, chainLaw())
      let trainer = Trainer(
        model: model, options: options, data: data(), tree: CanonicalTree(shards: 4), communicator: .single, seed: 1)
      trainer.parameters.copy(from: normals(1, trainer.layout.count, seed: 2, scale: 0.4))
      trainer.rehearseStep()
      let last = trainer.layout.weight(2)
      return last.range.map { trainer.gradients[0, $0] }
    }
    let (small, large) = (gradient(1e-9), gradient(1))
    let half = small.count / 2
    // The rows of F, then those of v.
    #expect(small[..<half] == large[..<half])
    #expect(zip(small[half...], large[half...]).allSatisfy { abs($0) <= 1e-6 * abs($1) })
  }

  @Test("on Gaussian data the learned variance is that of the exact reverse step, and its bound below both fixed ones")
  func learns() throws {
    let model = model(weight: 0.02, widths: [32, 32])
    var options = TrainingOptions()
    (options.batch, options.timeLaw) = (512, chainLaw())
    (options.optimiser.learningRate, options.optimiser.steps) = (5e-3, 1500)
    let variance = 0.2
    let trainer = Trainer(
      model: model, options: options, data: data(variance: variance, rows: 20_000), tree: CanonicalTree(shards: 4),
      communicator: .single, seed: 1)
    for _ in 0..<1500 { _ = try trainer.takeStep() }
    let score = NetworkScore(model: model, parameters: try trainer.gatherAverage())
    let chain = ReverseChain(model.process, steps: 12)
    let state = normals(256, 3, seed: 9)
    var slope = Matrix(rows: 256, columns: 3)
    var v = Matrix(rows: 256, columns: 3)
    for i in [1, 2, 3, 5, 8] {
      let kernel = model.process.kernel(at: chain.time(ofState: i))
      let deviation = (kernel.mean[0] * kernel.mean[0] * variance + kernel.covariance[0, 0]).squareRoot()
      var scaled = Matrix(rows: 256, columns: 3)
      for r in 0..<256 { for k in 0..<3 { scaled[r, k] = Float(deviation) * state[r, k] } }
      score.evaluate(scaled, at: chain.time(ofState: i), into: &slope, variance: &v)
      let term = chain.term(ofState: i)
      let residual = variance / (1 + variance * kernel.signalToNoise)
      let best = term.best(meanSquaredError: residual)
      let mean = (0..<256).reduce(0.0) { $0 + Double(v[$1, 0] + v[$1, 1] + v[$1, 2]) / 768 }
      // In the logarithm of the variance, R v: measured below 0.01, where β̃ is from 0.9 to 0.014 away.
      #expect(abs(mean - best) * term.range < 0.02, "\(i): \(mean), \(best), R \(term.range)")
      let found = term.value(mean, squaredError: residual)
      #expect(found < min(term.value(0, squaredError: residual), term.value(1, squaredError: residual)))
    }
  }

  @Test("every state of a chain is drawn alike under the uniform law, and only states are drawn under any")
  func times() {
    let process = VariancePreserving(horizon: 2)
    let uniform = TimeSampler(chainLaw(.uniform, steps: 10), process: process, first: 1e-3)
    let counts = (0..<10_000).reduce(into: [Double: Int]()) {
      $0[uniform.draw((Double($1) + 0.5) / 10_000).time, default: 0] += 1
    }
    #expect(counts.count == 10)
    for i in 1...10 { #expect(abs((counts[2 * (Double(i) / 10)] ?? 0) - 1000) <= 1) }
    var truncated = TimeLaw.uniform
    truncated.truncationExponent = 1
    for law in [TimeLaw.logUniform, .importance, truncated, .logNormal(mean: -1, deviation: 1)] {
      let sampler = TimeSampler(chainLaw(law, steps: 10), process: process, first: 1e-3)
      for k in 0..<1000 {
        let state = sampler.draw(Double(k) / 1000).time * 5
        #expect(state >= 1 && state <= 10 && abs(state - state.rounded()) < 1e-12)
      }
    }
  }

  @Test("importance sampling of a chain's states is unbiased once it has learned, and goes where losses are large")
  func importance() {
    let process = VariancePreserving()
    var sampler = TimeSampler(chainLaw(.importance, steps: 20), process: process, first: 1e-3)
    var history = TimeHistory()
    for k in 0..<TimeHistory.cells {
      history.sums[k] = k > 24 ? 1 : 1e-4
      history.sums[TimeHistory.cells + k] = 100
    }
    sampler.prepare(truncation: nil, history: history)
    let n = 200_000
    var (sum, late) = (0.0, 0)
    for i in 0..<n {
      let draw = sampler.draw((Double(i) + 0.5) / Double(n))
      sum += draw.weight * exp(-3 * draw.time)
      late += draw.time > 0.5 ? 1 : 0
    }
    let exact = (1...20).reduce(0.0) { $0 + exp(-3 * Double($1) / 20) } / 20
    #expect(abs(sum / Double(n) - exact) < 1e-3)  // the quadrature's, over cells and states with jumps
    #expect(late > n / 2)
    // What a row says of its cell is by the time before it was moved: (t L)² with t the law's own.
    let draw = sampler.draw(0.01)
    var cells = CellSums(sets: 1)
    cells.add(2 * draw.weight, draw, set: 0)
    let before = draw.before ?? 0
    #expect(before != draw.time && abs(cells.sums[draw.cell] - 4 * before * before) < 1e-12)
  }
}
