public import Diffusion
public import LinearAlgebra
internal import Networks

/// A network's score, for 256 rows a call.
@safe public final class NetworkScore: DifferentiableScore {
  /// The process.
  public var process: any ForwardProcess { model.process }
  /// d.
  public var dimension: Int { model.dimension }
  /// The rows of every call: a fixed shape, so that a row's bits do not depend on its neighbours' number.
  public static let rows = 256

  let model: ScoreModel
  private let pass: NetworkPass
  private(set) var parameters: Matrix
  private var whitened: Matrix
  /// F, or what a derivative is taken along.
  var output: Matrix
  /// As `output`, with the zeros of outputs that are not the score's; without rows where there are none.
  private var wholeOutput: Matrix
  var derivative: Matrix
  private var isPrepared = false
  /// The conditions of all rows, in trained coordinates.
  private var conditions: Matrix
  // One row each, for rows at times of their own.
  private var stateRow: Matrix
  private var whitenedRow: Matrix
  private var outputRow: Matrix
  private var scoreRow: Matrix
  /// Each row's time and its coefficients, once rows have times of their own.
  private var rowCoefficients: [(time: Double, coefficients: ScoreCoefficients)] = []
  /// A pass that keeps derivatives, made when first asked for.
  private(set) lazy var differentiated = NetworkPass(
    architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .training)

