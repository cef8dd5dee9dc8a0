internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// The regression that score matching is: noisy states as the network's input, targets, and the loss between.
///
/// For each row a time t and sources z are drawn by global index; `TrainingCoefficients` say how input and target are
/// sums over z.
@safe final class DenoisingObjective: Objective {
  var times: TimeSampler
  private(set) var losses: [Double]
  private(set) var cells: CellSums
  private let model: ScoreModel
  private let rows: Int
  private var draws: RowDraws
  private var targets: Matrix
  private var gains: [Float]
  /// κ of a row where it is no number.
  private var mixtures: [BlockMatrix?]
  /// Pairs data with noise within a set, where they are not independent.
  private let assignment: OptimalAssignment?
  /// Where a schedule's gradient goes, and each set's, where a schedule is learned.
  private let scheduleElements: Range<Int>?
  private var scheduleGradients: [[Double]]
  /// What the variance of reverse steps is learned from, where it is.
  private let variance: VarianceLoss?
  /// What the columns of words learn from, where the network has a head for them.
  private let words: WordLoss?
  /// The outputs that learn by squares: all without words.
  private let squared: [Range<Int>]
  /// What the network's denoised states are told from data by, where a discriminator learns beside it.
  private let adversary: Adversary?

  init(model: ScoreModel, isTransported: Bool = false, times: TimeSampler, rows: Int, sets: Int) {
    (self.model, self.times, self.rows) = (model, times, rows)
    let probe = model.trainingCoefficients(at: model.process.horizon)
    targets = Matrix(rows: rows * sets, columns: model.scoreOutputs)
    gains = [Float](repeating: 0, count: rows * sets)
    mixtures = [BlockMatrix?](repeating: nil, count: rows * sets)
    draws = RowDraws(
      dimension: model.dimension, conditions: model.conditions, rows: rows, sets: sets,
      normals: (probe.sources - 1) * model.dimension)
    losses = [Double](repeating: 0, count: sets)
    cells = CellSums(sets: sets)
    precondition(
      !isTransported || model.process.blocks == 1 && model.conditions == 0, "transport of several blocks or conditions")
    assignment = isTransported ? OptimalAssignment(count: rows) : nil
    scheduleElements =
      times.law.kind == .learnedSchedule ? model.layout.further.first { $0.name == MonotoneSchedule.part }?.range : nil
    scheduleGradients = [[Double]](
      repeating: [Double](repeating: 0, count: MonotoneSchedule.count), count: scheduleElements == nil ? 0 : sets)
    variance = model.variance.map { VarianceLoss(model, $0, rows: rows * sets) }
    words = model.network.words.map { WordLoss($0, rows: rows * sets) }
    squared = model.network.words?.others(of: model.scoreOutputs) ?? [0..<model.scoreOutputs]
    adversary = Adversary(model, rows: rows, sets: sets)
  }

  var bytes: Int {
    4 * (targets.count + draws.noise.count + draws.clean.count) + (assignment?.bytes ?? 0) + (variance?.bytes ?? 0)
      + (words?.bytes ?? 0) + (adversary?.bytes ?? 0)
  }

