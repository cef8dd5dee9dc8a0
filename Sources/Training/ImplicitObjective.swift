internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// Implicit score matching: λ(2 tr D∇s + sᵀDs) over the number of outputs.
///
/// By parts it is E λ‖Σᵀ(s − ∇log p)‖² less a constant, so its minimiser and its gradient's mean are those of
/// `ExplicitObjective`, but it asks for no score and no kernel (Hyvärinen 2005). With s = −Pu + QF(Gu) the trace is
///
/// ```
/// tr D∇s = −d tr DP + Σ_v (QᵀDv)ᵀ J (Gv),   J = ∂F/∂(Gu)
/// ```
/// over unit vectors v, or in the mean over random signs v (Song, Garg, Shi and Ermon 2019); only J's part is estimated.
@safe final class ImplicitObjective: Objective {
  var times: TimeSampler
  private(set) var losses: [Double]
  private(set) var cells: CellSums
  private var rows: ScoreRows
  private let tangents: TangentPass
  private let count: Int
  /// The blocks that noise drives: D is zero elsewhere.
  private let driven: [Int]
  private let isSliced: Bool
  /// Signs of random probes, `[sets · rows, probes · driven · d]`; empty for exact traces.
  private var signs: Matrix

  /// The objective with random probes, or exact traces where `probes` is nil.
  init(model: ScoreModel, probes: Int?, simulationSteps: Int, times: TimeSampler, pass: NetworkPass) {
    (self.times, count, isSliced) = (times, pass.rows, probes != nil)
    let diffusion = model.process.diffusion(at: model.process.horizon)
    driven = (0..<model.process.blocks).filter { diffusion[$0, $0] > 0 }
    precondition(
      probes != nil || driven.count * model.dimension <= 3 * TrainingObjective.largestTrace,
      "an exact trace over \(driven.count) × \(model.dimension) coordinates")
    tangents = TangentPass(pass, probes: probes ?? driven.count * model.dimension)
    rows = ScoreRows(model: model, simulationSteps: simulationSteps, rows: pass.rows, sets: pass.sets)
    signs = Matrix(
      rows: probes == nil ? 0 : pass.rows * pass.sets, columns: (probes ?? 0) * driven.count * model.dimension)
    losses = [Double](repeating: 0, count: pass.sets)
    cells = CellSums(sets: pass.sets)
  }

  var bytes: Int { rows.bytes + tangents.bytes + 4 * signs.count }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    unsafe rows.draw(
      set: set, firstIndex: firstIndex, streams: streams, times: times, into: pass, data: data
    ) { _, _, _ in }
    guard isSliced else { return }
    for row in 0..<count {
      for i in 0..<signs.columns {
        let words = i % 128 == 0 ? streams.probes.words(index: firstIndex + UInt64(row), block: UInt32(i / 128)) : bits
        bits = words
        signs[set * count + row, i] = (words[i % 128 / 32] >> UInt32(i % 32)) & 1 == 0 ? 1 : -1
      }
    }
  }

  // The random words whose bits are being used.
  private var bits = SIMD4<UInt32>.zero

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    writeProbes(set: set, scale: 1)
    tangents.forward(set: set)
    return (0..<count).reduce(0) { sum, row in
      unsafe sum + loss(set: set, row: row, pass, gradient: nil, scale: 1)
    }
  }

  /// A set's tangents need its gradient in one place.
  var sumsSets: Bool { false }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    guard case .sets(let gradient, let completed) = gradients else {
      preconditionFailure("sums of tangents' gradients")
    }
    for set in group {
      writeProbes(set: set, scale: scale)
      tangents.forward(set: set)
      losses[set] = 0
      cells.clear(set: set)
      for row in 0..<count {
        let loss = unsafe loss(
          set: set, row: row, pass, gradient: pass.outputGradient(set: set, row: row), scale: scale)
        losses[set] += loss
        cells.add(loss, rows.time(set: set, row: row), set: set)
      }
      unsafe tangents.backward(parameters, set: set, gradient: gradient(set)) { completed(set, $0) }
    }
  }

  /// The loss of a row; its cotangents carry `scale`.
  private func loss(
    set: Int, row: Int, _ pass: NetworkPass, gradient: UnsafeMutablePointer<Float>?, scale: Double
  ) -> Double {
    let terms = rows.terms(set: set, row: row)
    let d = rows.model.dimension
    let square = unsafe terms.square(
      pass.output(set: set, row: row), minus: rows.target(set: set, row: row), dimension: d, gradient: gradient,
      slope: 2 * scale * terms.weight)
    var trace = 0.0
    for probe in 0..<tangents.probes {
      let (c, product) = unsafe (tangents.cotangent(probe: probe, row: row), tangents.product(probe: probe, row: row))
      for o in 0..<terms.outputBlocks * d { unsafe trace += Double(c[o]) * Double(product[o]) }
    }
    let known = (terms.diffusion * terms.precision).trace * Double(d)
    return terms.weight * (square - 2 * known) + trace / scale
  }

  /// Writes b = Gv and c = 2 · scale · weight · QᵀDv for every probe v of every row.
  private func writeProbes(set: Int, scale: Double) {
    let d = rows.model.dimension
    for row in 0..<count {
      let terms = rows.terms(set: set, row: row)
      let factor = 2 * scale * terms.weight / (isSliced ? Double(tangents.probes) : 1)
      for probe in 0..<tangents.probes {
        let b = unsafe tangents.tangent(probe: probe, row: row)
        let c = unsafe tangents.cotangent(probe: probe, row: row)
        unsafe b.update(repeating: 0, count: rows.model.observed + rows.model.conditions)
        unsafe c.update(repeating: 0, count: terms.outputBlocks * d)
        for (n, block) in driven.enumerated() {
          for k in isSliced ? 0..<d : probe % d..<probe % d + 1 where isSliced || probe / d == n {
            let v = isSliced ? signs[set * count + row, (probe * driven.count + n) * d + k] : 1
            for j in 0..<terms.inputBlocks { unsafe b[j * d + k] += v * Float(terms.whitening[j, block]) }
            for o in 0..<terms.outputBlocks {
              unsafe c[o * d + k] += v * Float(factor * terms.projection[o, block])
            }
          }
        }
      }
    }
  }
}