  /// A score with parameters of its own, `[1, layout count]`.
  public init(model: ScoreModel, parameters: consuming Matrix) {
    self.model = model
    self.parameters = parameters
    conditions = Matrix(rows: Self.rows, columns: model.conditions)
    // vjp gives a column to each input.
    derivative = Matrix(rows: Self.rows, columns: model.network.inputs)
    pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: Self.rows, use: .inference)
    whitened = Matrix(rows: Self.rows, columns: model.observed)
    output = Matrix(rows: Self.rows, columns: model.scoreOutputs)
    wholeOutput = Matrix(rows: model.variance == nil ? 0 : Self.rows, columns: model.network.outputs)
    stateRow = Matrix(rows: 1, columns: model.process.blocks * model.dimension)
    whitenedRow = Matrix(rows: 1, columns: model.observed)
    outputRow = Matrix(rows: 1, columns: model.scoreOutputs)
    scoreRow = Matrix(rows: 1, columns: model.process.blocks * model.dimension)
  }

  /// Sets the conditions of all evaluations to come, in trained coordinates.
  ///
  /// - Parameters:
  ///   - conditions: shape `[any, conditions]`; row r of the states takes row `firstIndex + r`, and from the start again.
  ///   - firstIndex: the number of the first row.
  public func setConditions(_ conditions: borrowing Matrix, firstIndex: Int) {
    precondition(
      conditions.columns == model.conditions && conditions.rows > 0,
      "\(conditions.rows) × \(conditions.columns) conditions for \(model.conditions)")
    for row in 0..<Self.rows {
      let source = (firstIndex + row) % conditions.rows
      for k in 0..<conditions.columns { self.conditions[row, k] = conditions[source, k] }
    }
  }

  /// Writes a row's conditions behind its state.
  private func writeConditions(_ pass: NetworkPass, row: Int) {
    guard model.conditions > 0 else { return }
    unsafe (pass.state(set: 0, row: row) + whitened.columns).update(
      from: conditions.pointer + row * conditions.columns, count: conditions.columns)
  }

  /// s = −P u + Q F(G u).
  public func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    precondition(state.rows == Self.rows, "\(state.rows) rows in place of \(Self.rows)")
    let c = model.coefficients(at: t)
    prepare(pass, state, c, at: t)
    forward()
    score.assign(c.precision.scaled(by: -1), times: state, dimension: dimension)
    score.add(c.output, times: output, dimension: dimension)
  }

  /// Whether the network learned the variance of reverse steps.
  public var hasVariance: Bool { model.variance != nil }

  /// As above, and v; v − ½ lies behind F.
  public func evaluate(
    _ state: borrowing Matrix, at t: Double, into score: inout Matrix, variance: inout Matrix
  ) {
    precondition(hasVariance && variance.columns == dimension, "\(variance.columns) variances of \(dimension)")
    evaluate(state, at: t, into: &score)
    for row in 0..<Self.rows {
      let outputs = unsafe pass.output(set: 0, row: row) + output.columns
      for k in 0..<dimension { variance[row, k] = unsafe Float(LearnedVariance.middle) + outputs[k] }
    }
  }

  /// As at one time, with the coefficients and the level of each row's own.
  ///
  /// Many rows are asked again at a time, as those are that have arrived: coefficients are kept until the time is another.
  public func evaluate(_ state: borrowing Matrix, atTimes times: [Double], into score: inout Matrix) {
    precondition(state.rows == Self.rows && times.count == Self.rows, "\(state.rows) rows, \(times.count) times")
    if rowCoefficients.isEmpty {
      rowCoefficients = Array(repeating: (times[0], model.coefficients(at: times[0])), count: Self.rows)
    }
    for (row, t) in times.enumerated() {
      if rowCoefficients[row].time != t { rowCoefficients[row] = (t, model.coefficients(at: t)) }
      prepare(pass, state, row: row, rowCoefficients[row].coefficients, at: t)
    }
    forward()
    for row in 0..<Self.rows {
      let c = rowCoefficients[row].coefficients
      copy(state, row: row)
      unsafe outputRow.pointer.update(from: output.pointer + row * output.columns, count: output.columns)
      scoreRow.assign(c.precision.scaled(by: -1), times: stateRow, dimension: dimension)
      scoreRow.add(c.output, times: outputRow, dimension: dimension)
      unsafe (score.pointer + row * score.columns).update(from: scoreRow.pointer, count: score.columns)
    }
  }

  /// Jᵀc = −P c + Gᵀ F'ᵀ Qᵀ c; P is symmetric.
  public func vjp(
    _ state: borrowing Matrix, at t: Double, cotangent: borrowing Matrix, into result: inout Matrix
  ) {
    precondition(state.rows == Self.rows && cotangent.rows == Self.rows, "\(state.rows), \(cotangent.rows) rows")
    let c = model.coefficients(at: t)
    let pass = differentiated
    prepare(pass, state, c, at: t)
    unsafe pass.forward(parameters.pointer)
    output.assign(c.output.transpose, times: cotangent, dimension: dimension)
    propagateOutput(pass)
    for row in 0..<Self.rows {
      unsafe (whitened.pointer + row * whitened.columns).update(
        from: derivative.pointer + row * derivative.columns, count: whitened.columns)
    }
    result.assign(c.precision.scaled(by: -1), times: cotangent, dimension: dimension)
    result.add(c.whitening.transpose, times: whitened, dimension: dimension)
  }

  /// −d tr(WP) + Σ_k F'_k (GWQ)_k: one row of F' for each output of the network, after one forward pass.
  public func weightedTrace(
    _ weight: BlockMatrix, _ state: borrowing Matrix, at t: Double, into trace: inout [Double]
  ) {
    precondition(state.rows == Self.rows && trace.count == Self.rows, "\(state.rows) rows, \(trace.count) traces")
    let c = model.coefficients(at: t)
    let pass = differentiated
    prepare(pass, state, c, at: t)
    unsafe pass.forward(parameters.pointer)
    let gain = c.whitening * weight * c.output
    let constant = -Double(dimension) * (weight * c.precision).trace
    for row in trace.indices { trace[row] = constant }
    for k in 0..<output.columns {
      let (block, coordinate) = k.quotientAndRemainder(dividingBy: dimension)
      output.fill(0)
      for row in trace.indices { output[row, k] = 1 }
      propagateOutput(pass)
      for i in 0..<c.inputBlocks {
        for row in trace.indices {
          trace[row].addProduct(gain[i, block], Double(derivative[row, i * dimension + coordinate]))
        }
      }
    }
  }

  /// Gives a pass the input and the level of one row.
  func prepare(_ pass: NetworkPass, _ state: borrowing Matrix, row: Int, _ c: ScoreCoefficients, at t: Double) {
    copy(state, row: row)
    whitenedRow.assign(c.whitening, times: stateRow, dimension: dimension)
    unsafe pass.state(set: 0, row: row).update(from: whitenedRow.pointer, count: whitenedRow.columns)
    writeConditions(pass, row: row)
    model.tell(pass, noiseLevel: c.noiseLevel, at: t, set: 0, row: row)
  }

  private func copy(_ state: borrowing Matrix, row: Int) {
    unsafe stateRow.pointer.update(from: state.pointer + row * state.columns, count: state.columns)
  }

  /// Gives a pass the inputs G u and the level of all rows.
  private func prepare(_ pass: NetworkPass, _ state: borrowing Matrix, _ c: ScoreCoefficients, at t: Double) {
    whitened.assign(c.whitening, times: state, dimension: dimension)
    model.tell(pass, noiseLevel: c.noiseLevel, at: t)
    for row in 0..<Self.rows {
      unsafe pass.state(set: 0, row: row).update(
        from: whitened.pointer + row * whitened.columns, count: whitened.columns)
      writeConditions(pass, row: row)
    }
  }

  private func forward() {
    if isPrepared {
      unsafe pass.forwardAgain(parameters.pointer)
    } else {
      unsafe pass.forward(parameters.pointer)
      isPrepared = true
    }
    for row in 0..<Self.rows {
      unsafe (output.pointer + row * output.columns).update(from: pass.output(set: 0, row: row), count: output.columns)
    }
  }

  /// Writes `output` times F' into `derivative`; v has no part in it.
  func propagateOutput(_ pass: NetworkPass) {
    guard model.variance != nil else {
      return unsafe pass.vjp(parameters.pointer, cotangent: output, into: &derivative)
    }
    for row in 0..<Self.rows { for k in 0..<output.columns { wholeOutput[row, k] = output[row, k] } }
    unsafe pass.vjp(parameters.pointer, cotangent: wholeOutput, into: &derivative)
  }
}
