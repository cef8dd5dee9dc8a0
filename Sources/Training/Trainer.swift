public import Communication
internal import Diffusion
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
  let objective: any Objective
  let exchange: TreeExchange
  /// All parameters, on every rank.
  var parameters: Matrix
  /// The own slice of the moments and of the average.
  var first, second, average: Matrix
  var gradients: Matrix
  /// What the times' law has learned, where it learns.
  var history: TimeHistory?
  var notes: [Double]
  let noteSections: Sections
  private let decayed: [Bool]

  /// Prepares training from fresh parameters.
  public init(
    model: ScoreModel, objective kind: ObjectiveKind = .denoising, options: TrainingOptions, data: ShardedRows,
    tree: CanonicalTree, communicator: Communicator, seed: UInt64
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
      architecture: model.network, frequencies: model.frequencies, rows: rows, sets: sets,
      use: kind.use(gradients: true))
    let times = TimeSampler(options.timeLaw, process: model.process, first: options.minimumTime)
    objective = kind.make(model: model, times: times, pass: pass)
    history = options.timeLaw == .importance ? TimeHistory() : nil
    parameters = model.network.initialParameters(seed: seed)
    let own = exchange.slices.range(communicator.rank)
    first = Matrix(rows: 1, columns: own.count)
    second = Matrix(rows: 1, columns: own.count)
    average = Matrix(rows: 1, columns: own.count)
    gradients = Matrix(rows: exchange.slotCount, columns: layout.count)
    // For each rank: whether it wants to stop, its shards' losses and cells of the history, its blocks' sums of squares.
    let perShard = 1 + (history?.sums.count ?? 0)
    noteSections = Sections(
      counts: (0..<communicator.size).map {
        1 + perShard * tree.range(rank: $0, of: communicator.size).count + Self.blocks(exchange.slices.range($0)).count
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
    learnTimes()
    unsafe update(slice, gradientNorm: report.gradientNorm)
    clock.lap(into: &timings.compute)
    try unsafe communicator.allGatherInPlace(parameters.pointer, sections: exchange.slices)
    clock.lap(into: &timings.exchange)
    report.step = step
    return report
  }

  // MARK: The stages

  func drawBatch() {
    let truncation = RandomStream(seed: seed, purpose: .truncation, step: UInt64(step))
    var first = truncation.row(0)
    objective.times.prepare(truncation: first.nextUniform(), history: history)
    let streams = DrawStreams(
      times: RandomStream(seed: seed, purpose: .diffusionTime, step: UInt64(step)),
      noise: RandomStream(seed: seed, purpose: .diffusionNoise, step: UInt64(step)))
    for (set, shard) in exchange.shards.enumerated() {
      let place = step * pass.rows
      unsafe objective.draw(set: set, firstIndex: UInt64(shard * pass.rows), streams: streams, into: pass) { row in
        unsafe UnsafePointer(data.rows.pointer) + data.row(shard: shard, at: place + row) * data.rows.columns
      }
    }
  }

  func computeGradients() {
    unsafe pass.forward(parameters.pointer)
    let base = unsafe gradients.pointer
    let stride = layout.count
    unsafe objective.lossesAndGradients(
      of: pass, parameters: parameters.pointer, scale: 1 / Double(options.batch),
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

  static func blocks(_ slice: Range<Int>) -> Range<Int> {
    slice.lowerBound / block..<(slice.upperBound + block - 1) / block
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
