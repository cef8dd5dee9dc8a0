public import Communication
internal import Diffusion
internal import LinearAlgebra
public import Networks
internal import Randomness

/// The data-parallel trainer: every rank computes its shards' gradients, all take the same step.
///
/// A step is the four-stage exchange of the shard contract: (i) the canonical tree gives each rank its slice of the
/// summed gradient; (ii) one small all-gather of block norms, losses and flags lets every rank decide alike; (iii) the
/// owner of a slice updates it, with optimiser state and average held only there; (iv) the parameters are gathered.
@safe public final class Trainer {
  /// Parameters per block: slices are whole blocks, and norms are sums over blocks in order.
  static let block = ParameterLayout.partAlignment

  /// The network, what its outputs mean, and the loss.
  public let task: TrainingTask
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
  let objective: any Objective
  let exchange: TreeExchange
  /// The exchange's steps, for gradients that are added as they are computed.
  private let sums: SetSums
  /// Of the sets' last recorded pass: Σ x² and the number of numbers, level by level.
  var activations: [[(sum: Double, count: Int)]]
  /// All parameters, on every rank.
  var parameters: Matrix
  /// The own slice of the moments and of the average.
  var first, second, average: Matrix
  /// The own slice of each power-function average, `[averages, own parameters]`.
  var averages: Matrix
  let powers: [PowerAverage]
  var gradients: Matrix
  /// What the times' law has learned, where it learns.
  var history: TimeHistory?
  /// The set whose gradient the step takes a digest of, and the digest.
  private var audited: (set: Int, digest: Digest)?
  lazy var auditPass = AuditPass(self)
  /// The norm of the last step's gradient of what is learned beside the network.
  var furtherGradientNorm = 0.0
  var notes: [Double]
  let noteSections: Sections
  let decayed: [Bool]

  /// Prepares training of a score from fresh parameters.
  public convenience init(
    model: ScoreModel, objective: TrainingObjective = .denoising, options: TrainingOptions, data: ShardedRows,
    tree: CanonicalTree, communicator: Communicator, seed: UInt64
  ) {
    self.init(
      .score(model, objective), options: options, data: data, tree: tree, communicator: communicator, seed: seed)
  }

