internal import LinearAlgebra
internal import Networks

/// Distillation: the mean squared distance between the student's sample and the teacher's, for the same noise.
///
/// ```
/// loss = ‖x̂(u) − x‖²/d,   rows (x, u)
/// ```
/// Luhman and Luhman 2021, arXiv 2101.02388, equation 6. Nothing is drawn: each epoch sees the same pairs.
@safe final class StudentObjective: Objective {
  var times: TimeSampler
  private(set) var losses: [Double]
  private(set) var cells: CellSums
  private let model: StudentModel
  private let rows: Int
  /// x less the sample where F is zero, `[sets · rows, dimension]`.
  private var targets: Matrix

  init(model: StudentModel, times: TimeSampler, rows: Int, sets: Int) {
    (self.model, self.times, self.rows) = (model, times, rows)
    targets = Matrix(rows: rows * sets, columns: model.dimension)
    losses = [Double](repeating: 0, count: sets)
    cells = CellSums(sets: sets)
  }

  var bytes: Int { 4 * targets.count }

  func draw(
    set: Int, firstIndex: UInt64, streams: DrawStreams, into pass: NetworkPass, data: (Int) -> UnsafePointer<Float>
  ) {
    for row in 0..<rows {
      let pair = unsafe data(row)
      let u = unsafe pair + model.dimension
      unsafe model.prepare(pass, set: set, row: row, u)
      for k in 0..<model.dimension {
        targets[set * rows + row, k] = unsafe Float(Double(pair[k]) - model.sampleWithoutNetwork(u, k))
      }
    }
  }

  func loss(set: Int, of pass: NetworkPass, parameters: UnsafePointer<Float>, count: Int) -> Double {
    (0..<count).reduce(0.0) { $0 + loss(set: set, row: $1, of: pass, gradientScale: nil) }
  }

  var sumsSets: Bool { true }

  func lossesAndGradients(
    of pass: NetworkPass, group: Range<Int>, parameters: UnsafePointer<Float>, scale: Double,
    into gradients: GradientSink
  ) {
    for set in group {
      losses[set] = (0..<rows).reduce(0.0) { $0 + loss(set: set, row: $1, of: pass, gradientScale: scale) }
    }
    unsafe pass.backward(parameters, into: gradients)
  }

  /// The loss of a row; writes ∂/∂F of `gradientScale` times it into the pass.
  private func loss(set: Int, row: Int, of pass: NetworkPass, gradientScale: Double?) -> Double {
    let d = model.dimension
    let f = unsafe pass.output(set: set, row: row)
    var sum = 0.0
    for k in 0..<d {
      let residual = unsafe model.gain * Double(f[k]) - Double(targets[set * rows + row, k])
      sum += residual * residual
      if let gradientScale {
        unsafe pass.outputGradient(set: set, row: row)[k] = Float(
          2 * gradientScale * model.gain * residual / Double(d))
      }
    }
    return sum / Double(d)
  }
}
