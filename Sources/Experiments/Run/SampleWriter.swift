internal import CMachine
internal import Communication
internal import Diffusion
internal import LinearAlgebra
internal import Sampling
internal import Targets
internal import Training

/// Draws samples over all ranks into one NPY file: each rank computes whole chunks and writes them at their offsets.
struct SampleWriter {
  let communicator: Communicator
  let description: DataSet.Description

  /// What was done.
  struct Summary {
    var evaluationsPerSample: Int
    var seconds: Double
  }

  /// Draws `count` samples in original coordinates.
  ///
  /// - Parameters:
  ///   - count: the number of samples, of all ranks together.
  ///   - score: the score of the generator's process.
  ///   - generator: draws the chunks; its samples depend on their index alone.
  ///   - file: the NPY file, published when it is whole.
  ///   - progress: called on each rank after each chunk with the share that is done there.
  /// - Returns: the score evaluations for each sample and this rank's time.
  /// - Throws: an error of writing the file on any rank, the same on every rank.
  func write<S: Score>(
    count: Int, score: inout S, generator: inout Generator, to file: String, progress: (Double) -> Void = { _ in }
  ) throws -> Summary {
    let start = Stopwatch.now
    let dimension = description.dimension
    try communicator.agree {
      if communicator.isRoot { try ArrayFileWriter.create(file, rows: count, columns: dimension) }
    }
    let chunks = (count + Generator.rows - 1) / Generator.rows
    let (rank, size) = (communicator.rank, communicator.size)
    let own = rank * chunks / size..<(rank + 1) * chunks / size
    let evaluations = generator.evaluationsPerSample
    var samples = Matrix(rows: Generator.rows, columns: dimension)
    try communicator.agree {
      let writer = try ArrayFileWriter(file, rows: count, columns: dimension)
      for chunk in own {
        guard sgm_stop_signal() == 0 else {
          throw ExperimentError.stopped("stopped while samples were drawn; the same command, or --resume, draws them")
        }
        generator.generate(chunk: chunk, score: &score, into: &samples)
        description.restore(&samples)
        let first = chunk * Generator.rows
        if let row = samples.firstRowNotFinite {
          throw ExperimentError.data(
            Place(file), "sample \(first + row) is not finite; take more sampling.steps or a later sampling.final_time")
        }
        try writer.write(samples, count: min(Generator.rows, count - first), firstRow: first)
        progress(Double(chunk - own.lowerBound + 1) / Double(own.count))
      }
      try writer.finish()
    }
    try communicator.agree { if communicator.isRoot { try ArrayFileWriter.publish(file) } }
    return Summary(evaluationsPerSample: evaluations, seconds: Stopwatch.now - start)
  }
}

extension Matrix {
  /// The first row with a number that is not finite.
  fileprivate var firstRowNotFinite: Int? {
    (0..<rows).first { r in
      let row = row(r)
      return row.indices.contains { !row[$0].isFinite }
    }
  }
}