  /// Prepares training from fresh parameters.
  public init(
    _ task: TrainingTask, options: TrainingOptions, data: ShardedRows, tree: CanonicalTree, communicator: Communicator,
    seed: UInt64
  ) {
    self.task = task
    self.options = options
    self.data = data
    self.communicator = communicator
    self.seed = seed
    layout = task.layout
    let exchange = TreeExchange(
      communicator: communicator, tree: tree, parameters: layout.count, block: Self.block)
    self.exchange = exchange
    sums = SetSums(
      exchange.localSteps.map {
        SetSums.Step(slot: $0.slot, additions: $0.additions.map { (into: $0.into, from: $0.from) })
      })
    let rows = options.batch / tree.shards
    let sets = exchange.shards.count
    activations = Array(repeating: [], count: sets)
    pass = NetworkPass(
      architecture: task.network, frequencies: task.frequencies, rows: rows, sets: sets,
      use: task.use(gradients: true))
    objective = task.objective(times: task.times(options.timeLaw, first: options.minimumTime), pass: pass)
    history = options.timeLaw.kind == .importance ? TimeHistory() : nil
    parameters = task.initialParameters(seed: seed)
    let own = exchange.slices.range(communicator.rank)
    first = Matrix(rows: 1, columns: own.count)
    second = Matrix(rows: 1, columns: own.count)
    average = Matrix(rows: 1, columns: own.count)
    averages = Matrix(rows: options.averages.count, columns: own.count)
    powers = options.averages.map { PowerAverage(length: $0) }
    gradients = Matrix(rows: exchange.slotCount, columns: layout.count)
    // For each rank: what it wants, its shards' losses and cells of the history, its blocks' sums of squares.
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
  /// - Parameters:
  ///   - wishes: what this rank wants after the step; every rank learns of it.
  ///   - audit: the number of the audit to make in this step, the same on every rank; nil for none.
  /// - Returns: what all ranks know of the step.
  /// - Throws: `CommunicationError` when a rank cannot be reached, `AuditError` when ranks hold different bits.
  public func takeStep(wishes: Wishes = [], audit: Int? = nil) throws -> StepReport {
    var clock = Stopwatch()
    drawBatch()
    clock.lap(into: &timings.input)
    audited = audit.map { (auditedSet(audit: $0), Digest()) }
    computeGradients()
    if let audit, let audited { try auditGradient(audit, digest: audited.digest.value) }
    audited = nil
    clock.lap(into: &timings.compute)
    let slice = try unsafe exchange.complete(gradients.pointer, stride: layout.count)
    var report = try unsafe shareNotes(slice, wishes: wishes)
    clock.lap(into: &timings.exchange)
    guard report.fault == nil else { return report }
    guarding.note(loss: report.loss)
    step += 1
    learnTimes()
    unsafe update(slice, gradientNorm: report.gradientNorm)
    clock.lap(into: &timings.compute)
    try unsafe exchange.gather(parameters.pointer)
    clock.lap(into: &timings.exchange)
    if injected != nil { corruptParameters() }
    report.step = step
    return report
  }

  /// The network's shape.
  public var network: NetworkArchitecture { task.network }

  // MARK: The stages

  /// What the coming step draws from.
  var streams: DrawStreams {
    DrawStreams(
      times: RandomStream(seed: seed, purpose: .diffusionTime, step: UInt64(step)),
      noise: RandomStream(seed: seed, purpose: .diffusionNoise, step: UInt64(step)),
      dequantisation: data.dequantisation.map {
        ($0, RandomStream(seed: seed, purpose: .dequantisation, step: UInt64(step)))
      })
  }

  /// Makes an objective ready for the coming step.
  func prepareTimes(of objective: any Objective) {
    objective.begin(after: step)
    // One number of the whole batch in each row of the stream.
    let stream = RandomStream(seed: seed, purpose: .truncation, step: UInt64(step))
    var (truncation, offset) = (stream.row(0), stream.row(1))
    objective.times.prepare(
      truncation: truncation.nextUniform(), history: history, offset: offset.nextUniform(), batch: options.batch,
      schedule: scheduleParameters)
  }

  func drawBatch() {
    prepareTimes(of: objective)
    let streams = streams
    for (set, shard) in exchange.shards.enumerated() {
      let place = step * pass.rows
      unsafe objective.draw(set: set, firstIndex: UInt64(shard * pass.rows), streams: streams, into: pass) { row in
        unsafe UnsafePointer(data.rows.pointer) + data.row(shard: shard, at: place + row) * data.rows.columns
      }
    }
  }

  func computeGradients(recordsActivations: Bool = false) {
    // Whoever looks at single shards' gradients needs them whole; else they are added tile by tile.
    let isSummed = objective.sumsSets && observer == nil && injected == nil && audited == nil
    for group in pass.groups {
      unsafe objective.writeInputs(of: pass, group: group, parameters: parameters.pointer)
      if objective.usesNetwork || recordsActivations || observer != nil {
        unsafe pass.forward(parameters.pointer, group: group)
      }
      if recordsActivations || observer != nil { record(group) }
      unsafe objective.lossesAndGradients(
        of: pass, group: group, parameters: parameters.pointer, scale: 1 / Double(options.batch),
        into: isSummed ? summedGradients : singleGradients)
    }
  }

  private func slot(_ index: Int) -> UnsafeMutablePointer<Float> { unsafe gradients.pointer + index * layout.count }

  private var summedGradients: GradientSink { unsafe .sums(sums) { unsafe self.slot($0) } }

  private var singleGradients: GradientSink {
    unsafe .sets(
      gradient: { unsafe self.slot(self.exchange.localSteps[$0].slot) },
      completed: { set, elements in
        let own = unsafe self.slot(self.exchange.localSteps[set].slot) + elements.lowerBound
        if self.injected != nil { unsafe self.corrupt(own) }
        if let observer = self.observer, elements.upperBound <= self.layout.networkCount {
          self.show(elements, ofSet: set, to: observer)
        }
        if set == self.audited?.set { unsafe self.audited?.digest.update(own, count: elements.count) }
        for addition in self.exchange.localSteps[set].additions {
          unsafe add(
            self.slot(addition.from) + elements.lowerBound, into: self.slot(addition.into) + elements.lowerBound,
            count: elements.count)
        }
      })
  }

  static func blocks(_ slice: Range<Int>) -> Range<Int> {
    slice.lowerBound / block..<(slice.upperBound + block - 1) / block
  }

  func restore(step: Int) { self.step = step }
}