  func holdMean(_ isHeld: Bool) { variance?.isHeld = isHeld }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    unsafe draws.draw(set: set, firstIndex: firstIndex, streams: streams, times: times, data: data)
    assignment?.solve(draws.clean, draws.noise, dimension: model.dimension)
    for row in 0..<rows {
      let draw = draws.times[set * rows + row]
      let c = model.trainingCoefficients(at: draw.time)
      // The draw's weight multiplies the loss: its root the residual.
      let root = draw.weight.squareRoot()
      gains[set * rows + row] = Float(root * c.outputGain(0))
      mixtures[set * rows + row] = c.hasUniformGain ? nil : c.gain.scaled(by: root)
      variance?.note(row: set * rows + row, draw, gain: root * c.outputGain(0))
      unsafe adversary?.note(row: set * rows + row, at: draw.time, data: draws.data(row))
      model.tell(pass, noiseLevel: c.noiseLevel, at: draw.time, set: set, row: row)
      unsafe words?.note(row: set * rows + row, data: draws.data(row))
      let state = unsafe pass.state(set: set, row: row)
      let z = unsafe draws.normals(assignment?.columns[row] ?? row)
      let tail = unsafe tail(z, streams.tails, index: firstIndex + UInt64(row))
      unsafe combine(c, z, tail: tail, root: root, set: set, row: row, into: state)
      unsafe draws.copyConditions(row, behind: state, columns: c.inputBlocks * model.dimension)
    }
  }

  /// What a row's normals g are multiplied by, for e = g/√w in the input and φe in the target; 1 for Gaussian noise.
  private func tail(
    _ g: UnsafePointer<Float>, _ stream: RandomStream, index: UInt64
  ) -> (input: Double, target: Double) {
    guard case .studentT(let degrees) = model.process.noise else { return (1, 1) }
    var sequence = stream.row(index)
    let scale = 1 / (sequence.nextGamma(shape: 0.5 * degrees) / (0.5 * degrees)).squareRoot()
    var square = 0.0
    for k in 0..<model.dimension { unsafe square += Double(g[k]) * Double(g[k]) }
    let factor = model.process.noise.scoreFactor(squaredNorm: scale * scale * square, dimension: model.dimension)
    return (scale, scale * factor)
  }

  /// Input and target of one row as sums over the sources.
  private func combine(
    _ c: TrainingCoefficients, _ z: UnsafePointer<Float>, tail: (input: Double, target: Double), root: Double, set: Int,
    row: Int, into state: UnsafeMutablePointer<Float>
  ) {
    let d = model.dimension
    let data = unsafe draws.data(row)
    let y = unsafe targets.pointer + (set * rows + row) * targets.columns
    for i in 0..<c.inputBlocks {
      unsafe scale(data, by: Float(c.input(i, 0)), into: state + i * d, count: d)
      for j in 1..<c.sources where c.input(i, j) != 0 {
        unsafe accumulate(z + (j - 1) * d, times: Float(tail.input * c.input(i, j)), into: state + i * d, count: d)
      }
    }
    for o in 0..<c.outputBlocks {
      unsafe scale(data, by: Float(root * c.target(o, 0)), into: y + o * d, count: d)
      for j in 1..<c.sources where c.target(o, j) != 0 {
        unsafe accumulate(z + (j - 1) * d, times: Float(tail.target * root * c.target(o, j)), into: y + o * d, count: d)
      }
    }
  }

  /// Σ ρ² over the rows, ρ = κF − y, and κ² times the words' cross entropies, divided by the number of outputs.
  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    var (sum, bound) = (0.0, 0.0)
    for row in 0..<count {
      sum += unsafe squaredResidual(set: set, row: row, pass, gradient: nil, scale: 0)
      bound += unsafe boundTerm(set: set, row: row, pass, gradient: nil, scale: 0)
    }
    let fooling = unsafe adversary?.loss(set: set, of: pass, parameters: parameters, count: count) ?? 0
    return sum / Double(targets.columns) + bound + fooling
  }

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    for set in group {
      losses[set] = lossAndGradient(set: set, of: pass, scale: scale)
      losses[set] +=
        unsafe adversary?.lossAndGradient(set: set, of: pass, parameters: parameters, scale: scale) ?? 0
    }
    unsafe pass.backward(parameters, into: gradients)
    adversary?.write(group, into: gradients)
    guard let scheduleElements else { return }
    for set in group {
      gradients.write(
        MonotoneSchedule.laidOut(scheduleGradients[set], count: scheduleElements.count), at: scheduleElements, set: set)
    }
  }

  /// The loss of a set; writes ∂/∂F of `scale` times it into the pass.
  private func lossAndGradient(set: Int, of pass: NetworkPass, scale: Double) -> Double {
    var (sum, bounds) = (0.0, 0.0)
    let factor = Float(2 * scale / Double(targets.columns))
    let learns = times.law.kind == .importance
    if learns { cells.clear(set: set) }
    let moves = scheduleElements != nil
    if moves { for i in scheduleGradients[set].indices { scheduleGradients[set][i] = 0 } }
    for row in 0..<rows {
      let loss = unsafe squaredResidual(
        set: set, row: row, pass, gradient: pass.outputGradient(set: set, row: row), scale: factor)
      let bound = unsafe boundTerm(
        set: set, row: row, pass, gradient: pass.outputGradient(set: set, row: row), scale: scale)
      sum += loss
      bounds += bound
      if moves {
        // The mean of the squared loss is least for the density that this gradient leads to: E_p[(L/p)²] = ∫ L²/p.
        let whole = loss / Double(targets.columns) + bound
        times.schedule.addLogDensityGradient(
          at: draws.times[set * rows + row].quantile, factor: -scale * whole * whole, to: &scheduleGradients[set])
      }
      if learns { cells.add(loss / Double(targets.columns) + bound, draws.times[set * rows + row], set: set) }
    }
    return sum / Double(targets.columns) + bounds
  }

  /// A row's loss times the number of outputs, what the row's draw counts for included, and that draw.
  func squaredResidual(set: Int, row: Int, of pass: NetworkPass) -> (sum: Double, draw: TimeSampler.Draw) {
    (unsafe squaredResidual(set: set, row: row, pass, gradient: nil, scale: 0), draws.times[set * rows + row])
  }

  /// The row's part of the loss from which the variance is learned, 0 without one; behind F lies v.
  private func boundTerm(
    set: Int, row: Int, _ pass: NetworkPass, gradient: UnsafeMutablePointer<Float>?, scale: Double
  ) -> Double {
    guard let variance else { return 0 }
    let (n, index) = (targets.columns, set * rows + row)
    let f = unsafe pass.output(set: set, row: row)
    let (y, gain) = unsafe (targets.pointer + index * n, Double(gains[index]))
    return unsafe variance.loss(
      row: index, f + n,
      square: { k in
        let residual = unsafe gain * Double(f[k]) - Double(y[k])
        return residual * residual
      },
      gradient: gradient.map { unsafe $0 + n }, slope: scale)
  }

  /// Σ (κF − y)² over a row's outputs; for words κ² times their cross entropy.
  private func squaredResidual(
    set: Int, row: Int, _ pass: NetworkPass, gradient: UnsafeMutablePointer<Float>?, scale: Float
  ) -> Double {
    let n = targets.columns
    let f = unsafe pass.output(set: set, row: row)
    let y = unsafe targets.pointer + (set * rows + row) * n
    if let mixture = mixtures[set * rows + row] {
      return unsafe mixedResidual(mixture, f, y, dimension: model.dimension, gradient: gradient, scale: scale)
    }
    let gain = gains[set * rows + row]
    var sum = 0.0
    for part in squared {
      let first = part.lowerBound
      sum += unsafe residualSquares(
        f + first, y + first, part.count, gain: gain, gradient: gradient.map { unsafe $0 + first }, scale: scale)
    }
    guard let words else { return sum }
    return unsafe sum
      + words.loss(set: set, row: row, index: set * rows + row, pass, weight: gain * gain, gradient, scale)
  }
}

@inline(__always)
private func scale(_ x: UnsafePointer<Float>, by factor: Float, into y: UnsafeMutablePointer<Float>, count: Int) {
  for k in 0..<count { unsafe y[k] = factor * x[k] }
}

@inline(__always)
private func accumulate(
  _ x: UnsafePointer<Float>, times factor: Float, into y: UnsafeMutablePointer<Float>, count: Int
) {
  for k in 0..<count { unsafe y[k] = y[k].addingProduct(factor, x[k]) }
}
