internal import Communication
public import LinearAlgebra
internal import Networks

/// Everything that a run needs to go on: what a checkpoint holds.
public struct TrainerState: ~Copyable, Sendable {
  /// Steps taken.
  public var step: Int
  /// θ, `[1, parameters]` in the layout's order.
  public var parameters: Matrix
  /// θ̄, the moving average.
  public var average: Matrix
  /// The power-function averages, a row each, in the order of `TrainingOptions.averages`.
  public var averages: Matrix
  /// Adam's first moment.
  public var first: Matrix
  /// Adam's second moment.
  public var second: Matrix
  /// What is remembered of losses and faults.
  public var guarding = Guarding()

  /// What a law of times that learns from losses has learned; empty for other laws.
  public var timeHistory: [Double] = []

  /// A state of zeros for `count` parameters, with some power-function averages.
  public init(count: Int, averages: Int = 0, step: Int = 0) {
    self.step = step
    parameters = Matrix(rows: 1, columns: count)
    average = Matrix(rows: 1, columns: count)
    self.averages = Matrix(rows: averages, columns: count)
    first = Matrix(rows: 1, columns: count)
    second = Matrix(rows: 1, columns: count)
  }
}

extension TrainerState {
  /// The power-function average of a length within those that are kept, put together from them.
  ///
  /// - Parameters:
  ///   - length: that of the average.
  ///   - known: the lengths of the rows of `averages`.
  /// - Returns: parameters.
  public borrowing func average(ofLength length: Double, from known: [Double]) -> Matrix {
    precondition(known.count == averages.rows && !known.isEmpty, "\(known.count) lengths of \(averages.rows) averages")
    let weights = PowerAverage.weights(of: length, from: known).weights
    var result = Matrix(rows: 1, columns: averages.columns)
    for i in 0..<averages.columns {
      var sum = 0.0
      for (k, weight) in weights.enumerated() { sum.addProduct(weight, Double(averages[k, i])) }
      result[0, i] = Float(sum)
    }
    return result
  }
}

extension Trainer {
  /// The length of a history of losses, for a law of times that learns from them.
  public static var timeHistoryCount: Int { 2 * TimeHistory.cells }

  /// The length of the parameter buffer, gaps for alignment included.
  public var parameterCount: Int { layout.count }

  /// Bytes of parameters, gradients, optimiser state and activations on this rank.
  public var memoryBytes: Int {
    4 * (layout.count * (1 + exchange.local.slotCount) + (3 + averages.rows) * own.count + data.rows.count)
      + works.reduce(0) { $0 + $1.bytes }
  }

  /// The whole state, gathered from the slices' owners on every rank.
  public func gatherState() throws -> TrainerState {
    var state = TrainerState(count: layout.count, averages: averages.rows, step: step)
    state.timeHistory = history?.sums ?? []
    state.guarding = guarding
    state.parameters.copy(from: parameters)
    try unsafe gather(average.pointer, into: state.average.pointer)
    for k in 0..<averages.rows {
      try unsafe gather(averages.pointer + k * own.count, into: state.averages.pointer + k * layout.count)
    }
    try unsafe gather(first.pointer, into: state.first.pointer)
    try unsafe gather(second.pointer, into: state.second.pointer)
    return state
  }

  /// The moving average of the parameters, on every rank.
  public func gatherAverage() throws -> Matrix {
    let all = Matrix(rows: 1, columns: layout.count)
    try unsafe gather(average.pointer, into: all.pointer)
    return all
  }

  /// Goes on from a state that every rank holds.
  public func restore(_ state: borrowing TrainerState) {
    precondition(state.parameters.count == layout.count, "\(state.parameters.count) parameters for \(layout.count)")
    if history != nil {
      precondition(state.timeHistory.count == 2 * TimeHistory.cells, "\(state.timeHistory.count) numbers of a history")
      history?.sums = state.timeHistory
    }
    restore(step: state.step)
    guarding = state.guarding
    parameters.copy(from: state.parameters)
    unsafe scatter(state.average.pointer, into: average.pointer)
    precondition(state.averages.rows == averages.rows, "\(state.averages.rows) averages for \(averages.rows)")
    for k in 0..<averages.rows {
      unsafe scatter(state.averages.pointer + k * layout.count, into: averages.pointer + k * own.count)
    }
    unsafe scatter(state.first.pointer, into: first.pointer)
    unsafe scatter(state.second.pointer, into: second.pointer)
  }

  /// Starts from these parameters at step 0, with fresh moments.
  ///
  /// - Parameter parameters: `[1, count]`: those of all that is learned, or of a run that learns other things beside the same
  ///   network; then the network's alone are taken.
  public func initialise(from parameters: borrowing Matrix) {
    let count = parameters.count == layout.count ? layout.count : layout.networkCount
    precondition(parameters.count >= count, "\(parameters.count) parameters for \(count)")
    unsafe self.parameters.pointer.update(from: parameters.pointer, count: count)
    drawn = nil
    resetAverage()
  }

  /// Puts together what the owners of slices have.
  private func gather(_ slice: UnsafePointer<Float>, into all: UnsafeMutablePointer<Float>) throws {
    own.forEachRange { unsafe (all + $0.lowerBound).update(from: slice + $1, count: $0.count) }
    try unsafe exchange.gather(all)
  }

  /// Takes the own slice of what all have.
  func scatter(_ all: UnsafePointer<Float>, into slice: UnsafeMutablePointer<Float>) {
    own.forEachRange { unsafe (slice + $1).update(from: all + $0.lowerBound, count: $0.count) }
  }
}
