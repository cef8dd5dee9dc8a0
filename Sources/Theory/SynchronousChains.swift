public import Diffusion
public import LinearAlgebra
internal import Randomness
public import Sampling

/// Several chains of one sampler driven by the same noise, from any starts and with any scores.
///
/// The noise of stage k and row r is that of a generator's chunk: keyed by the seed, k and the row's global index.
/// Chains of different steps share one Brownian path if they are told the finest times: a step's normals are then sums
/// of those of the fine steps within it.
public struct SynchronousChains: Sendable {
  private let stages: [SamplerStage]
  /// For each stage the weights of the fine steps' normals, of square sum 1.
  private let weights: [[Double]]
  private let dimension: Int
  private let seed: UInt64

  /// The chains of a sampler that reverses a process along a grid of times.
  ///
  /// - Parameters:
  ///   - process: the forward process.
  ///   - dimension: d.
  ///   - sampler: a scheme of single steps; of one stage a step where `fine` is given.
  ///   - times: the grid, downwards.
  ///   - fine: the finest grid, which holds all of `times`; nil for `times` itself.
  ///   - seed: the key of the noise.
  public init(
    process: any ForwardProcess, dimension: Int, sampler: any Sampler, times: [Double], fine: [Double]? = nil,
    seed: UInt64
  ) {
    guard let steps = sampler.singleSteps(of: process, over: times) else {
      preconditionFailure("the chains of a sampler that looks back or adapts")
    }
    stages = steps.flatMap { $0 }
    guard let fine, fine.count > times.count else {
      weights = stages.map { _ in [1] }
      self.dimension = dimension
      self.seed = seed
      return
    }
    let share = (fine.count - 1) / (times.count - 1)
    precondition(stages.count == times.count - 1 && share * (times.count - 1) == fine.count - 1, "\(fine.count) times")
    weights = stages.indices.map { k in
      let parts = (0..<share).map { process.elapsed(from: fine[k * share + $0 + 1], to: fine[k * share + $0]) }
      let whole = parts.reduce(0, +)
      return parts.map { ($0 / whole).squareRoot() }
    }
    self.dimension = dimension
    self.seed = seed
  }

  /// Whether every stage stands alone: no step before it, no step size of each sample's own.
  ///
  /// A grid of three times tells: a scheme may look back from its second step on.
  public static func canRun(_ sampler: any Sampler, _ process: any ForwardProcess, over times: [Double]) -> Bool {
    sampler.singleSteps(of: process, over: times) != nil
  }

  /// Carries `state` through all steps.
  ///
  /// - Parameters:
  ///   - state: shape `[rows, blocks × dimension]`; rows have the global indices from `firstIndex` on.
  ///   - firstIndex: the index of row 0.
  ///   - relativeError: r in s^θ = (1 + r) s.
  ///   - score: the exact score.
  ///   - observe: called at each stage that takes the score, with the state and the score there.
  public func run<S: Score & ~Copyable>(
    _ state: inout Matrix, firstIndex: UInt64, relativeError: Double, score: inout S,
    observe: ((SamplerStage, borrowing Matrix, borrowing Matrix) -> Void)? = nil
  ) {
    let (rows, columns) = (state.rows, state.columns)
    var next = Matrix(rows: rows, columns: columns)
    var kept = Matrix(rows: rows, columns: columns)
    var slope = Matrix(rows: rows, columns: columns)
    var noise = Matrix(rows: rows, columns: columns)
    var draws: UInt64 = 0
    for (stage, weights) in zip(stages, weights) {
      if stage.keeps == .before { kept.copy(from: state) }
      let one = BlockMatrix.identity(stage.state.size)
      // The larger part is copied and the rest added: a factor 1 + h in Float would lose h's digits.
      if let factor = stage.kept {
        next.copy(from: kept)
        next.add(factor - one, times: kept, dimension: dimension)
        next.add(stage.state, times: state, dimension: dimension)
      } else {
        next.copy(from: state)
        next.add(stage.state - one, times: state, dimension: dimension)
      }
      if let factor = stage.score {
        score.evaluate(state, at: stage.time, into: &slope)
        observe?(stage, state, slope)
        next.add(factor.scaled(by: 1 + relativeError), times: slope, dimension: dimension)
      }
      if let factor = stage.noise {
        for weight in weights {
          RandomStream(seed: seed, purpose: .samplingNoise, step: draws).fillNormals(&noise, firstIndex: firstIndex)
          draws += 1
          next.add(factor.scaled(by: weight), times: noise, dimension: dimension)
        }
      }
      if stage.keeps == .after { kept.copy(from: state) }
      swap(&state, &next)
    }
  }
}
