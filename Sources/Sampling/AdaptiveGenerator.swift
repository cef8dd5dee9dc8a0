public import Diffusion
public import LinearAlgebra
internal import Randomness

/// Draws samples in chunks of 256 by an adaptive sampler, from any score.
///
/// As `Generator`: chunk c is always samples 256c … 256c + 255, and a sample's bits depend on the seed, its index, the
/// sampler and the score alone.
public struct AdaptiveGenerator: ~Copyable {
  /// The number d of data coordinates.
  public let dimension: Int
  private let sampler: any AdaptiveSampler
  private let denoising: (kernel: Kernel, time: Double)?
  private let prior: BlockMatrix
  private var rows: AdaptiveRows
  private var normals: Matrix

  /// A generator of one sampler's samples; parameters as of `Generator`.
  public init(
    process: any ForwardProcess, dimension: Int, sampler: any AdaptiveSampler, finalTime: Double, denoises: Bool,
    seed: UInt64, start: BlockMatrix? = nil, fixed: FixedCoordinates? = nil
  ) {
    precondition(finalTime > 0 && finalTime < process.horizon, "final time \(finalTime) of \(process.horizon)")
    self.dimension = dimension
    self.sampler = sampler
    prior = (start ?? process.priorCovariance).cholesky()
    denoising = denoises ? (process.kernel(at: finalTime), finalTime) : nil
    rows = AdaptiveRows(process: process, dimension: dimension, finalTime: finalTime, seed: seed, fixed: fixed)
    normals = Matrix(rows: Generator.rows, columns: process.blocks * dimension)
  }

  /// Computes samples 256 · chunk … 256 · chunk + 255.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - score: the score of the process this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`, in the trained coordinates.
  ///   - record: called with a row's number, time and state at the start and after each step it takes.
  /// - Returns: how often the score was evaluated for each of the 256, the final denoising included.
  public mutating func generate<S: Score & ~Copyable>(
    chunk: Int, score: inout S, into samples: inout Matrix,
    record: ((Int, Double, borrowing Span<Float>) -> Void)? = nil
  ) -> [Int] {
    precondition(chunk >= 0 && score.dimension == dimension, "chunk \(chunk), a score of \(score.dimension)")
    rows.firstIndex = UInt64(chunk * Generator.rows)
    rows.record = record
    rows.process.noise.fill(&normals, columns: normals.columns, seed: rows.seed, firstIndex: rows.firstIndex)
    rows.state.assign(prior, times: normals, dimension: dimension)
    rows.held?.begin(seed: rows.seed, firstIndex: rows.firstIndex)
    for row in rows.times.indices { (rows.times[row], rows.evaluations[row]) = (rows.process.start, 0) }
    if let record { for row in rows.times.indices { record(row, rows.process.start, rows.state.row(row)) } }
    sampler.integrate(&rows, score: &score)
    defer { rows.held?.finish(&samples) }
    if let denoising {
      rows.held?.hold(&rows.state, at: denoising.time)
      score.evaluate(rows.state, at: denoising.time, into: &normals)
      denoising.kernel.denoise(rows.state, score: normals, into: &samples)
      return rows.evaluations.map { $0 + 1 }
    }
    samples.assign(.identity(prior.size), times: rows.state, dimension: dimension)
    return rows.evaluations
  }
}
