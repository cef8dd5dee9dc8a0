internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// The variational bound of a chain of discrete states, by one step of the chain for each row, and the cross entropy of x_0.
///
/// ```
/// loss = T/d Σ_columns [KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)) − λ ln p̃(x_0 | x_t)],   t = 1 … T at random
/// ```
/// in nats. Without the second term its mean is the bound of −ln p(x_0) for each column, less what the prior misses of q(x_T),
/// in which the network has no part. At t = 1 the divergence is −ln p(x_0 | x_1). Austin et al. 2021, equations 1 and 5; their
/// code leaves out the factor T.
@safe final class StateObjective: Objective {
  var times: TimeSampler
  private(set) var losses: [Double]
  private(set) var cells: CellSums
  private let model: StateModel
  private let rows: Int
  /// The reverse steps 1 → 0, 2 → 1, …, T → T − 1.
  private let steps: [StateStep]
  private var draws: RowDraws
  /// One set's uniform numbers, `[rows, dimension]`.
  private var uniforms: Matrix
  /// x_0 and x_t of all sets' rows and columns.
  private var clean, noisy: [Int32]
  private var scratch: StateScratch

  init(model: StateModel, times: TimeSampler, rows: Int, sets: Int) {
    (self.model, self.times, self.rows) = (model, times, rows)
    steps = (1...model.process.steps).map { StateStep(model.process, from: $0, to: $0 - 1, form: model.form) }
    draws = RowDraws(dimension: model.dimension, conditions: 0, rows: rows, sets: sets, normals: 0)
    uniforms = Matrix(rows: rows, columns: model.dimension)
    clean = [Int32](repeating: 0, count: rows * sets * model.dimension)
    noisy = clean
    scratch = StateScratch(model.process)
    losses = [Double](repeating: 0, count: sets)
    cells = CellSums(sets: sets)
  }

  var bytes: Int { 4 * (2 * clean.count + uniforms.count + draws.clean.count) }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    unsafe draws.draw(set: set, firstIndex: firstIndex, streams: streams, times: times, data: data)
    streams.noise.fillUniforms(&uniforms, firstIndex: firstIndex)
    for row in 0..<rows {
      let step = step(set: set, row: row)
      let first = (set * rows + row) * model.dimension
      let data = unsafe draws.data(row)
      for k in 0..<model.dimension {
        let x0 = unsafe Int(data[k])
        clean[first + k] = Int32(x0)
        noisy[first + k] = Int32(step.noisy(x0, Double(uniforms[row, k])))
      }
      pass.setLevel(model.embeddedLevel(at: step.start), set: set, row: row)
      unsafe model.write(pass.state(set: set, row: row)) { Int(noisy[first + $0]) }
    }
  }

  /// The reverse step of a row: times in [t, t + 1) are those of step t.
  private func step(set: Int, row: Int) -> StateStep {
    steps[min(Int(draws.times[set * rows + row].time), steps.count) - 1]
  }

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    (0..<count).reduce(0.0) { $0 + loss(set: set, row: $1, of: pass, gradientScale: nil) }
  }

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    let learns = times.law.kind == .importance
    for set in group {
      if learns { cells.clear(set: set) }
      losses[set] = 0
      for row in 0..<rows {
        let loss = loss(set: set, row: row, of: pass, gradientScale: scale)
        losses[set] += loss
        if learns { cells.add(loss, draws.times[set * rows + row], set: set) }
      }
    }
    unsafe pass.backward(parameters, into: gradients)
  }

  /// The loss of a row; writes ∂/∂F of `gradientScale` times it into the pass.
  private func loss(set: Int, row: Int, of pass: NetworkPass, gradientScale: Double?) -> Double {
    let (step, count) = (step(set: set, row: row), model.head.outputs(levels: model.process.levels))
    let factor = draws.times[set * rows + row].weight * Double(model.process.steps) / Double(model.dimension)
    let first = (set * rows + row) * model.dimension
    var sum = 0.0
    for k in 0..<model.dimension {
      let (x0, xt) = (Int(clean[first + k]), Int(noisy[first + k]))
      let outputs = unsafe Span(_unsafeStart: UnsafePointer(pass.output(set: set, row: row) + k * count), count: count)
      if let share = step.shareOfEntropy(seeing: xt),
        let entropy = model.head.entropy(outputs, seen: xt, of: x0, levels: model.process.levels)
      {
        let weight = share + model.crossEntropy
        sum += weight * entropy.value
        guard let gradientScale else { continue }
        let result = unsafe pass.outputGradient(set: set, row: row) + k * count
        unsafe result[0] = Float(gradientScale * factor * weight * entropy.ofFirst)
        unsafe result[1] = Float(gradientScale * factor * weight * entropy.ofSecond)
        continue
      }
      model.head.predict(outputs, seen: xt, &scratch)
      let (divergence, entropy) = step.loss(
        x0, xt, &scratch, crossEntropy: gradientScale == nil ? nil : model.crossEntropy)
      sum += divergence + model.crossEntropy * entropy
      guard let gradientScale else { continue }
      var result = unsafe MutableSpan(
        _unsafeStart: pass.outputGradient(set: set, row: row) + k * count, count: count)
      model.head.pullBack(outputs, seen: xt, factor: gradientScale * factor, scratch, into: &result)
    }
    return factor * sum
  }
}
