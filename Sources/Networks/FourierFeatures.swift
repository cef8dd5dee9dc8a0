internal import LinearAlgebra

// Fourier features of the observed inputs x, which the first layer sees behind the radial feature:
//
//   ψ = (sin 2ⁿπx_1, … sin 2ⁿπx_o, cos 2ⁿπx_1, … cos 2ⁿπx_o) for each n.
//
// A layer of weights of size 1 changes little where x changes by a grey value; a feature of n = 7 turns by half a turn over
// 1/128. Kingma, Salimans, Poole and Ho 2021, arXiv 2107.00630, appendix C: n = 7 and 8.

extension NetworkPass {
  /// Where the features begin in a row of inputs.
  private var firstFeature: Int { architecture.inputs + (architecture.radial ? 1 : 0) }

  /// 2ⁿ⁻¹ turns for each unit of x.
  private func turns(_ n: Int) -> Float { Float(sign: .plus, exponent: n - 1, significand: 1) }

  /// Writes ψ of the group's rows.
  func writeFourierFeatures() {
    guard !architecture.frequencies.isEmpty else { return }
    let o = architecture.observed
    for row in group.lowerBound * rows..<group.upperBound * rows {
      let x = unsafe inputs[0].row(row)
      for (i, n) in architecture.frequencies.enumerated() {
        let (sines, turns) = (unsafe x + firstFeature + 2 * i * o, turns(n))
        for k in 0..<o { unsafe sines[k] = Elementary.sinTurns(turns * x[k]) }
        for k in 0..<o { unsafe sines[o + k] = Elementary.cosTurns(turns * x[k]) }
      }
    }
  }

  /// Writes ψ̇ = 2ⁿπ (cos, −sin) ẋ behind a tangent's inputs, from the features of its row.
  func writeFourierTangent(set: Int, row: Int, into tangent: UnsafeMutablePointer<Float>) {
    let (o, features) = (architecture.observed, unsafe observed(set: set, row: row) + firstFeature)
    for (i, n) in architecture.frequencies.enumerated() {
      let rate = 2 * Float.pi * turns(n)
      let (sines, into) = unsafe (features + 2 * i * o, tangent + firstFeature + 2 * i * o)
      for k in 0..<o {
        unsafe into[k] = rate * sines[o + k] * tangent[k]
        unsafe into[o + k] = -rate * sines[k] * tangent[k]
      }
    }
  }

  /// Adds what the features' adjoints, which stand where the features do, are to the inputs' own.
  func addFourierAdjoint(
    _ adjoint: UnsafePointer<Float>, set: Int, row: Int, to inputs: UnsafeMutablePointer<Float>
  ) {
    let (o, features) = (architecture.observed, unsafe observed(set: set, row: row) + firstFeature)
    for (i, n) in architecture.frequencies.enumerated() {
      let rate = 2 * Float.pi * turns(n)
      let (sines, own) = unsafe (features + 2 * i * o, adjoint + firstFeature + 2 * i * o)
      for k in 0..<o {
        let slope = unsafe own[k] * sines[o + k] - own[o + k] * sines[k]
        unsafe inputs[k] = inputs[k].addingProduct(rate, slope)
      }
    }
  }
}
