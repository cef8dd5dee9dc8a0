import Diffusion
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

/// What objectives come to, beside known values, at parameters that are not zero.
@Suite struct ObjectiveValueTests {
  /// A network's own score at any parameters, plus a constant: what explicit score matching is to find equal to itself.
  private final class Shifted: Score {
    let process: any ForwardProcess
    let dimension: Int
    private let (model, pass): (ScoreModel, NetworkPass)
    private let parameters: [Float]
    private let shift: BlockVector

    init(_ model: ScoreModel, _ parameters: [Float], shift: BlockVector) {
      (self.model, self.parameters, self.shift) = (model, parameters, shift)
      (process, dimension) = (model.process, model.dimension)
      pass = NetworkPass(
        architecture: model.network, frequencies: model.frequencies, rows: 1, use: .inference)
    }

    func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
      let c = ScoreCoefficients(process, output: model.output, conditioning: model.conditioning, at: t)
      var whitened = Matrix(rows: 1, columns: state.columns)
      whitened.assign(c.whitening, times: state, dimension: dimension)
      for k in 0..<state.columns { unsafe pass.state(set: 0, row: 0)[k] = whitened[0, k] }
      pass.setLevel(model.embeddedLevel(noiseLevel: c.noiseLevel, at: t))
      unsafe pass.forward(parameters)
      var output = Matrix(rows: 1, columns: model.network.outputs)
      for k in 0..<output.columns { output[0, k] = unsafe pass.output(set: 0, row: 0)[k] }
      score.assign(c.precision.scaled(by: -1), times: state, dimension: dimension)
      score.add(c.output, times: output, dimension: dimension)
      for k in 0..<score.columns { score[0, k] += Float(shift[k / dimension]) }
    }
  }

  @Test("explicit score matching measures the distance to the exact score, at any parameters", arguments: 0..<3)
  func explicitValue(setting: Int) {
    let process: any ForwardProcess = setting == 0 ? VariancePreserving() : CriticallyDampedLangevin(epsilon: 0.5)
    let model = ScoreModel(
      process: process, dimension: 2, output: setting == 2 ? .noise : .posteriorMean, conditioning: .data,
      weight: .likelihood, widths: [8], activation: .tanh, residual: false,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    let parameters = array(normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.5))
    let rows = 64
    func loss(_ shift: BlockVector) -> Double {
      let pass = NetworkPass(
        architecture: model.network, frequencies: model.frequencies, rows: rows, use: .training)
      let times = TimeSampler(.uniform, process: process, first: 0.05)
      let objective = TrainingObjective.explicit(Shifted(model, parameters, shift: shift)).make(
        model: model, times: times, pass: pass)
      let data = normals(rows, 2, seed: 5)
      unsafe objective.draw(set: 0, firstIndex: 0, streams: Self.streams, into: pass) { row in
        unsafe UnsafePointer(data.pointer) + row * data.columns
      }
      unsafe pass.forward(parameters)
      return unsafe objective.loss(set: 0, of: pass, parameters: parameters, count: rows)
    }
    let shift = process.blocks == 1 ? BlockVector(0.7) : BlockVector(0.7, -0.4)
    // dτ/dt · cᵀDc for every coordinate, over the outputs' blocks.
    var uniforms = [Double](repeating: 0, count: rows)
    var span = uniforms.mutableSpan
    Self.streams.times.uniforms(firstIndex: 0, into: &span)
    let expected = uniforms.reduce(0) { sum, u in
      let t = 0.05 + (process.horizon - 0.05) * u
      let size = process.rate(at: t) * shift.dot(process.diffusion(at: t) * shift)
      return sum + size / Double(model.output.blocks(for: process))
    }
    // Scores of some tens at the first times, in Float: 1e-5 of them, beside shifts of 0.7.
    #expect(abs(loss(shift) / expected - 1) < 1e-3, "\(loss(shift)), \(expected)")
    #expect(loss(shift.scaled(by: 0)) < 1e-6 * expected)
  }

  private static let streams = DrawStreams(
    times: RandomStream(seed: 3, purpose: .diffusionTime), noise: RandomStream(seed: 3, purpose: .diffusionNoise),
    probes: RandomStream(seed: 3, purpose: .probe), tails: RandomStream(seed: 3, purpose: .tailScale))

  @Test("paired noise gives the loss of the cheapest pairing, in input and target alike")
  func transported() {
    let model = ScoreModel(
      process: FlowMatching(horizon: 0.999), dimension: 2, output: .posteriorMean, conditioning: .data,
      weight: .unitVariance, widths: [8], activation: .silu, residual: false,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    let parameters = array(normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.5))
    let rows = 6
    let data = normals(rows, 2, seed: 5)
    func loss(_ kind: TrainingObjective) -> Double {
      let pass = NetworkPass(
        architecture: model.network, frequencies: model.frequencies, rows: rows, use: .training)
      let objective = kind.make(
        model: model, times: TimeSampler(.uniform, process: model.process, first: 0.05), pass: pass)
      unsafe objective.draw(set: 0, firstIndex: 0, streams: Self.streams, into: pass) { row in
        unsafe UnsafePointer(data.pointer) + row * data.columns
      }
      unsafe pass.forward(parameters)
      return unsafe objective.loss(set: 0, of: pass, parameters: parameters, count: rows)
    }
    var noise = Matrix(rows: rows, columns: 2)
    Self.streams.noise.fillNormals(&noise, firstIndex: 0)
    let orders = AssignmentTests.permutations(Array(0..<rows))
    let costs = orders.map { AssignmentTests.cost(data, noise, $0) }
    let best = orders[costs.indices.reduce(0) { costs[$1] < costs[$0] ? $1 : $0 }]
    #expect(best != Array(0..<rows))
    for (kind, pairing) in [(TrainingObjective.denoising, nil), (.transported, best)] {
      var rows = Matrix(rows: rows, columns: 2)
      rows.copy(from: data)
      let oracle = DoubleLoss(model: model, rows: rows, streams: Self.streams, times: (0.05, .uniform))
      oracle.pairing = pairing
      let expected = oracle(parameters.map(Double.init))
      // Float rounding of six rows' losses.
      #expect(abs(loss(kind) / expected - 1) < 1e-5)
    }
  }

  @Test("heavy-tailed noise has a size for each row, in input and target")
  func heavyTails() {
    let model = ScoreModel(
      process: AnnealedPath(annealing: .cosine, base: .studentT(degrees: 3)), dimension: 2, output: .score,
      conditioning: .data, weight: .uniformNoise, widths: [8], activation: .silu, residual: false,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4), seed: 1)
    let parameters = array(normals(1, ParameterLayout(model.network).count, seed: 2, scale: 0.5))
    let data = normals(6, 2, seed: 5)
    let pass = NetworkPass(architecture: model.network, frequencies: model.frequencies, rows: 6, use: .training)
    let objective = TrainingObjective.denoising.make(
      model: model, times: TimeSampler(.uniform, process: model.process, first: 0.05), pass: pass)
    unsafe objective.draw(set: 0, firstIndex: 0, streams: Self.streams, into: pass) { row in
      unsafe UnsafePointer(data.pointer) + row * data.columns
    }
    unsafe pass.forward(parameters)
    let found = unsafe objective.loss(set: 0, of: pass, parameters: parameters, count: 6)
    var rows = Matrix(rows: 6, columns: 2)
    rows.copy(from: data)
    let oracle = DoubleLoss(model: model, rows: rows, streams: Self.streams, times: (0.05, .uniform))
    // Float rounding of six rows' losses.
    #expect(abs(found / oracle(parameters.map(Double.init)) - 1) < 1e-5)
  }

  @Test("rows carried forward have the kernel's law, blocks and their covariances included", arguments: [0, 6])
  func stateDraws(steps: Int) {
    for process in [
      VariancePreserving(), CriticallyDampedLangevin(epsilon: 0.5, velocityVariance: 0.25),
      LinearProcess.thirdOrderLangevin(),
    ] as [any ForwardProcess] {
      let draws = StateDraws(process: process, dimension: 1, steps: steps)
      let (c, rows, t) = (process.blocks, 20_000, 0.3)
      let noise = normals(rows, draws.normals, seed: 8)
      var data: Float = 1.5
      let states = Matrix(rows: rows, columns: c)
      let kernel = process.kernel(at: t)
      for r in 0..<rows {
        unsafe draws.write(
          at: t, kernel, data: &data, normals: noise.pointer + r * noise.columns, into: states.pointer + r * c)
      }
      for i in 0..<c {
        let mean = kernel.mean[i] * 1.5
        for j in 0...i {
          let other = kernel.mean[j] * 1.5
          let product = (0..<rows).reduce(0.0) { $0 + (Double(states[$1, i]) - mean) * (Double(states[$1, j]) - other) }
          let (h, size) = (kernel.covariance, (kernel.covariance[i, i] * kernel.covariance[j, j]).squareRoot())
          // Five standard errors of a mean of products, at most √2 each.
          #expect(
            abs(product / Double(rows) - h[i, j]) < 5 * (2 / Double(rows)).squareRoot() * size, "\(process) \(i) \(j)")
        }
        let average = (0..<rows).reduce(0.0) { $0 + Double(states[$1, i]) } / Double(rows)
        #expect(abs(average - mean) < 5 * (kernel.covariance[i, i] / Double(rows)).squareRoot())
      }
    }
  }
}
