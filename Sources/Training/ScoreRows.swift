internal import Diffusion
internal import LinearAlgebra
internal import Networks

/// Rows for objectives that speak of the score itself: states, the network's inputs, and each row's terms.
@safe struct ScoreRows: ~Copyable {
  let model: ScoreModel
  /// y of the residual QF − y, `[sets · rows, blocks × d]`: P u after `draw`.
  var targets: Matrix
  private(set) var draws: RowDraws
  private let states: StateDraws
  private var terms: [ScoreTerms]
  private var state: Matrix

  init(model: ScoreModel, simulationSteps: Int, rows: Int, sets: Int) {
    self.model = model
    states = StateDraws(process: model.process, dimension: model.dimension, steps: simulationSteps)
    draws = RowDraws(
      dimension: model.dimension, conditions: model.conditions, rows: rows, sets: sets, normals: states.normals)
    targets = Matrix(rows: rows * sets, columns: model.process.blocks * model.dimension)
    terms = [ScoreTerms](repeating: ScoreTerms(), count: rows * sets)
    state = Matrix(rows: 1, columns: model.process.blocks * model.dimension)
  }

  var bytes: Int { 4 * (targets.count + draws.noise.count + draws.clean.count) }

  /// The terms of a row of a set.
  func terms(set: Int, row: Int) -> ScoreTerms { terms[set * draws.rows + row] }

  /// The draw of a row of a set.
  func time(set: Int, row: Int) -> TimeSampler.Draw { draws.times[set * draws.rows + row] }

  /// y of a row of a set.
  @unsafe func target(set: Int, row: Int) -> UnsafeMutablePointer<Float> {
    unsafe targets.pointer + (set * draws.rows + row) * targets.columns
  }

  /// Draws one set; `visit` sees each row's state.
  mutating func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, times: TimeSampler, into pass: NetworkPass,
    data: (Int) -> UnsafePointer<Float>, visit: (_ row: Int, _ time: Double, _ state: borrowing Matrix) -> Void
  ) {
    unsafe draws.draw(set: set, firstIndex: firstIndex, streams: streams, times: times, data: data)
    let d = model.dimension
    for row in 0..<draws.rows {
      let draw = draws.times[set * draws.rows + row]
      // Half of a row's work is its kernel: the coefficients and the state share it.
      let kernel = model.process.kernel(at: draw.time)
      let c = model.coefficients(at: draw.time, kernel: kernel)
      terms[set * draws.rows + row] = ScoreTerms(model, c, at: draw)
      unsafe states.write(
        at: draw.time, kernel, data: draws.data(row), normals: draws.normals(row), into: state.pointer)
      let input = unsafe pass.state(set: set, row: row)
      unsafe multiply(
        c.whitening, UnsafePointer(state.pointer), into: input, blocks: c.inputBlocks, dimension: d)
      unsafe draws.copyConditions(row, behind: input, columns: model.observed)
      model.tell(pass, noiseLevel: c.noiseLevel, at: draw.time, set: set, row: row)
      unsafe multiply(
        c.precision, UnsafePointer(state.pointer), into: target(set: set, row: row), blocks: c.precision.size,
        dimension: d)
      visit(row, draw.time, state)
    }
  }
}

/// y_i = Σ_j m_ij x_j for the first blocks of d coordinates.
@unsafe func multiply(
  _ m: BlockMatrix, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, blocks: Int, dimension d: Int
) {
  for i in 0..<blocks {
    for k in 0..<d {
      var sum = 0.0
      for j in 0..<m.size { unsafe sum += m[i, j] * Double(x[j * d + k]) }
      unsafe y[i * d + k] = Float(sum)
    }
  }
}
