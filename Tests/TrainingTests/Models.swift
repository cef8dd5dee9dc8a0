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
    let tail = tail(of: row, noise)
    func sum(_ factor: (Int) -> Double, _ k: Int, noiseTimes size: Double) -> Double {
      (1..<c.sources).reduce(factor(0) * Double(rows[row, k])) {
        $0 + factor($1) * size * Double(noise[0, ($1 - 1) * d + k])
      }
    }
    let state = (0..<c.inputBlocks).flatMap { i in
      (0..<d).map { sum({ c.input(i, $0) }, $0, noiseTimes: tail.input) }
    }
    let target = (0..<c.outputBlocks).flatMap { o in
      (0..<d).map { sum({ c.target(o, $0) }, $0, noiseTimes: tail.target) }
    }
    let f = network(state, level: Double(Float(c.noiseLevel)), parameters)
    let loss = (0..<c.outputBlocks * d).reduce(0.0) { sum, k in
      let value = (0..<c.outputBlocks).reduce(0) { $0 + c.outputGain(k / d, $1) * f[$1 * d + k % d] }
      return sum + pow(value - target[k], 2)
    }
    return draw.weight * loss / Double(f.count)
  }

  /// Student-t noise is normal over √(χ²_ν/ν), and its score has the factor (ν + d)/(ν + |noise|²).
  private func tail(of row: Int, _ normals: borrowing Matrix) -> (input: Double, target: Double) {
    guard case .studentT(let degrees) = model.process.noise else { return (1, 1) }
    var variates = streams.tails.row(UInt64(row))
    let size = (0.5 * degrees / variates.nextGamma(shape: 0.5 * degrees)).squareRoot()
    let square = (0..<model.dimension).reduce(0.0) { $0 + pow(size * Double(normals[0, $1]), 2) }
    return (size, size * (degrees + Double(model.dimension)) / (degrees + square))
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
