internal import CMachine
internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets
internal import Training

/// Draws samples over all ranks into one NPY file: each rank computes whole chunks and writes them at their offsets.
struct SampleWriter {
  package let communicator: Communicator
  package let description: DataSet.Description
  /// How many of the first samples every rank is given, for what judges and draws them.
  var kept = 0
  /// How many rows of conditions the samples take in turns.
  var observations = 1
  /// Where each coordinate of a sample can lie, in trained coordinates; nil for anywhere.
  var limits: [ClosedRange<Double>]?

  /// What was done.
  struct Summary {
    var evaluations = EvaluationTally()
    package var seconds: Double
    /// The first samples in original units less the data's origin, on every rank; without rows unless they are kept.
    var first: MatrixBox

    /// What users are told of samples that were drawn by an experiment's settings.
    func line(_ experiment: Experiment, to file: String) -> String {
      "\(counted(evaluations.samples, "sample")) by \(experiment.samplerWords), \(evaluations.text), in "
        + "\(duration(seconds)): \(file)"
    }
  }

  /// Draws `count` samples in original coordinates from a score.
  ///
  /// - Parameters:
  ///   - count: the number of samples, of all ranks together.
  ///   - score: the score of the source's process.
  ///   - source: draws the chunks; its samples depend on their index alone.
  ///   - file: the NPY file, published when it is whole.
  ///   - trajectory: keeps the paths of the first samples.
  ///   - prepare: called on each rank with the number of a chunk before it is drawn, for conditions that change.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  /// - Returns: the score evaluations of all samples and this rank's time.
  /// - Throws: an error of writing the file on any rank, the same on every rank.
  package func write<S: Score>(
    count: Int, score: inout S, source: SampleSource, to file: String, trajectory: Trajectory? = nil,
    prepare: (_ chunk: Int) -> Void = { _ in }, progress: (Double) -> Void = { _ in }
  ) throws -> Summary {
    _ = source.takeTally()
    let (seconds, first) = try write(count: count, to: file, progress: progress) {
      (chunk: Int, _: Int, samples: inout Matrix) in
      prepare(chunk)
      let wanted = min(Generator.rows, count - chunk * Generator.rows)
      source.generate(
        chunk: chunk, score: &score, into: &samples, count: wanted, trajectory: chunk == 0 ? trajectory : nil)
      if let limits {
        try samples.checkPlausible(
          limits, wanted: wanted, firstIndex: chunk * Generator.rows, description, file)
      }
    }
    return Summary(evaluations: try communicator.sum(source.takeTally()), seconds: seconds, first: first)
  }

  /// Draws `count` samples in original coordinates from a network.
  ///
  /// - Parameters:
  ///   - count: the number of samples, of all ranks together.
  ///   - sources: one for each thread: they draw the same samples, which depend on their index alone.
  ///   - file: the NPY file or table, published when it is whole.
  ///   - trajectory: keeps the paths of the first samples.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  /// - Returns: the network's evaluations of all samples and this rank's time.
  /// - Throws: an error of writing the file on any rank, the same on every rank.
  func write(
    count: Int, from sources: [any ChunkSource], to file: String, trajectory: Trajectory? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws -> Summary {
    for source in sources { _ = source.takeTally() }
    let (seconds, first) = try write(count: count, to: file, threads: sources.count, progress: progress) {
      (chunk: Int, thread: Int, samples: inout Matrix) in
      let wanted = min(Generator.rows, count - chunk * Generator.rows)
      sources[thread].generate(
        chunk: chunk, into: &samples, count: wanted, trajectory: chunk == 0 ? trajectory : nil)
    }
    var own = EvaluationTally()
    for source in sources { own.add(source.takeTally()) }
    return Summary(evaluations: try communicator.sum(own), seconds: seconds, first: first)
  }

  /// Draws `count` rows, chunk by chunk, and maps them to original coordinates.
  ///
  /// - Parameters:
  ///   - count: the number of samples, of all ranks together.
  ///   - file: the NPY file or table, published when it is whole.
  ///   - threads: how many chunks are drawn at the same time, each on a thread of its own.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  ///   - generate: writes the 256 samples of a chunk, in trained coordinates, on the thread of a number.
  /// - Returns: this rank's time, and the first samples.
  /// - Throws: what `generate` throws, or an error of writing the file on any rank, the same on every rank.
  package func write(
    count: Int, to file: String, threads: Int = 1, progress: (Double) -> Void,
    generate: (_ chunk: Int, _ thread: Int, inout Matrix) throws -> Void
  ) throws -> (seconds: Double, first: MatrixBox) {
    let start = Stopwatch.now
    let (dimension, isDouble) = (description.dimension, description.isDouble)
    // A table's lines have places only when all rows are known: ranks write an array first.
    let format = SampleFormat(of: file) ?? .array
    let array = format == .array ? file : file + ".npy"
    // What is not published is of no use.
    defer { if communicator.isRoot { ArrayFileWriter.discard(array) } }
    try communicator.agree {
      if communicator.isRoot {
        try ArrayFileWriter.create(array, rows: count, columns: dimension, isDouble: isDouble)
      }
    }
    let chunks = (count + Generator.rows - 1) / Generator.rows
    let own = communicator.share(of: chunks)
    let rooms = (0..<threads).map { _ in ChunkRoom(columns: dimension) }
    var ownFirst: [Float] = []
    try communicator.agree {
      let writer = try ArrayFileWriter(array, rows: count, columns: dimension, isDouble: isDouble)
      for start in stride(from: own.lowerBound, to: own.upperBound, by: threads) {
        guard sgm_stop_signal() == 0 else {
          throw ToolError.stopped(
            "stopped while samples were drawn; sgm-train --resume with the run's folder draws them")
        }
        let chunks = start..<min(start + threads, own.upperBound)
        let errors = communicator.threads.map(chunks.count) { thread -> (any Error)? in
          do { try generate(start + thread, thread, &rooms[thread].samples) } catch { return error }
          return nil
        }
        for (chunk, (room, error)) in zip(chunks, zip(rooms, errors)) {
          if let error { throw error }
          try write(chunk, of: count, &room.samples, by: writer, to: file, keeping: &ownFirst)
          progress(Double(chunk - own.lowerBound + 1) / Double(own.count))
        }
      }
      try writer.finish()
    }
    try communicator.agree {
      guard communicator.isRoot else { return }
      let rows = AtomicFile.partialPath(of: array)
      switch format {
      case .array: try ArrayFileWriter.publish(file)
      case .table(let separator): try SampleTable(description, separator: separator).write(rows, to: file)
      case .draws: try DrawsFile(description, observations: observations).write(rows, to: file)
      }
    }
    let seconds = Stopwatch.now - start
    return (seconds, MatrixBox(try firstSamples(ownFirst)))
  }
}

/// Where one thread draws a chunk.
private final class ChunkRoom {
  var samples: Matrix

