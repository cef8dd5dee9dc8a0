public import Communication
internal import Diffusion
internal import LinearAlgebra
internal import Networks
internal import Randomness

/// The data-parallel trainer: every rank computes its shards' gradients, all take the same step.
///
/// A step is the four-stage exchange of the shard contract: (i) the canonical tree gives each rank its slice of the
/// summed gradient; (ii) one small all-gather of block norms, losses and flags lets every rank decide alike; (iii) the
/// owner of a slice updates it, with optimiser state and average held only there; (iv) the parameters are gathered.
@safe public final class Trainer {
  /// Parameters per block: slices are whole blocks, and norms are sums over blocks in order.
  static let block = 4096

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
  /// What is remembered of losses and faults.
  public var guarding = Guarding()
  /// A fault made on purpose.
  public var injected: InjectedFault?

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
  /// The set whose gradient the step takes a digest of, and the digest.
  private var audited: (set: Int, digest: Digest)?
  lazy var auditPass = AuditPass(self)
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
  /// - Parameters:
  ///   - stop: whether this rank wants to stop; every rank learns of it.
  ///   - audit: the number of the audit to make in this step, the same on every rank; nil for none.
  /// - Returns: what all ranks know of the step.
  /// - Throws: `CommunicationError` when a rank cannot be reached, `AuditError` when ranks hold different bits.
  public func takeStep(stop: Bool = false, audit: Int? = nil) throws -> StepReport {
    var clock = Stopwatch()
    drawBatch()
    clock.lap(into: &timings.input)
    audited = audit.map { (auditedSet(audit: $0), Digest()) }
    computeGradients()
    if let audit, let audited { try auditGradient(audit, digest: audited.digest.value) }
    audited = nil
    clock.lap(into: &timings.compute)
    let slice = try unsafe exchange.complete(gradients.pointer, stride: layout.count)
    var report = try unsafe shareNotes(slice, stop: stop)
    clock.lap(into: &timings.exchange)
    guard report.fault == nil else { return report }
    guarding.note(loss: report.loss)
    step += 1
    unsafe update(slice, gradientNorm: report.gradientNorm)
    clock.lap(into: &timings.compute)
    try unsafe communicator.allGatherInPlace(parameters.pointer, sections: exchange.slices)
    clock.lap(into: &timings.exchange)
    if injected != nil { corruptParameters() }
    report.step = step
    return report
  }

  // MARK: The stages

  /// What the coming step draws from.
  var streams: RegressionBatch.Streams {
    RegressionBatch.Streams(
      times: RandomStream(seed: seed, purpose: .diffusionTime, step: UInt64(step)),
      noise: RandomStream(seed: seed, purpose: .diffusionNoise, step: UInt64(step)))
  }

  func drawBatch() {
    let streams = streams
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
      if injected != nil { losses[set] = faulted(losses[set], set: set) }
    }
    let base = unsafe gradients.pointer
    let stride = layout.count
    unsafe pass.backward(
      parameters.pointer,
      gradient: { set in unsafe base + exchange.localSteps[set].slot * stride },
      completed: { set, elements in
        let own = unsafe base + (exchange.localSteps[set].slot * stride + elements.lowerBound)
        if injected != nil { unsafe corrupt(own) }
        if let observer { show(elements, ofSet: set, to: observer) }
        if set == audited?.set { unsafe audited?.digest.update(own, count: elements.count) }
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
    let mean = loss / Double(options.batch)
    return StepReport(
      step: step, loss: mean, gradientNorm: squares.squareRoot(),
      learningRate: guarding.learningRateScale * options.optimiser.learningRate(at: step + 1), stopRequested: stop > 0,
      fault: guarding.fault(loss: mean, squares: squares, divergence: options.divergence))
  }

  /// Stage (iii), tensor by tensor: weights decay, biases do not.
  private func update(_ slice: UnsafeMutablePointer<Float>, gradientNorm: Double) {
    let own = exchange.slices.range(communicator.rank)
    let update = options.optimiser.update(at: step, gradientNorm: gradientNorm, scale: guarding.learningRateScale)
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
