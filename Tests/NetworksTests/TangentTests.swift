import LinearAlgebra
import Networks
import Randomness
import Testing

@Suite struct TangentTests {
  static let trials = Trial.all.filter { $0.activation.isSmooth && $0.head.words == nil }

  private static let probes = 2
  private let output: [Double] = [0.7, -1.1, 0.4]

  /// b and c of one row and probe.
  private func directions(_ row: Int, _ probe: Int) -> (b: [Double], c: [Double]) {
    let stream = RandomStream(seed: 8, purpose: .benchmark, step: UInt64(probe))
    var sequence = stream.row(UInt64(row))
    return (
      (0..<5).map { _ in Double(Float(sequence.nextNormal())) },
      (0..<3).map { _ in Double(Float(sequence.nextNormal())) }
    )
  }

  private func prepared(_ example: Case, sets: Int) -> (NetworkPass, TangentPass) {
    let pass = example.pass(sets: sets, use: .curvature)
    return (pass, TangentPass(pass, probes: Self.probes))
  }

  private func write(_ pass: NetworkPass, _ tangents: TangentPass, set: Int) {
    for row in 0..<pass.rows {
      for o in 0..<3 { unsafe pass.outputGradient(set: set, row: row)[o] = Float(output[o]) }
      for probe in 0..<Self.probes {
        let (b, c) = directions(set * pass.rows + row, probe)
        for k in 0..<5 { unsafe tangents.tangent(probe: probe, row: row)[k] = Float(b[k]) }
        for o in 0..<3 { unsafe tangents.cotangent(probe: probe, row: row)[o] = Float(c[o]) }
      }
    }
  }

  @Test("a tangent pass gives the pass's own Jacobian–vector products", arguments: trials)
  func products(trial: Trial) {
    let example = trial.example
    let (pass, tangents) = prepared(example, sets: 1)
    write(pass, tangents, set: 0)
    tangents.forward(set: 0)
    for probe in 0..<Self.probes {
      var tangent = Matrix(rows: Case.rows, columns: 5)
      for row in 0..<Case.rows { for k in 0..<5 { tangent[row, k] = Float(directions(row, probe).b[k]) } }
      var expected = Matrix(rows: Case.rows, columns: 3)
      pass.jvp(tangent: tangent, into: &expected)
      for row in 0..<Case.rows {
        for o in 0..<3 {
          let found = unsafe tangents.product(probe: probe, row: row)[o]
          #expect(abs(found - expected[row, o]) < 1e-6 * (1 + abs(expected[row, o])))  // sums in another order
        }
      }
    }
  }

  @Test("the parameter gradient of cᵀJb and F is the central difference of the oracle in Double", arguments: trials)
  func gradient(trial: Trial) {
    let example = trial.example
    let (pass, tangents) = prepared(example, sets: 2)
    let gradient = Matrix(rows: 2, columns: pass.layout.count)
    for set in 0..<2 {
      write(pass, tangents, set: set)
      tangents.forward(set: set)
      var seen: [Range<Int>] = []
      unsafe tangents.backward(
        example.parameters.pointer, set: set, gradient: gradient.pointer + set * pass.layout.count
      ) { seen.append($0) }
      #expect(seen == (0..<example.architecture.layerCount).reversed().map { pass.layout.range(ofLayer: $0) })
    }
    var network = example.oracle
    for entry in pass.layout.entries {
      for index in stride(from: entry.offset, to: entry.range.upperBound, by: 11) {
        let (h, centre) = (1e-4, network.parameters[index])
        network.parameters[index] = centre + h
        let above = value(network, example)
        network.parameters[index] = centre - h
        let below = value(network, example)
        network.parameters[index] = centre
        let expected = (above - below) / (2 * h)
        let found = Double(gradient[0, index] + gradient[1, index])
        // Float rounding of 18 rows' sums of size 10; the mixed difference itself is right to some 1e-7.
        #expect(abs(found - expected) < 1e-4 * (1 + abs(expected)), "\(entry.name)[\(index - entry.offset)]")
      }
    }
  }

  /// Σ (output · F + Σ_probes cᵀJb), J by central differences.
  private func value(_ network: DoubleNetwork, _ example: Case) -> Double {
    (0..<Case.rows).reduce(0) { sum, row in
      let (state, level) = (example.state(row), example.levels[row])
      let f = zip(network.forward(state: state, level: level), output).reduce(0) { $0 + $1.0 * $1.1 }
      return (0..<Self.probes).reduce(sum + f) { sum, probe in
        let (b, c) = directions(row, probe)
        let h = 1e-4
        let above = network.forward(state: zip(state, b).map { $0 + h * $1 }, level: level)
        let below = network.forward(state: zip(state, b).map { $0 - h * $1 }, level: level)
        return sum + zip(c, zip(above, below)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) / (2 * h) }
      }
    }
  }
}
