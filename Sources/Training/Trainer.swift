public import Communication
public import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// What a training run does beside the model.
public struct TrainingOptions: Sendable, Equatable {
  /// Rows per step over all shards.
  public var batch = 512
  /// The optimiser and its schedules.
  public var optimiser = Optimiser()
  /// The law of the training times.
  public var timeLaw = TimeLaw.logUniform
  /// The smallest training time.
  public var minimumTime = 1e-3

  /// The defaults.
  public init() {}
}

/// The data-parallel trainer: every rank computes its shards' gradients, all take the same step.
///
/// A step is the four-stage exchange of the shard contract: (i) the canonical tree gives each rank its slice of the
/// summed gradient; (ii) one small all-gather of block norms, losses and flags lets every rank decide alike; (iii) the
/// owner of a slice updates it, with optimiser state and average held only there; (iv) the parameters are gathered.
@safe public final class Trainer {
  /// Parameters per block: slices are whole blocks, and norms are sums over blocks in order.
  static let block = 4096

  /// What all ranks know after a step.
  public struct StepReport: Sendable, Equatable {
    /// The step just taken, from 1.
    public var step: Int
    /// The mean loss over the batch, before the update.
    public var loss: Double
    /// The norm of the whole gradient, before clipping.
    public var gradientNorm: Double
    /// η of this update.
    public var learningRate: Double
    /// Whether some rank asked to stop after this step.
    public var stopRequested: Bool
    /// Whether loss and gradient are finite; if not, no update was made.
    public var isFinite: Bool
  }

  /// The model.
  public let model: ScoreModel
  /// The options.
  public let options: TrainingOptions
  /// The ranks.
  public let communicator: Communicator
  /// The number of steps taken.
  public private(set) var step = 0
  /// Seconds spent so far in each part of the step.
  public var timings = StepTimings()
  /// Who is shown each shard's gradient, where someone looks.
  public var observer: (any GradientObserver)?

  let data: ShardedRows
  let seed: UInt64
  let layout: ParameterLayout
  let pass: NetworkPass
  let batch: RegressionBatch
  let exchange: TreeExchange
  /// All parameters, on every rank.
  var parameters: Matrix
  /// The own slice of the moments and of the average.
  var first, second, average: Matrix
  var gradients: Matrix
  var losses: [Double]
  private var notes: [Double]
  private let noteSections: Sections
  private let decayed: [Bool]

  /// Prepares training from fresh parameters.
  public init(
    model: ScoreModel, options: TrainingOptions, data: ShardedRows, tree: CanonicalTree, communicator: Communicator,
    seed: UInt64
  ) {
    self.model = model
    self.options = options
    self.data = data
    self.communicator = communicator
    self.seed = seed
    layout = ParameterLayout(model.network)
    let exchange = TreeExchange(
      communicator: communicator, tree: tree, parameters: layout.count, block: Self.block)
    self.exchange = exchange
    let rows = options.batch / tree.shards
    let sets = exchange.shards.count
    pass = NetworkPass(
      architecture: model.network, frequencies: model.frequencies, rows: rows, sets: sets, use: .training)
    batch = RegressionBatch(
      model: model, minimumTime: options.minimumTime, law: options.timeLaw, rows: rows, sets: sets)
    parameters = model.network.initialParameters(seed: seed)
    let own = exchange.slices.range(communicator.rank)
    first = Matrix(rows: 1, columns: own.count)
    second = Matrix(rows: 1, columns: own.count)
    average = Matrix(rows: 1, columns: own.count)
    gradients = Matrix(rows: exchange.slotCount, columns: layout.count)
    losses = [Double](repeating: 0, count: sets)
    // For each rank: whether it wants to stop, its shards' losses, its blocks' sums of squares.
    noteSections = Sections(
      counts: (0..<communicator.size).map {
        1 + tree.range(rank: $0, of: communicator.size).count + Self.blocks(exchange.slices.range($0)).count
      })
    notes = [Double](repeating: 0, count: Int(noteSections.counts.reduce(0, +)))
    decayed = layout.entries.map { $0.shape.count > 1 }
    resetAverage()
  }

  /// Takes one step.
  ///
  /// - Parameter stop: whether this rank wants to stop; every rank learns of it.
  /// - Returns: what all ranks know of the step.
  /// - Throws: `CommunicationError` when a rank cannot be reached.
  public func takeStep(stop: Bool = false) throws -> StepReport {
    var clock = Stopwatch()
    drawBatch()
    clock.lap(into: &timings.input)
    computeGradients()
    clock.lap(into: &timings.compute)
    let slice = try unsafe exchange.complete(gradients.pointer, stride: layout.count)
    var report = try unsafe shareNotes(slice, stop: stop)
    clock.lap(into: &timings.exchange)
    guard report.isFinite else { return report }
    step += 1
    unsafe update(slice, gradientNorm: report.gradientNorm)
    clock.lap(into: &timings.compute)
    try unsafe communicator.allGatherInPlace(parameters.pointer, sections: exchange.slices)
    clock.lap(into: &timings.exchange)
    report.step = step
    return report
  }

