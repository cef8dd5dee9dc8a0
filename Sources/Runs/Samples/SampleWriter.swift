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
  /// Where each coordinate of a sample can lie, in trained coordinates; nil for anywhere.
  var limits: [ClosedRange<Double>]?

  /// What was done.
  struct Summary {
    var evaluations = EvaluationTally()
    package var seconds: Double
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
    let seconds = try write(count: count, to: file, progress: progress) { (chunk: Int, samples: inout Matrix) in
      prepare(chunk)
      let wanted = min(Generator.rows, count - chunk * Generator.rows)
      source.generate(
        chunk: chunk, score: &score, into: &samples, count: wanted, trajectory: chunk == 0 ? trajectory : nil)
      if let limits {
        try samples.checkPlausible(
          limits, wanted: wanted, firstIndex: chunk * Generator.rows, description, file)
      }
    }
    return Summary(evaluations: try communicator.sum(source.takeTally()), seconds: seconds)
  }

  /// Draws `count` rows, chunk by chunk, and maps them to original coordinates.
  ///
  /// - Parameters:
  ///   - count: the number of samples, of all ranks together.
  ///   - file: the NPY file, published when it is whole.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  ///   - generate: writes the 256 samples of a chunk, in trained coordinates.
  /// - Returns: this rank's time.
  /// - Throws: what `generate` throws, or an error of writing the file on any rank, the same on every rank.
  package func write(
    count: Int, to file: String, progress: (Double) -> Void, generate: (Int, inout Matrix) throws -> Void
  ) throws -> Double {
    let start = Stopwatch.now
    let dimension = description.dimension
    // What is not published is of no use.
    defer { if communicator.isRoot { ArrayFileWriter.discard(file) } }
    try communicator.agree {
      if communicator.isRoot { try ArrayFileWriter.create(file, rows: count, columns: dimension) }
    }
    let chunks = (count + Generator.rows - 1) / Generator.rows
    let (rank, size) = (communicator.rank, communicator.size)
    let own = rank * chunks / size..<(rank + 1) * chunks / size
    var samples = Matrix(rows: Generator.rows, columns: dimension)
    try communicator.agree {
      let writer = try ArrayFileWriter(file, rows: count, columns: dimension)
      for chunk in own {
        guard sgm_stop_signal() == 0 else {
          throw ExperimentError.stopped("stopped while samples were drawn; the same command, or --resume, draws them")
        }
        try generate(chunk, &samples)
        description.restore(&samples)
        let first = chunk * Generator.rows
        let wanted = min(Generator.rows, count - first)
        if let row = samples.firstRowNotFinite(among: wanted) {
          throw ExperimentError.data(
            Place(file),
            "sample \(first + row) is not finite; take more sampling.steps, a later sampling.final_time, or a smaller "
              + "sampling.step_size where the sampler has one")
        }
        try writer.write(samples, count: wanted, firstRow: first)
        progress(Double(chunk - own.lowerBound + 1) / Double(own.count))
      }
      try writer.finish()
    }
    try communicator.agree { if communicator.isRoot { try ArrayFileWriter.publish(file) } }
    return Stopwatch.now - start
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
  /// The first of the `count` first rows with a number that is not finite.
  fileprivate func firstRowNotFinite(among count: Int) -> Int? {
    (0..<count).first { r in
      let row = row(r)
      return row.indices.contains { !row[$0].isFinite }
    }
  }
}
