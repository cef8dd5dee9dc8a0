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
  private let horizon: Double
  private let prior: BlockMatrix
  private let law: NoiseLaw
  private let blocks: Int
  private let processBlocks: Int
  private let steps: [(stages: [SamplerStage], end: Double)]
  private let usesPrevious: Bool
  private let denoising: (kernel: Kernel, time: Double)?
  private var state: Matrix
  private var next: Matrix
  private var kept: Matrix
  private var slope: Matrix
  private var previous: Matrix
  private var noise: Matrix
  // v, where a stage's variance comes with the score.
  private var variance: Matrix
  // The process's own blocks, where the sampler adds a momentum.
  private var position: Matrix
  private var held: HeldCoordinates?

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
  ///   - start: the covariance of the law N(0, S ⊗ I) to start from in place of the prior.
  ///   - fixed: coordinates whose values are known.
  public init(
    process: any ForwardProcess, dimension: Int, sampler: any Sampler, times: [Double], denoises: Bool, seed: UInt64,
    start: BlockMatrix? = nil, fixed: FixedCoordinates? = nil
  ) {
    precondition(times.count > 1, "a grid of \(times.count) times")
    precondition(sampler.requirement.isMet(by: process), "the sampler needs \(sampler.requirement.words)")
    self.dimension = dimension
    self.seed = seed
    horizon = times[0]
    let blocks = sampler.blocks(for: process)
    (self.blocks, processBlocks) = (blocks, process.blocks)
    law = process.noise
    prior = (start ?? process.priorCovariance).cholesky().extended(to: blocks)
    let steps = zip(times, times.dropFirst()).enumerated().map { i, step in
      let stages =
        i == 0
        ? sampler.step(process, from: step.0, to: step.1)
        : sampler.step(process, from: step.0, to: step.1, after: times[i - 1])
      return (stages: stages, end: step.1)
    }
    let all = steps.flatMap(\.stages)
    // Columns of normals that no stage uses are not drawn.
    let none = BlockVector(size: blocks, repeating: 0)
    let driven = (0..<blocks).filter { j in all.contains { ($0.noise?.column(j) ?? none) != none } }
    self.steps = steps.map { step in
      let stages = step.stages.map { stage in
        var stage = stage
        stage.noise = stage.noise.map { $0.keepingColumns(driven) }
        return stage
      }
      return (stages, step.end)
    }
    usesPrevious = all.contains { $0.previous != nil }
    let end = times[times.count - 1]
    denoising = denoises ? (process.kernel(at: end), end) : nil
    evaluationsPerSample = all.count { $0.score != nil } + (denoises ? 1 : 0)
    if let fixed {
      held = HeldCoordinates(fixed, process, dimension: dimension)
    } else {
      held = nil
    }
    let (columns, scored) = (blocks * dimension, process.blocks * dimension)
    state = Matrix(rows: Self.rows, columns: columns)
    next = Matrix(rows: Self.rows, columns: columns)
    kept = Matrix(rows: Self.rows, columns: columns)
    slope = Matrix(rows: Self.rows, columns: scored)
    previous = Matrix(rows: usesPrevious ? Self.rows : 0, columns: scored)
    noise = Matrix(rows: Self.rows, columns: driven.count * dimension)
    let learns = all.contains { $0.variances != nil }
    precondition(!learns || blocks == 1, "a learned variance for \(blocks) blocks")
    variance = Matrix(rows: learns ? Self.rows : 0, columns: dimension)
    position = Matrix(rows: blocks > process.blocks ? Self.rows : 0, columns: scored)
  }

  /// Computes samples 256 · chunk … 256 · chunk + 255.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number, from 0.
  ///   - score: the score of the process this generator was made with.
  ///   - samples: the result, shape `[256, dimension]`, in the trained coordinates.
  ///   - begin: given the first sample's index, fills the states to start from, in place of draws of the prior.
  ///   - record: called with the time and all states at the start and after each step.
  public mutating func generate<S: Score & ~Copyable>(
    chunk: Int, score: inout S, into samples: inout Matrix, begin: ((UInt64, inout Matrix) -> Void)? = nil,
    record: ((Double, borrowing Matrix) -> Void)? = nil
  ) {
    precondition(chunk >= 0, "chunk \(chunk)")
    precondition(score.dimension == dimension, "a score of dimension \(score.dimension) for \(dimension)")
    precondition(
      samples.rows == Self.rows && samples.columns == dimension, "samples of \(samples.rows) × \(samples.columns)")
    let firstIndex = UInt64(chunk * Self.rows)
    if let begin {
      begin(firstIndex, &state)
    } else {
      law.fill(&next, columns: processBlocks * dimension, seed: seed, firstIndex: firstIndex)
      state.assign(prior, times: next, dimension: dimension)
    }
    held?.begin(seed: seed, firstIndex: firstIndex)
    var draws: UInt64 = 0
    record?(horizon, state)
    for step in steps {
      for stage in step.stages {
        if stage.noise != nil {
          RandomStream(seed: seed, purpose: .samplingNoise, step: draws).fillNormals(&noise, firstIndex: firstIndex)
          draws += 1
        }
        if stage.score != nil {
          if usesPrevious { swap(&slope, &previous) }
          evaluate(&score, at: stage.time, variances: stage.variances)
        }
        apply(stage)
      }
      record?(step.end, state)
    }
    if let denoising {
      evaluate(&score, at: denoising.time)
      if blocks > processBlocks {
        denoising.kernel.denoise(position, score: slope, into: &samples)
      } else {
        denoising.kernel.denoise(state, score: slope, into: &samples)
      }
    } else {
      samples.assign(.identity(prior.size), times: state, dimension: dimension)
    }
    held?.finish(&samples)
  }

  /// Writes the score at the state's own blocks into `slope`, and gives the noise the variance that comes with it.
  private mutating func evaluate<S: Score & ~Copyable>(
    _ score: inout S, at time: Double, variances: VarianceRange? = nil
  ) {
    held?.hold(&state, at: time)
    if let variances {
      score.evaluate(state, at: time, into: &slope, variance: &variance)
      for row in 0..<Self.rows {
        for k in 0..<dimension { noise[row, k] *= variances.deviation(variance[row, k]) }
      }
    } else if blocks > processBlocks {
      position.assign(.identity(blocks), times: state, dimension: dimension)
      score.evaluate(position, at: time, into: &slope)
    } else {
      score.evaluate(state, at: time, into: &slope)
    }
  }

  /// Carries the state through a stage.
  ///
  /// The larger part is copied and the rest added as an increment: a factor like 1 + h rounded to Float would be wrong
  /// by the same 3e-8 in each of thousands of steps.
  private mutating func apply(_ stage: SamplerStage) {
    let one = BlockMatrix.identity(stage.state.size)
    if stage.keeps == .before { kept.copy(from: state) }
    if let factor = stage.kept, (factor - one).norm < 0.75 {
      next.copy(from: kept)
      next.add(factor - one, times: kept, dimension: dimension)
      next.add(stage.state, times: state, dimension: dimension)
    } else {
      next.copy(from: state)
      next.add(stage.state - one, times: state, dimension: dimension)
      if let factor = stage.kept { next.add(factor, times: kept, dimension: dimension) }
    }
    if let ratio = stage.signalToNoise { scaleRows(stage, ratio) }
    if let factor = stage.score { next.add(factor, times: slope, dimension: dimension) }
    if let factor = stage.previous {
      if stage.score != nil {
        next.add(factor, times: previous, dimension: dimension)
      } else {
        next.add(factor, times: slope, dimension: dimension)
      }
    }
    if let factor = stage.noise { next.add(factor, times: noise, dimension: dimension) }
    swap(&state, &next)
    if stage.keeps == .after { swap(&kept, &next) }
  }

  /// Multiplies each row's score by its own δ and its normals by √δ; see `CorrectorStep`.
  private mutating func scaleRows(_ stage: SamplerStage, _ ratio: Double) {
    guard let factor = stage.noise else { return }
    let count = noise.columns / dimension
    let used = (0..<count).filter { j in (0..<factor.size).contains { factor[$0, j] != 0 } }
    for row in 0..<Self.rows {
      let delta = CorrectorStep.delta(
        slope: slope.row(row), factor, used: used, dimension: dimension, ratio: ratio)
      let (drift, spread) = (Float(delta), Float(delta.squareRoot()))
      var slopes = slope.mutableRow(row)
      for k in slopes.indices { slopes[k] *= drift }
      var normals = noise.mutableRow(row)
      for k in normals.indices { normals[k] *= spread }
    }
  }
}

extension BlockMatrix {
  /// The matrix with further blocks after its own, of unit diagonal.
  fileprivate func extended(to blocks: Int) -> BlockMatrix {
    var extended = BlockMatrix.identity(blocks)
    for i in 0..<size { for j in 0..<size { extended[i, j] = self[i, j] } }
    return extended
  }

  /// The matrix whose first columns are the given ones; the others are zero.
  fileprivate func keepingColumns(_ columns: [Int]) -> BlockMatrix {
    var kept = BlockMatrix.zero(size)
    for (j, column) in columns.enumerated() { for i in 0..<size { kept[i, j] = self[i, column] } }
    return kept
  }
}