  // MARK: The stages

  func drawBatch() {
    let streams = RegressionBatch.Streams(
      times: RandomStream(seed: seed, purpose: .diffusionTime, step: UInt64(step)),
      noise: RandomStream(seed: seed, purpose: .diffusionNoise, step: UInt64(step)))
    for (set, shard) in exchange.shards.enumerated() {
      let place = step * pass.rows
      unsafe batch.draw(set: set, firstIndex: UInt64(shard * pass.rows), streams: streams, into: pass) { row in
        unsafe UnsafePointer(data.rows.pointer) + data.row(shard: shard, at: place + row) * data.rows.columns
      }
    }
  }

  func computeGradients() {
    unsafe pass.forward(parameters.pointer)
    for set in 0..<pass.sets {
      losses[set] = batch.lossAndGradient(set: set, of: pass, scale: 1 / Double(options.batch))
    }
    let base = unsafe gradients.pointer
    let stride = layout.count
    unsafe pass.backward(
      parameters.pointer,
      gradient: { set in unsafe base + exchange.localSteps[set].slot * stride },
      completed: { set, elements in
        if let observer { show(elements, ofSet: set, to: observer) }
        for addition in exchange.localSteps[set].additions {
          let first = unsafe base + elements.lowerBound
          unsafe add(
            first + addition.from * stride, into: first + addition.into * stride, count: elements.count)
        }
      })
  }

  private static func blocks(_ slice: Range<Int>) -> Range<Int> {
    slice.lowerBound / block..<(slice.upperBound + block - 1) / block
  }

  /// Stage (ii): afterwards every rank holds every loss, norm and flag in the same order.
  private func shareNotes(_ slice: UnsafeMutablePointer<Float>, stop: Bool) throws -> StepReport {
    let rank = communicator.rank
    let own = exchange.slices.range(rank)
    var next = noteSections.range(rank).lowerBound
    let blocks = Self.blocks(own)
    notes[next] = stop ? 1 : 0
    next += 1
    for loss in losses {
      notes[next] = loss
      next += 1
    }
    for block in blocks {
      let start = block * Self.block
      let count = min(Self.block, own.upperBound - start)
      notes[next] = unsafe sumOfSquares(slice + (start - own.lowerBound), count: count)
      next += 1
    }
    try unsafe notes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try unsafe communicator.allGatherInPlace(base, sections: noteSections)
    }
    return readNotes()
  }

  private func readNotes() -> StepReport {
    var (loss, squares, stop) = (0.0, 0.0, 0.0)
    for rank in 0..<communicator.size {
      let section = noteSections.range(rank)
      let shards = CanonicalTree(shards: data.assignment.shards).range(rank: rank, of: communicator.size).count
      stop += notes[section.lowerBound]
      for i in section.dropFirst(1).prefix(shards) { loss += notes[i] }
      for i in section.dropFirst(1 + shards) { squares += notes[i] }
    }
    return StepReport(
      step: step, loss: loss / Double(options.batch), gradientNorm: squares.squareRoot(),
      learningRate: options.optimiser.learningRate(at: step + 1), stopRequested: stop > 0,
      isFinite: loss.isFinite && squares.isFinite)
  }

  /// Stage (iii), tensor by tensor: weights decay, biases do not.
  private func update(_ slice: UnsafeMutablePointer<Float>, gradientNorm: Double) {
    let own = exchange.slices.range(communicator.rank)
    let update = options.optimiser.update(at: step, gradientNorm: gradientNorm)
    for (entry, decays) in zip(layout.entries, decayed) {
      let part = entry.range.clamped(to: own)
      guard !part.isEmpty else { continue }
      let at = part.lowerBound - own.lowerBound
      unsafe update.apply(
        slice + at, parameters.pointer + part.lowerBound, first.pointer + at, second.pointer + at,
        average.pointer + at, count: part.count, decays: decays)
    }
  }

  func resetAverage() {
    let own = exchange.slices.range(communicator.rank)
    unsafe average.pointer.update(from: parameters.pointer + own.lowerBound, count: own.count)
  }

  func restore(step: Int) { self.step = step }
}

/// Σ g² in Double, eight lanes added in a fixed order.
private func sumOfSquares(_ g: UnsafePointer<Float>, count: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  let whole = count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    let x = unsafe SIMD8<Double>(UnsafeRawPointer(g + start).loadUnaligned(as: SIMD8<Float>.self))
    lanes.addProduct(x, x)
  }
  var sum = lanes.sum()
  for i in whole..<count { unsafe sum += Double(g[i]) * Double(g[i]) }
  return sum
}
