internal import CMachine
internal import Communication
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Sampling

/// Fills in the missing cells of given rows over all ranks: each rank completes whole chunks and writes them at their places.
struct CompletionWriter {
  let communicator: Communicator
  let data: DataSet.Description
  let given: GivenRows
  /// How often each row is completed.
  let count: Int
  /// The table or NPY file.
  let file: String
  /// The given rows in which something is missing.
  private let open: [Int]
  /// The particles of a row.
  let particles: Int
  /// How many systems of particles a row has.
  private let batches: Int

  init(_ communicator: Communicator, _ data: DataSet.Description, _ given: GivenRows, count: Int, to file: String) {
    (self.communicator, self.data, self.given, self.count, self.file) = (communicator, data, given, count, file)
    open = given.rows.indices.filter { !given.rows[$0].isWhole }
    var particles = CompletionGenerator.fewest
    while particles < min(count, Generator.rows) { particles *= 2 }
    self.particles = particles
    batches = (count + particles - 1) / particles
  }

  /// What was done.
  struct Summary {
    /// The rows with missing cells.
    var open: Int
    /// The smallest effective number of a row's particles.
    var smallest: Double
    /// How many systems of particles had fewer than two at some time.
    var few: Int
    /// How many systems there are.
    var systems: Int
  }

  /// Completes the rows.
  ///
  /// - Parameters:
  ///   - generator: with as many particles as the writer says.
  ///   - score: the score of its process.
  ///   - setConditions: takes the conditions of the 256 states of a chunk.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  /// - Returns: what became of the particles, on every rank.
  /// - Throws: an error of the draws or the file, the same on every rank.
  func write<S: Score>(
    _ generator: inout CompletionGenerator, _ score: inout S, setConditions: (borrowing Matrix) -> Void,
    progress: (Double) -> Void
  ) throws -> Summary {
    let format = SampleFormat(of: file) ?? .array
    let array = format == .array ? file : file + ".npy"
    let (rows, columns) = (given.rows.count * count, data.dimension)
    defer { if communicator.isRoot { ArrayFileWriter.discard(array) } }
    try communicator.agree {
      if communicator.isRoot { try ArrayFileWriter.create(array, rows: rows, columns: columns, isDouble: true) }
    }
    let systems = open.count * batches
    let own = communicator.share(of: (systems + generator.systems - 1) / generator.systems)
    var (smallest, few) = (Double(particles), 0)
    var samples = Matrix(rows: Generator.rows, columns: columns)
    var conditions = Matrix(rows: Generator.rows, columns: data.conditions)
    try communicator.agree {
      let writer = try ArrayFileWriter(array, rows: rows, columns: columns, isDouble: true)
      if communicator.isRoot { try writeWhole(writer) }
      for chunk in own {
        guard sgm_stop_signal() == 0 else {
          throw ToolError.stopped("stopped while rows were completed; the same command completes them from the start")
        }
        let members = chunk * generator.systems..<min((chunk + 1) * generator.systems, systems)
        for row in 0..<conditions.rows {
          let member = members.lowerBound + min(row / particles, members.count - 1)
          for (k, value) in given.rows[open[member / batches]].conditions.enumerated() { conditions[row, k] = value }
        }
        if data.conditions > 0 { setConditions(conditions) }
        let effective = generator.generate(members.map(system), score: &score, into: &samples)
        for (place, member) in members.enumerated() { try write(samples, place, member, writer) }
        for number in effective {
          smallest = min(smallest, number)
          if number < 2 { few += 1 }
        }
        progress(Double(chunk - own.lowerBound + 1) / Double(own.count))
      }
      try writer.finish()
    }
    try communicator.agree {
      guard communicator.isRoot else { return }
      switch format {
      case .table(let separator):
        try CompletedTable(given: given, count: count, separator: separator)
          .write(AtomicFile.partialPath(of: array), to: file)
      case .array, .draws: try ArrayFileWriter.publish(file)
      }
    }
    let all = try communicator.allGather([smallest, Double(few)])
    return Summary(
      open: open.count, smallest: stride(from: 0, to: all.count, by: 2).map { all[$0] }.min() ?? smallest,
      few: stride(from: 1, to: all.count, by: 2).reduce(0) { $0 + Int(all[$1]) }, systems: systems)
  }

  /// The particles of one batch of a row, which are named by the row's own number in its file.
  private func system(_ member: Int) -> CompletionGenerator.System {
    let (place, batch) = member.quotientAndRemainder(dividingBy: batches)
    let known = given.rows[open[place]].known
    return CompletionGenerator.System(
      index: UInt64(open[place] * batches + batch),
      known: FixedCoordinates(columns: known.columns, values: known.values))
  }

  /// Writes the rows in which nothing is missing, each as often as the others.
  private func writeWhole(_ writer: borrowing ArrayFileWriter) throws(ToolError) {
    for (row, whole) in given.rows.enumerated() where whole.isWhole {
      var block = RowBlock(rows: count, columns: data.dimension)
      for draw in 0..<count { for (j, number) in whole.numbers.enumerated() { block[draw, j] = number ?? 0 } }
      try writer.write(block, firstRow: row * count)
    }
  }

  /// Writes the draws of one batch of a row, with the row's own numbers where it has them.
  private func write(
    _ samples: borrowing Matrix, _ place: Int, _ member: Int, _ writer: borrowing ArrayFileWriter
  ) throws(ToolError) {
    let (number, batch) = (open[member / batches], member % batches)
    let (row, wanted) = (given.rows[number], min(particles, count - batch * particles))
    var draws = Matrix(rows: wanted, columns: data.dimension)
    for draw in 0..<wanted {
      draws.copyRow(draw, from: samples, place * particles + draw)
      // Far below any word that may be filled in.
      for j in row.excluded { draws[draw, j] = -1000 }
    }
    let restored = data.restored(draws, count: wanted)
    var block = RowBlock(rows: wanted, columns: data.dimension)
    for draw in 0..<wanted {
      var numbers = (0..<data.dimension).map { restored[draw, $0] }
      guard numbers.allSatisfy(\.isFinite) else {
        throw .data(
          Place(file),
          "row \(number) (from 0) has no finite completion; take more sampling.steps, or a later sampling.final_time")
      }
      given.encoding.settle(&numbers)
      for (j, value) in numbers.enumerated() { block[draw, j] = row.numbers[j] ?? value }
    }
    try writer.write(block, firstRow: number * count + batch * particles)
  }
}
