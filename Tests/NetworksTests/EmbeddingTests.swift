import Foundation
import LinearAlgebra
import Networks
import Randomness
import TestSupport
import Testing

@Suite struct EmbeddingTests {
  @Test("sinusoidal frequencies run geometrically from 1/64 to 2 turns per unit of level") func frequencies() {
    #expect(
      TimeEmbedding(kind: .sinusoidal, features: 16).frequencies(seed: 9)
        == [-6, -5, -4, -3, -2, -1, 0, 1].map {
          Float(pow(2.0, $0))
        })
    #expect(TimeEmbedding(kind: .sinusoidal, features: 2).frequencies(seed: 9) == [1.0 / 64])
  }

  @Test("random frequencies are N(0, ½²), fixed by the seed") func fourier() {
    let embedding = TimeEmbedding(kind: .fourier, features: 20_000)
    let draws = embedding.frequencies(seed: 3).map(Double.init)
    #expect(kolmogorovSmirnov(draws) { normalDistribution($0, 0, 0.25) } < kolmogorovSmirnovBound)
    #expect(
      embedding.frequencies(seed: 3) == draws.map(Float.init) && embedding.frequencies(seed: 4) != draws.map(Float.init)
    )
  }

  @Test("a row's features are sines, then cosines, of its own level, behind its state") func features() {
    let architecture = NetworkArchitecture(
      inputs: 2, outputs: 1, widths: [3], embedding: TimeEmbedding(kind: .sinusoidal, features: 6))
    let frequencies = architecture.embedding.frequencies(seed: 1)
    let pass = NetworkPass(architecture: architecture, frequencies: frequencies, rows: 2, sets: 2, use: .inference)
    for (set, row, level) in [(0, 0, 0.3), (0, 1, -1.7), (1, 0, 5.25), (1, 1, 0)] as [(Int, Int, Float)] {
      pass.setLevel(level, set: set, row: row)
      for k in 0..<3 {
        let angle = 2 * Double.pi * Double(frequencies[k]) * Double(level)
        // Sines and cosines of up to some turns are right to 2e-7; the product of frequency and level is rounded.
        #expect(abs(unsafe Double(pass.state(set: set, row: row)[2 + k]) - sin(angle)) < 2e-6)
        #expect(abs(unsafe Double(pass.state(set: set, row: row)[5 + k]) - cos(angle)) < 2e-6)
      }
    }
  }

  @Test("initial weights have variance 1/width from the state and 1/features from the embedding, the last are zero")
  func initialisation() {
    let architecture = NetworkArchitecture(
      inputs: 4, outputs: 3, widths: [400, 400], residual: true,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 64))
    let layout = ParameterLayout(architecture)
    let parameters = architecture.initialParameters(seed: 5)
    var firsts: [Float] = []
    for (l, layer) in architecture.layers.enumerated() {
      let entry = layout.weight(l)
      for i in layout.bias(l).range { #expect(parameters[0, i] == 0) }
      guard l < 2 else {
        #expect(entry.range.allSatisfy { parameters[0, $0] == 0 })
        continue
      }
      firsts.append(parameters[0, entry.offset + 1])
      for (columns, variance) in [(0..<layer.width, 1 / Double(layer.width)), (layer.width..<layer.inputs, 1.0 / 64)] {
        let draws = (0..<layer.outputs).flatMap { o in
          columns.map { Double(parameters[0, entry.offset + o * layer.inputs + $0]) }
        }
        #expect(kolmogorovSmirnov(draws) { normalDistribution($0, 0, variance) } < kolmogorovSmirnovBound, "layer \(l)")
      }
    }
    #expect(firsts[0] / firsts[1] != (400.0 / 4 as Float).squareRoot())
    #expect(architecture.initialParameters(seed: 6)[0, 1] != parameters[0, 1])
  }
}
