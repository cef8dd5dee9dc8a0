import LinearAlgebra
import Networks
import Randomness
import Testing

@Suite struct ArchitectureTests {
  private func architecture(residual: Bool) -> NetworkArchitecture {
    NetworkArchitecture(
      inputs: 3, outputs: 2, widths: [5, 5, 7, 7], residual: residual,
      embedding: TimeEmbedding(kind: .sinusoidal, features: 4))
  }

  @Test("the embedding enters the first layer, and every hidden one where the network is residual") func embedding() {
    #expect(architecture(residual: false).layers.map(\.inputs) == [7, 5, 5, 7, 7])
    #expect(architecture(residual: true).layers.map(\.inputs) == [7, 9, 9, 11, 7])
    for residual in [false, true] {
      #expect(architecture(residual: residual).layers.map(\.width) == [3, 5, 5, 7, 7])
      #expect(architecture(residual: residual).layers.map(\.outputs) == [5, 5, 7, 7, 2])
    }
  }

  @Test("hidden layers of one width on both sides skip, and no others") func skips() {
    #expect(architecture(residual: false).layers.allSatisfy { !$0.skips })
    #expect(architecture(residual: true).layers.map(\.skips) == [false, true, false, true, false])
    let falling = NetworkArchitecture(inputs: 3, outputs: 2, widths: [7, 5], residual: true)
    #expect(falling.layers.map(\.skips) == [false, false, false])
  }

  @Test("tensors lie one after another, each on a multiple of 16, named by layer") func layout() {
    let layout = ParameterLayout(
      NetworkArchitecture(
        inputs: 3, outputs: 2, widths: [5], embedding: TimeEmbedding(kind: .sinusoidal, features: 4)))
    #expect(layout.entries.map(\.name) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"])
    #expect(layout.entries.map(\.shape) == [[5, 7], [5], [2, 5], [2]])
    #expect(layout.entries.map(\.offset) == [0, 48, 64, 80] && layout.count == 96)
    #expect(layout.range(ofLayer: 1) == 64..<82)
  }

  @Test("pieces are whole layers from the last on, cut at whole blocks, and further parts come last") func pieces() {
    let network = NetworkArchitecture(
      inputs: 3, outputs: 2, widths: [64, 100, 100], embedding: TimeEmbedding(kind: .sinusoidal, features: 4))
    // The layers begin at 0, 512, 7024 and 17136, and end at 17360.
    let layout = ParameterLayout(network, further: [.init("more", tensors: [("numbers", [3])])])
    #expect(layout.pieces(least: 4096) == ([8192..<20480, 4096..<8192, 0..<4096], [20480..<20496]))
    #expect(layout.pieces(least: 4097) == ([8192..<20480, 0..<8192], [20480..<20496]))
    #expect(layout.pieces(least: .max) == ([0..<20480], [20480..<20496]))
    #expect(ParameterLayout(network).pieces(least: 4096) == ([8192..<17360, 4096..<8192, 0..<4096], []))
  }

  @Test("floating-point operations are two a weight and row, and those of the gradient's two products") func flops() {
    let plain = NetworkArchitecture(
      inputs: 3, outputs: 2, widths: [5, 7], embedding: TimeEmbedding(kind: .sinusoidal, features: 4))
    // Layers of 7 → 5, 5 → 7 and 7 → 2: 35, 35 and 14 weights.
    #expect(plain.inferenceFlopsPerRow == 2 * (35 + 35 + 14))
    // Forward and weight gradient each; the data's gradient of all layers but the first.
    #expect(plain.trainingFlopsPerRow == 2 * (2 * (35 + 35 + 14) + 35 + 14))
  }

  @Test("squares of activations are those of one set's rows, of each layer's own columns") func squares() {
    let example = Case(.tanh, residual: true)
    let pass = example.pass(sets: 2)
    for set in 0..<2 {
      for level in 0...example.architecture.layerCount {
        let isOutput = level == example.architecture.layerCount
        let (sum, count) = pass.activationSquares(at: level, set: set)
        let columns = isOutput ? 3 : level == 0 ? 5 + 8 : example.architecture.widths[level - 1]
        #expect(count == 3 * columns)
        guard level == 0 || isOutput else { continue }
        let expected = (0..<3).reduce(0.0) { sum, row in
          (0..<columns).reduce(sum) { sum, k in
            let x = unsafe isOutput ? pass.output(set: set, row: row)[k] : pass.state(set: set, row: row)[k]
            return sum + Double(x) * Double(x)
          }
        }
        #expect(sum == expected && sum > 0)
      }
    }
    #expect(pass.activationSquares(at: 2, set: 0).sum != pass.activationSquares(at: 2, set: 1).sum)
  }

  @Test("a second pass in the same buffers gives the gradient of the first") func again() {
    let example = Case(.silu, residual: true)
    let pass = example.pass(use: .curvature)
    let tangents = TangentPass(pass, probes: 1)
    let gradient = Matrix(rows: 2, columns: pass.layout.count)
    for row in 0..<Case.rows {
      for o in 0..<3 {
        unsafe pass.outputGradient(set: 0, row: row)[o] = 0.7
        unsafe tangents.cotangent(probe: 0, row: row)[o] = -0.4
      }
      for k in 0..<5 { unsafe tangents.tangent(probe: 0, row: row)[k] = 0.3 }
    }
    // The second time into a buffer that is not zero.
    for i in 0..<pass.layout.count { unsafe gradient.pointer[pass.layout.count + i] = 9 }
    for turn in 0..<2 {
      tangents.forward(set: 0)
      unsafe tangents.backward(
        example.parameters.pointer, set: 0, gradient: gradient.pointer + turn * pass.layout.count
      ) { _ in }
    }
    for entry in pass.layout.entries { for i in entry.range { #expect(gradient[0, i] == gradient[1, i]) } }
  }
}
