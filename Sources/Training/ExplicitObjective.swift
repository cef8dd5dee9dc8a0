internal import Diffusion
internal import LinearAlgebra
internal import Networks

/// Explicit score matching: λ‖Σᵀ(s_θ − s*)‖² against a score s* that is known, over the number of outputs.
///
/// The exact score is asked for one row at a time, as each row has its own time.
@safe final class ExplicitObjective: Objective {
  var times: TimeSampler
  private(set) var losses: [Double]
  private(set) var cells: CellSums
  private var score: any Score
  private var rows: ScoreRows
  private var exact: Matrix
  private let count: Int

  init(model: ScoreModel, score: any Score, times: TimeSampler, pass: NetworkPass) {
    precondition(score.dimension == model.dimension, "a score of dimension \(score.dimension) for \(model.dimension)")
    (self.score, self.times, count) = (score, times, pass.rows)
    rows = ScoreRows(model: model, simulationSteps: 0, rows: pass.rows, sets: pass.sets)
    exact = Matrix(rows: 1, columns: model.process.blocks * model.dimension)
    losses = [Double](repeating: 0, count: pass.sets)
    cells = CellSums(sets: pass.sets)
  }

  var bytes: Int { rows.bytes }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    let first = unsafe rows.target(set: set, row: 0)
    let columns = exact.columns
    unsafe rows.draw(
      set: set, firstIndex: firstIndex, streams: streams, times: times, into: pass, data: data
    ) { row, t, state in
      score.evaluate(state, at: t, into: &exact)
      // y = s* + P u.
      for i in 0..<columns { unsafe first[row * columns + i] += exact[0, i] }
    }
  }

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    (0..<count).reduce(0) { sum, row in
      unsafe sum + square(set: set, row: row, pass, gradient: nil, scale: 0)
    }
  }

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    for set in group {
      losses[set] = 0
      cells.clear(set: set)
      for row in 0..<count {
        let loss = unsafe square(
          set: set, row: row, pass, gradient: pass.outputGradient(set: set, row: row), scale: scale)
        losses[set] += loss
        cells.add(loss, rows.time(set: set, row: row), set: set)
      }
    }
    unsafe pass.backward(parameters, into: gradients)
  }

  private func square(
    set: Int, row: Int, _ pass: NetworkPass, gradient: UnsafeMutablePointer<Float>?, scale: Double
  ) -> Double {
    let terms = rows.terms(set: set, row: row)
    return unsafe terms.weight
      * terms.square(
        pass.output(set: set, row: row), minus: rows.target(set: set, row: row), dimension: rows.model.dimension,
        gradient: gradient, slope: 2 * scale * terms.weight)
  }
}
