public import Communication
internal import Diffusion
internal import LinearAlgebra
public import Networks
internal import Randomness

/// The data-parallel trainer: every rank computes its shards' gradients, all take the same step.
///
/// A step is the four-stage exchange of the shard contract: (i) the canonical tree gives each rank its slice of the
/// summed gradient, and the layers whose gradients are whole first set out first; (ii) one small all-gather of block norms,
/// losses and flags lets every rank decide alike; (iii) the owner of a slice updates it, with optimiser state and average
/// held only there; (iv) the parameters are gathered, while the next step's rows are drawn.
@safe public final class Trainer {
  /// Parameters per block: slices are whole blocks, and norms are sums over blocks in order.
  static let block = ParameterLayout.partAlignment
  /// Parameters of a piece whose gradient sets out before the rest: at 100 Gbit/s it travels for 20 µs, much longer than a
  /// latency.
  static let leastPiece = 65_536

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
  /// A shard's rows in a batch.
  let rows: Int
  /// Each thread's shards, in their order.
  let works: [ShardWork]
  let exchange: TreeExchange
  /// The parameters that this rank updates.
  let own: Slice
  /// The first parameters of the network's pieces, in the order in which their gradients become whole.
  private let pieceStarts: [Int]
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
  /// The value of `step` for which the passes' rows were drawn; nil where they must be drawn anew.
  var drawn: Int?
  /// The norm of the last step's gradient of what is learned beside the network.
  var furtherGradientNorm = 0.0
  var notes: [Double]
  let noteSections: Sections
  /// Where each block's sum of squares is among the notes.
  let squaresOfBlocks: [Int]
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
    let pieces = layout.pieces(least: options.overlaps ? Self.leastPiece : .max)
    pieceStarts = pieces.network.map(\.lowerBound)
    let exchange = TreeExchange(
      communicator: communicator, tree: tree, parameters: layout.count,
      pieces: pieces.network + pieces.further, block: Self.block)
    self.exchange = exchange
    own = exchange.slices[communicator.rank]
    let rows = options.batch / tree.shards
    self.rows = rows
    activations = Array(repeating: [], count: exchange.shards.count)
    let gradients = Matrix(rows: exchange.local.slotCount, columns: layout.count)
    var works: [ShardWork] = []
    for part in exchange.local.parts {
      works.append(
        ShardWork(
          part, firstSet: part.shards.lowerBound - exchange.shards.lowerBound, task, options, rows: rows,
          gradients: gradients))
    }
    self.works = works
    self.gradients = gradients
    history = options.timeLaw.kind == .importance ? TimeHistory() : nil
    parameters = task.initialParameters(seed: seed)
    first = Matrix(rows: 1, columns: own.count)
    second = Matrix(rows: 1, columns: own.count)
    average = Matrix(rows: 1, columns: own.count)
    averages = Matrix(rows: options.averages.count, columns: own.count)
    powers = options.averages.map { PowerAverage(length: $0) }
    // For each rank: what it wants, its shards' losses and cells of the history, its blocks' sums of squares.
    let perShard = 1 + (history?.sums.count ?? 0)
    noteSections = Sections(
      counts: (0..<communicator.size).map {
        1 + perShard * tree.range(rank: $0, of: communicator.size).count + Self.blocks(exchange.slices[$0]).count
      })
    squaresOfBlocks = Self.places(of: exchange.slices, in: noteSections, parameters: layout.count)
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
    if drawn != step { drawBatch() }
    clock.lap(into: &timings.input)
    audited = audit.map { (auditedSet(audit: $0), Digest()) }
    computeGradients()
    if let audit, let audited { try auditGradient(audit, digest: audited.digest.value) }
    audited = nil
    clock.lap(into: &timings.compute)
    let gradient = try unsafe exchange.complete(gradients.pointer, stride: layout.count)
    var report = try unsafe shareNotes(gradient, wishes: wishes)
    clock.lap(into: &timings.exchange)
    guard report.fault == nil else { return report }
    guarding.note(loss: report.loss)
    step += 1
    learnTimes()
    unsafe update(gradient, gradientNorm: report.gradientNorm)
    clock.lap(into: &timings.compute)
    try unsafe exchange.gather(parameters.pointer) { poll in
      // A schedule that is learned decides on the times, and is among what is gathered.
      guard communicator.size > 1, options.overlaps, scheduleParameters == nil else { return }
      clock.lap(into: &timings.exchange)
      drawBatch { if works.count == 1 { poll() } }
      clock.lap(into: &timings.input)
    }
    clock.lap(into: &timings.exchange)
    if injected != nil { corruptParameters() }
    report.step = step
    return report
  }

  /// The network's shape.
  public var network: NetworkArchitecture { task.network }

  // MARK: The stages

  func computeGradients(recordsActivations: Bool = false) {
    if recordsActivations || observer != nil || injected != nil || audited != nil {
      // Who looks is shown one shard after another.
      for work in works { watchGradients(of: work, recordsActivations: recordsActivations || observer != nil) }
    } else {
      communicator.threads.forEach(works.count) { part in
        let work = works[part]
        let sink = work.objective.sumsSets ? work.summed { self.sendOff(from: $0) } : work.single
        for group in work.pass.groups { computeGradients(of: work, group, into: sink) }
      }
    }
    unsafe exchange.addParts(gradients.pointer, stride: layout.count, count: layout.count)
  }

  /// Sends off the pieces of the gradient that begin at `first` or later, which are whole.
  ///
  /// With several threads nothing is sent here, since their sums are added at the end.
  private func sendOff(from first: Int) {
    guard works.count == 1 else { return }
    unsafe exchange.advance(gradients.pointer, pieces: pieceStarts.firstIndex { $0 < first } ?? pieceStarts.count)
  }

  private func watchGradients(of work: ShardWork, recordsActivations: Bool) {
    let sink = unsafe work.watched { set, elements, gradient in
      if self.injected != nil { unsafe self.corrupt(gradient) }
      if let observer = self.observer, elements.upperBound <= self.layout.networkCount {
        unsafe self.show(gradient, elements, ofShard: work.part.shards.lowerBound + set, to: observer)
      }
      if work.firstSet + set == self.audited?.set {
        unsafe self.audited?.digest.update(gradient, count: elements.count)
      }
    }
    for group in work.pass.groups {
      computeGradients(of: work, group, into: sink, recordsActivations: recordsActivations)
    }
  }

  private func computeGradients(
    of work: ShardWork, _ group: Range<Int>, into sink: GradientSink, recordsActivations: Bool = false
  ) {
    let (pass, objective) = (work.pass, work.objective)
    unsafe objective.writeInputs(of: pass, group: group, parameters: parameters.pointer)
    if objective.usesNetwork || recordsActivations { unsafe pass.forward(parameters.pointer, group: group) }
    if recordsActivations { record(group, of: work) }
    unsafe objective.lossesAndGradients(
      of: pass, group: group, parameters: parameters.pointer, scale: 1 / Double(options.batch), into: sink)
  }

  func restore(step: Int) { (self.step, drawn) = (step, nil) }
}
