public import Diffusion
public import LinearAlgebra
internal import Randomness

/// Draws samples in chunks of 256 by a sampler on a grid of times, from any score.
///
/// Chunk c is always samples 256c … 256c + 255, whatever number is wanted: a sample's bits depend on the seed, its
/// index, the sampler and the score alone. All buffers are allocated once.
public struct Generator: ~Copyable {
  /// The rows of a chunk.
  public static let rows = 256

  /// The number d of data coordinates.
  public let dimension: Int
  /// How often the score is evaluated for each sample, the final denoising included.
  public let evaluationsPerSample: Int
  private let seed: UInt64
  private let prior: BlockMatrix
  private let stages: [SamplerStage]
  private let denoising: (kernel: Kernel, time: Double)?
  private var state: Matrix
  private var next: Matrix
  private var kept: Matrix
  private var slope: Matrix
  private var noise: Matrix

  /// A generator of one sampler's samples.
  ///
  /// - Parameters:
  ///   - process: the forward process to reverse.
  ///   - dimension: the number d of data coordinates.
  ///   - sampler: the scheme whose steps lead from each time to the next.
  ///   - times: the grid, from the horizon down to the final time t_f > 0.
  ///   - denoises: whether to return E[x_0|u] at t_f, for one evaluation more; otherwise the positions in u are
  ///     returned.
  ///   - seed: the seed of prior draws and noises.
  public init(
    process: any ForwardProcess, dimension: Int, sampler: any Sampler, times: [Double], denoises: Bool, seed: UInt64
  ) {
    precondition(times.count > 1, "a grid of \(times.count) times")
    self.dimension = dimension
    self.seed = seed
    prior = process.priorCovariance.cholesky()
    let all = zip(times, times.dropFirst()).flatMap { sampler.step(process, from: $0, to: $1) }
    // Columns of normals that no stage uses are not drawn.
    let none = BlockVector(size: process.blocks, repeating: 0)
    let driven = (0..<process.blocks).filter { j in all.contains { ($0.noise?.column(j) ?? none) != none } }
    stages = all.map { stage in
      var stage = stage
      stage.noise = stage.noise.map { $0.keepingColumns(driven) }
      return stage
    }
    let end = times[times.count - 1]
    denoising = denoises ? (process.kernel(at: end), end) : nil
    evaluationsPerSample = stages.count { $0.score != nil } + (denoises ? 1 : 0)
    let columns = process.blocks * dimension
    state = Matrix(rows: Self.rows, columns: columns)
    next = Matrix(rows: Self.rows, columns: columns)
    kept = Matrix(rows: Self.rows, columns: columns)
    slope = Matrix(rows: Self.rows, columns: columns)
    noise = Matrix(rows: Self.rows, columns: driven.count * dimension)
  }

  /// Computes samples 256 · chunk … 256 · chunk + 255.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - score: the score of the process this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`, in the trained coordinates.
  public mutating func generate<S: Score & ~Copyable>(chunk: Int, score: inout S, into samples: inout Matrix) {
    precondition(chunk >= 0, "chunk \(chunk)")
    precondition(score.dimension == dimension, "a score of dimension \(score.dimension) for \(dimension)")
    precondition(
      samples.rows == Self.rows && samples.columns == dimension, "samples of \(samples.rows) × \(samples.columns)")
    let firstIndex = UInt64(chunk * Self.rows)
    RandomStream(seed: seed, purpose: .samplingPrior).fillNormals(&next, firstIndex: firstIndex)
    state.assign(prior, times: next, dimension: dimension)
    var draws: UInt64 = 0
    for stage in stages {
      if stage.noise != nil {
        RandomStream(seed: seed, purpose: .samplingNoise, step: draws).fillNormals(&noise, firstIndex: firstIndex)
        draws += 1
      }
      if stage.score != nil { score.evaluate(state, at: stage.time, into: &slope) }
      apply(stage)
    }
    if let denoising {
      score.evaluate(state, at: denoising.time, into: &slope)
      denoising.kernel.denoise(state, score: slope, into: &samples)
    } else {
      samples.assign(.identity(prior.size), times: state, dimension: dimension)
    }
  }

  /// Carries the state through a stage.
  ///
  /// The larger part is copied and the rest added as an increment: a factor like 1 + h rounded to Float would be wrong
  /// by the same 3e-8 in each of thousands of steps.
  private mutating func apply(_ stage: SamplerStage) {
    let one = BlockMatrix.identity(stage.state.size)
    if stage.keeps { kept.copy(from: state) }
    if let factor = stage.kept {
      next.copy(from: kept)
      next.add(factor - one, times: kept, dimension: dimension)
      next.add(stage.state, times: state, dimension: dimension)
    } else {
      next.copy(from: state)
      next.add(stage.state - one, times: state, dimension: dimension)
    }
    if let factor = stage.score { next.add(factor, times: slope, dimension: dimension) }
    if let factor = stage.noise { next.add(factor, times: noise, dimension: dimension) }
    swap(&state, &next)
  }
}

extension BlockMatrix {
  /// The matrix whose first columns are the given ones; the others are zero.
  fileprivate func keepingColumns(_ columns: [Int]) -> BlockMatrix {
    var kept = BlockMatrix.zero(size)
    for (j, column) in columns.enumerated() { for i in 0..<size { kept[i, j] = self[i, column] } }
    return kept
  }
}
