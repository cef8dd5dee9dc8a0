import Diffusion
import Foundation
import LinearAlgebra
import Networks
import Randomness

@testable import Training

/// A tiny model on Langevin dynamics, where every output and conditioning differs.
func tinyModel(
  _ output: NetworkOutput, _ conditioning: Conditioning, input: NetworkInput = .state, weight: LossWeight? = nil,
  residual: Bool = false
) -> ScoreModel {
  ScoreModel(
    process: CriticallyDampedLangevin(epsilon: 0.25), dimension: 3, input: input, output: output,
    conditioning: conditioning,
    weight: weight, widths: [8, 8], activation: .silu, residual: residual,
    embedding: TimeEmbedding(kind: .sinusoidal, features: 4),
    seed: 1)
}

/// The training loss of one set of rows, written down a second time in Double from the coefficients' definition.
final class DoubleLoss {
  let model: ScoreModel
  let rows: Matrix
  let streams: DrawStreams
  let times: (first: Double, law: TimeLaw)
  /// The row whose noise each row takes; its own where there is no pairing.
  var pairing: [Int]?

  init(
    model: ScoreModel, rows: consuming Matrix, streams: DrawStreams, times: (first: Double, law: TimeLaw)
  ) {
    (self.model, self.streams, self.times) = (model, streams, times)
    self.rows = rows
  }

  func callAsFunction(_ parameters: [Double]) -> Double {
    (0..<rows.rows).reduce(0) { $0 + loss(row: $1, parameters) }
  }

  /// The loss of one row: its draws are those of its index.
  func loss(row: Int, _ parameters: [Double]) -> Double {
    var u = [0.0]
    var span = u.mutableSpan
    streams.times.uniforms(firstIndex: UInt64(row), into: &span)
    let draw = TimeSampler(times.law, process: model.process, first: times.first).draw(u[0])
    let c = model.trainingCoefficients(at: draw.time)
    let d = model.dimension
    var noise = Matrix(rows: 1, columns: (c.sources - 1) * d)
    streams.noise.fillNormals(&noise, firstIndex: UInt64(pairing?[row] ?? row))
    func source(_ j: Int, _ k: Int) -> Double { Double(j == 0 ? rows[row, k] : noise[0, (j - 1) * d + k]) }
    func sum(_ factor: (Int) -> Double, _ k: Int) -> Double {
      (0..<c.sources).reduce(0) { $0 + factor($1) * source($1, k) }
    }
    let state = (0..<c.inputBlocks).flatMap { i in (0..<d).map { k in sum({ c.input(i, $0) }, k) } }
    let target = (0..<c.outputBlocks).flatMap { o in (0..<d).map { k in sum({ c.target(o, $0) }, k) } }
    let f = network(state, level: Double(Float(c.noiseLevel)), parameters)
    let loss = (0..<c.outputBlocks * d).reduce(0.0) { sum, k in
      let value = (0..<c.outputBlocks).reduce(0) { $0 + c.outputGain(k / d, $1) * f[$1 * d + k % d] }
      return sum + pow(value - target[k], 2)
    }
    return draw.weight * loss / Double(f.count)
  }

  private func network(_ state: [Double], level: Double, _ parameters: [Double]) -> [Double] {
    let angles = model.frequencies.map { 2 * Double.pi * Double($0) * level }
    let features = angles.map { sin($0) } + angles.map { cos($0) }
    let layout = ParameterLayout(model.network)
    var h = state
    for (l, layer) in model.network.layers.enumerated() {
      let x = layer.inputs > layer.width ? h + features : h
      let z = (0..<layer.outputs).map { o in
        x.indices.reduce(parameters[layout.bias(l).offset + o]) { sum, i in
          sum + parameters[layout.weight(l).offset + o * layer.inputs + i] * x[i]
        }
      }
      if l == model.network.layerCount - 1 { return z }
      h = z.enumerated().map { $1 / (1 + exp(-$1)) + (layer.skips ? h[$0] : 0) }
    }
    return h
  }
}
