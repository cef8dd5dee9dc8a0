import Diffusion
import LinearAlgebra
import Sampling
import TestSupport

extension Moments {
  /// The law after a sampler's steps with the exact score, which is affine: no sampling error.
  func propagated(by sampler: any Sampler, over times: [Double], score: GaussianScore) -> Moments {
    let process = score.process
    var law = JointLaw(self, blocks: sampler.blocks(for: process), scored: process.blocks)
    for (i, (t, s)) in zip(times, times.dropFirst()).enumerated() {
      let stages =
        i == 0 ? sampler.step(process, from: t, to: s) : sampler.step(process, from: t, to: s, after: times[i - 1])
      for stage in stages { law.apply(stage, marginal: score.marginal(at: stage.time)) }
    }
    return law.state
  }
}

/// The joint Gaussian law of the state, the state kept last and the last score.
private struct JointLaw {
  let blocks: Int
  let scored: Int
  var mean: [Double]
  var covariance: [[Double]]

  init(_ start: Moments, blocks: Int, scored: Int) {
    (self.blocks, self.scored) = (blocks, scored)
    mean = Array(repeating: 0, count: 2 * blocks + scored)
    covariance = Array(repeating: mean, count: mean.count)
    // A momentum of the sampler's own starts from N(0, 1).
    for i in 0..<blocks { covariance[i][i] = 1 }
    for i in 0..<scored {
      mean[i] = start.mean[i]
      for j in 0..<scored { covariance[i][j] = start.covariance[i, j] }
    }
  }

  /// The state's own blocks.
  var state: Moments {
    var moments = Moments(mean: BlockVector(size: scored, repeating: 0), covariance: .zero(scored))
    for i in 0..<scored {
      moments.mean[i] = mean[i]
      for j in 0..<scored { moments.covariance[i, j] = covariance[i][j] }
    }
    return moments
  }

  mutating func apply(_ stage: SamplerStage, marginal: Moments) {
    if stage.keeps == .before { keep() }
    let (blocks, scored) = (blocks, scored)
    if stage.score != nil {
      // The new score −Σ⁻¹(u − m) takes the place of the last, after that was used.
      let slope = marginal.covariance.inverse.scaled(by: -1)
      let offset = (slope * marginal.mean).scaled(by: -1)
      transform(stage) { map, shift in
        for i in 0..<scored {
          shift[2 * blocks + i] = offset[i]
          for j in 0..<scored { map[2 * blocks + i][j] = slope[i, j] }
        }
        guard let factor = stage.score else { return }
        for i in 0..<blocks {
          for j in 0..<scored {
            shift[i] += factor[i, j] * offset[j]
            for k in 0..<scored { map[i][k] += factor[i, j] * slope[j, k] }
          }
        }
      }
    } else {
      transform(stage) { map, _ in for i in 0..<scored { map[2 * blocks + i][2 * blocks + i] = 1 } }
    }
  }

  /// u ← state · u + kept · k + previous · s + noise, k unchanged, and what `complete` adds.
  private mutating func transform(_ stage: SamplerStage, _ complete: (inout [[Double]], inout [Double]) -> Void) {
    let n = mean.count
    var map = Array(repeating: [Double](repeating: 0, count: n), count: n)
    var shift = [Double](repeating: 0, count: n)
    for i in 0..<blocks {
      map[blocks + i][blocks + i] = 1
      for j in 0..<blocks {
        map[i][j] = stage.state[i, j]
        map[i][blocks + j] = stage.kept?[i, j] ?? 0
      }
      for j in 0..<scored { map[i][2 * blocks + j] = stage.previous?[i, j] ?? 0 }
    }
    if stage.keeps == .after {
      // What is kept is the incoming state.
      for i in 0..<blocks {
        map[blocks + i][blocks + i] = 0
        map[blocks + i][i] = 1
      }
    }
    complete(&map, &shift)
    var half = map
    for i in 0..<n { for j in 0..<n { half[i][j] = (0..<n).reduce(0) { $0 + map[i][$1] * covariance[$1][j] } } }
    for i in 0..<n { for j in 0..<n { covariance[i][j] = (0..<n).reduce(0) { $0 + half[i][$1] * map[j][$1] } } }
    mean = (0..<n).map { i in shift[i] + (0..<n).reduce(0) { $0 + map[i][$1] * mean[$1] } }
    guard let noise = stage.noise.map({ $0 * $0.transpose }) else { return }
    for i in 0..<blocks { for j in 0..<blocks { covariance[i][j] += noise[i, j] } }
  }

  /// k ← u.
  private mutating func keep() {
    for i in 0..<blocks { mean[blocks + i] = mean[i] }
    for i in mean.indices { for j in 0..<blocks { covariance[i][blocks + j] = covariance[i][j] } }
    for i in 0..<blocks { covariance[blocks + i] = covariance[i] }
  }
}

extension SamplerKind {
  /// Pairs of processes and samplers that serve them.
  static let served: [(any ForwardProcess, SamplerKind)] = processes.flatMap { process in
    allCases.filter { $0.make().requirement.isMet(by: process) }.map { (process, $0) }
  }
}

let processes: [any ForwardProcess] = [
  OrnsteinUhlenbeck(horizon: 3), VariancePreserving(),
  CriticallyDampedLangevin(epsilon: 0, velocityVariance: 0.25),
  CriticallyDampedLangevin(epsilon: 0.25, velocityVariance: 0.25),
]
