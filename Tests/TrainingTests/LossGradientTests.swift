import Diffusion
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@testable import Training

@Suite struct LossGradientTests {
  static let settings = NetworkInput.allCases.flatMap { input in
    [NetworkOutput.posteriorMean, .noise, .score].flatMap { output in
      Conditioning.allCases.flatMap { conditioning in LossWeight.allCases.map { (input, output, conditioning, $0) } }
    }
  }

  @Test("the gradient is the central difference of the loss in Double", arguments: settings)
  func gradient(input: NetworkInput, output: NetworkOutput, conditioning: Conditioning, weight: LossWeight) {
    let model = tinyModel(output, conditioning, input: input, weight: weight, residual: output == .noise)
    let layout = ParameterLayout(model.network)
    let parameters = normals(1, layout.count, seed: 2, scale: 0.4)
    let rows = 5
    let streams = DrawStreams(
      times: RandomStream(seed: 3, purpose: .diffusionTime), noise: RandomStream(seed: 3, purpose: .diffusionNoise))
    let oracle = DoubleLoss(
      model: model, rows: normals(rows, model.dimension, seed: 4), streams: streams, times: (1e-2, .uniform))

    let pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: rows, use: .training)
    let times = TimeSampler(.uniform, process: model.process, first: 1e-2)
    let batch = DenoisingObjective(model: model, times: times, rows: rows, sets: 1)
    unsafe batch.draw(set: 0, firstIndex: 0, streams: streams, into: pass) { row in
      unsafe UnsafePointer(oracle.rows.pointer) + row * model.dimension
    }
    unsafe pass.forward(parameters.pointer)
    let gradient = Matrix(rows: 1, columns: layout.count)
    unsafe batch.lossesAndGradients(
      of: pass, group: 0..<1, parameters: parameters.pointer, scale: 1,
      into: .sets(gradient: { _ in unsafe gradient.pointer }, completed: { _, _ in }))
    let loss = batch.losses[0]

    var centre = (0..<layout.count).map { Double(parameters[0, $0]) }
    // Float rounding of five rows: inputs, targets and outputs each carry some 1e-7 of numbers up to 10.
    #expect(abs(loss - oracle(centre)) < 1e-5 * (1 + loss))
    for entry in layout.entries {
      for index in stride(from: entry.offset, to: entry.range.upperBound, by: 5) {
        let (h, value) = (1e-5, centre[index])
        centre[index] = value + h
        let above = oracle(centre)
        centre[index] = value - h
        let below = oracle(centre)
        centre[index] = value
        let expected = (above - below) / (2 * h)
        // As above; the difference itself is right to 1e-9.
        #expect(abs(Double(gradient[0, index]) - expected) < 3e-5 * (1 + abs(expected)), "\(entry.name)")
      }
    }
  }
}
