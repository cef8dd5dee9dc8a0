internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Sampling
internal import Training

/// Draws the pairs of a student: noise u at the horizon, and the sample x that the teacher's flow makes of it.
///
/// Pair i is a function of the experiment, the teacher and i: pairs are drawn in chunks of 256 as samples are, from a seed of
/// their own, so that the student is never judged on noise that it has learned. A pair's place in the permuted order of rows
/// is its number, so that each rank draws the pairs of its own shards; a chunk at the border of two ranks is drawn by both.
struct TeacherPairs {
  /// Pairs beyond those to learn from, for the held-out loss.
  static let heldOut = 1024

  private let process: any ForwardProcess
  private let dimension: Int
  private let score: NetworkScore
  private let options: SamplerOptions
  private let sampler: FlowSampler
  private let seed: UInt64
  private let count: Int

  /// The pairs of a student's experiment.
  init(_ experiment: Experiment, _ teacher: Teacher) {
    let training = experiment.training
    dimension = teacher.header.data.dimension
    let model = teacher.header.experiment.model(of: teacher.header.data)
    process = model.process
    score = NetworkScore(model: model, parameters: teacher.parameters.value.head(1))
    sampler = training.teacherSampler
    var options = SamplerOptions()
    options.steps = training.teacherSteps
    options.grid = SamplerChoice.stepping(sampler.kind).usualGrid
    options.finalTime = process.usualFinalTime
    self.options = options
    var words = RandomStream(seed: experiment.seed, purpose: .teacherPairs).row(0)
    // 53 bits of a seed that no one types.
    seed = UInt64(words.nextUniform() * 0x1p53)
    count = training.pairs
  }

  /// Room for a rank's pairs to learn from.
  static func room(_ experiment: Experiment, _ model: StudentModel, _ communicator: Communicator) -> ShardedRows {
    let shards = experiment.training.shards
    let own = CanonicalTree(shards: shards).range(rank: communicator.rank, of: communicator.size)
    return ShardedRows(
      assignment: ShardAssignment(rows: experiment.training.pairs, shards: shards, seed: experiment.seed),
      shards: own, dimension: model.pairColumns, seed: experiment.seed)
  }

  /// Draws the pairs of a rank's shards.
  func draw(into rows: ShardedRows) throws {
    let positions = rows.assignment.positions(of: rows.shards)
    try draw(positions) { (pair: Int, x: borrowing Span<Float>, u: borrowing Span<Float>) in
      let row = pair - positions.lowerBound
      for k in x.indices { rows.rows[row, k] = x[k] }
      for k in u.indices { rows.rows[row, x.count + k] = u[k] }
    }
  }

  /// The pairs of the held-out loss, on every rank; the ranks share the work.
  func heldOut(_ communicator: Communicator) throws -> Matrix {
    // Whole chunks behind the last one that is learned from.
    let first = (count + Generator.rows - 1) / Generator.rows * Generator.rows
    let chunks = Self.heldOut / Generator.rows
    let own = communicator.share(of: chunks)
    var numbers: [Double] = []
    try communicator.agree {
      try draw(first + own.lowerBound * Generator.rows..<first + own.upperBound * Generator.rows) {
        (_: Int, x: borrowing Span<Float>, u: borrowing Span<Float>) in
        for k in x.indices { numbers.append(Double(x[k])) }
        for k in u.indices { numbers.append(Double(u[k])) }
      }
    }
    let all = try communicator.allGather(numbers)
    let columns = (1 + process.blocks) * dimension
    var rows = Matrix(rows: Self.heldOut, columns: columns)
    for r in 0..<rows.rows { for k in 0..<columns { rows[r, k] = Float(all[r * columns + k]) } }
    return rows
  }

  /// Seconds that drawing all pairs takes on the slowest of so many ranks, from the time of one chunk.
  func estimatedSeconds(_ communicator: Communicator) throws -> Double {
    let start = Stopwatch.now
    try communicator.agree {
      try draw(0..<Generator.rows) { (_: Int, _: borrowing Span<Float>, _: borrowing Span<Float>) in }
    }
    let slowest = try communicator.allGather([Stopwatch.now - start]).max() ?? 0
    let chunks = (count + Self.heldOut + Generator.rows - 1) / Generator.rows
    return slowest * Double((chunks + communicator.size - 1) / communicator.size)
  }

  /// Draws the pairs of a range of numbers, in their order.
  private func draw(
    _ pairs: Range<Int>, _ take: (_ pair: Int, _ x: borrowing Span<Float>, _ u: borrowing Span<Float>) -> Void
  ) throws {
    guard !pairs.isEmpty else { return }
    var score = score
    var generator = Generator(
      process: process, dimension: dimension, sampler: sampler.kind.make(options),
      times: options.grid.times(steps: options.steps, of: process, to: options.finalTime), denoises: options.denoise,
      seed: seed)
    var samples = Matrix(rows: Generator.rows, columns: dimension)
    var noise = Matrix(rows: Generator.rows, columns: process.blocks * dimension)
    var normals = Matrix(rows: Generator.rows, columns: process.blocks * dimension)
    for chunk in pairs.lowerBound / Generator.rows...(pairs.upperBound - 1) / Generator.rows {
      try DataSource.refuseAfterSignal()
      // What the generator starts from.
      process.drawPrior(
        into: &noise, normals: &normals, dimension: dimension, seed: seed, firstIndex: UInt64(chunk * Generator.rows))
      generator.generate(chunk: chunk, score: &score, into: &samples)
      for row in 0..<Generator.rows where pairs.contains(chunk * Generator.rows + row) {
        take(chunk * Generator.rows + row, samples.row(row), noise.row(row))
      }
    }
  }
}

extension TrainingRun {
  /// Draws what a student learns from, where there are steps to take and a teacher; every rank calls it.
  func drawPairs() throws {
    guard let teacher else { return }
    RunStage.sampling.begin()
    let start = Stopwatch.now
    let pairs = TeacherPairs(experiment, teacher)
    try communicator.agree { try pairs.draw(into: trainingRows) }
    if heldOutRows > 0 {
      let options = experiment.trainedOptions
      heldOut = HeldOutLoss(
        trainer.task, minimumTime: options.minimumTime, law: options.timeLaw, rows: try pairs.heldOut(communicator),
        seed: experiment.seed, communicator: communicator)
    }
    let training = experiment.training
    say(
      "\(training.pairs) pairs from \(teacher.path), step \(teacher.record.step), by \(training.teacherSteps) steps of "
        + "\(training.teacherSampler.rawValue), in \(duration(Stopwatch.now - start))")
  }
}
