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
  /// All numbers of the state, the kept state and the score.
  let size: Int
  var mean: [Double]
  /// Row after row, as all matrices here: thousands of steps must not allocate.
  var covariance: [Double]
  private var map, half, shift: [Double]

  init(_ start: Moments, blocks: Int, scored: Int) {
    (self.blocks, self.scored, size) = (blocks, scored, 2 * blocks + scored)
    mean = Array(repeating: 0, count: size)
    covariance = Array(repeating: 0, count: size * size)
    (map, half, shift) = (covariance, covariance, mean)
    // A momentum of the sampler's own starts from N(0, 1).
    for i in 0..<blocks { covariance[i * size + i] = 1 }
    for i in 0..<scored {
      mean[i] = start.mean[i]
      for j in 0..<scored { covariance[i * size + j] = start.covariance[i, j] }
    }
  }

  /// The state's own blocks.
  var state: Moments {
    var moments = Moments(mean: BlockVector(size: scored, repeating: 0), covariance: .zero(scored))
    for i in 0..<scored {
      moments.mean[i] = mean[i]
      for j in 0..<scored { moments.covariance[i, j] = covariance[i * size + j] }
    }
    return moments
  }

  mutating func apply(_ stage: SamplerStage, marginal: Moments) {
    if stage.keeps == .before { keep() }
    begin(stage)
    if stage.score != nil {
      // The new score −Σ⁻¹(u − m) takes the place of the last, after that was used.
      let slope = marginal.covariance.inverse.scaled(by: -1)
      takeScore(slope: slope, offset: (slope * marginal.mean).scaled(by: -1), stage)
    } else {
      for i in 0..<scored { map[(2 * blocks + i) * size + 2 * blocks + i] = 1 }
    }
    transform(stage)
  }

  /// u ← state · u + kept · k + previous · s + noise, k unchanged or the incoming u.
  private mutating func begin(_ stage: SamplerStage) {
    for i in map.indices { map[i] = 0 }
    for i in shift.indices { shift[i] = 0 }
    for i in 0..<blocks {
      map[(blocks + i) * size + (stage.keeps == .after ? 0 : blocks) + i] = 1
      for j in 0..<blocks {
        map[i * size + j] = stage.state[i, j]
        map[i * size + blocks + j] = stage.kept?[i, j] ?? 0
      }
      for j in 0..<scored { map[i * size + 2 * blocks + j] = stage.previous?[i, j] ?? 0 }
    }
  }

  /// s ← slope · u + offset, and u gains its factor times that.
  private mutating func takeScore(slope: BlockMatrix, offset: BlockVector, _ stage: SamplerStage) {
    for i in 0..<scored {
      shift[2 * blocks + i] = offset[i]
      for j in 0..<scored { map[(2 * blocks + i) * size + j] = slope[i, j] }
    }
    guard let factor = stage.score else { return }
    for i in 0..<blocks {
      for j in 0..<scored {
        shift[i] += factor[i, j] * offset[j]
        for k in 0..<scored { map[i * size + k] += factor[i, j] * slope[j, k] }
      }
    }
  }

  /// C ← M C Mᵀ + noise and m ← M m + shift; most of M is zero.
  private mutating func transform(_ stage: SamplerStage) {
    let n = size
    for i in half.indices { half[i] = 0 }
    for i in 0..<n {
      for k in 0..<n where map[i * n + k] != 0 {
        for j in 0..<n { half[i * n + j] += map[i * n + k] * covariance[k * n + j] }
      }
    }
    for i in covariance.indices { covariance[i] = 0 }
    for j in 0..<n {
      for k in 0..<n where map[j * n + k] != 0 {
        shift[j] += map[j * n + k] * mean[k]
        for i in 0..<n { covariance[i * n + j] += half[i * n + k] * map[j * n + k] }
      }
    }
    swap(&mean, &shift)
    guard let noise = stage.noise.map({ $0 * $0.transpose }) else { return }
    for i in 0..<blocks { for j in 0..<blocks { covariance[i * n + j] += noise[i, j] } }
  }

  /// k ← u.
  private mutating func keep() {
    for i in 0..<blocks { mean[blocks + i] = mean[i] }
    for i in 0..<size { for j in 0..<blocks { covariance[i * size + blocks + j] = covariance[i * size + j] } }
    for i in 0..<blocks { for j in 0..<size { covariance[(blocks + i) * size + j] = covariance[i * size + j] } }
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