  init(columns: Int) { samples = Matrix(rows: Generator.rows, columns: columns) }
}

extension SampleWriter {
  /// Maps a chunk's samples to original coordinates, and writes those that are wanted.
  private func write(
    _ chunk: Int, of count: Int, _ samples: inout Matrix, by writer: borrowing ArrayFileWriter, to file: String,
    keeping ownFirst: inout [Float]
  ) throws {
    let (first, dimension) = (chunk * Generator.rows, description.dimension)
    let wanted = min(Generator.rows, count - first)
    if let (row, _) = samples.firstNotFinite(among: wanted) {
      throw ToolError.data(
        Place(file),
        "sample \(first + row) is not finite; take more sampling.steps, a later sampling.final_time, or a smaller "
          + "sampling.step_size where the sampler has one")
    }
    let keeping = max(0, min(wanted, kept - first))
    if description.isDouble {
      let rows = description.restored(samples, count: wanted)
      try writer.write(rows, firstRow: first)
      for r in 0..<keeping { for j in 0..<dimension { ownFirst.append(Float(rows[r, j] - description.origin[j])) } }
    } else {
      description.restore(&samples)
      try refuseTooLarge(samples, count: wanted, firstRow: first, in: file)
      try writer.write(samples, count: wanted, firstRow: first)
      for r in 0..<keeping { for j in 0..<dimension { ownFirst.append(samples[r, j]) } }
    }
  }

  /// The ranks' first samples together: ranks hold chunks in their order.
  private func firstSamples(_ own: [Float]) throws -> Matrix {
    let all = kept > 0 ? try communicator.allGather(singles: own) : []
    var rows = Matrix(rows: all.count / description.dimension, columns: description.dimension)
    var elements = rows.mutableSpan
    for i in all.indices { elements[i] = all[i] }
    return rows
  }

  /// Refuses samples that were finite in trained coordinates and are beyond single precision in the data's units.
  private func refuseTooLarge(
    _ samples: borrowing Matrix, count: Int, firstRow: Int, in file: String
  ) throws(ToolError) {
    guard let (row, column) = samples.firstNotFinite(among: count) else { return }
    throw .data(
      Place(file),
      "sample \(firstRow + row) is beyond single precision (3.4e38) in column \(description.title(column)), which has a "
        + "standard deviation of \(rounded(description.standardisation.scale[column])); give the data in a larger unit, "
        + "or as float64")
  }
}

extension Communicator {
  /// The tally of all ranks; whole numbers below 2⁵³ are added exactly, in any order.
  fileprivate func sum(_ tally: EvaluationTally) throws -> EvaluationTally {
    let all = try allGather([Double(tally.samples), Double(tally.total), Double(tally.most)])
    var sum = EvaluationTally()
    for first in stride(from: 0, to: all.count, by: 3) {
      sum.samples += Int(all[first])
      sum.total += Int(all[first + 1])
      sum.most = max(sum.most, Int(all[first + 2]))
    }
    return sum
  }
}

extension Matrix {
  /// The first number that is not finite, in the `count` first rows.
  fileprivate func firstNotFinite(among count: Int) -> (row: Int, column: Int)? {
    for r in 0..<count {
      let row = row(r)
      if let j = row.indices.first(where: { !row[$0].isFinite }) { return (r, j) }
    }
    return nil
  }
}
