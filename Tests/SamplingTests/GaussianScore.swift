import Diffusion
import LinearAlgebra
import Sampling

/// Data N(mean, variance) in every coordinate: its marginals and their exact score.
struct GaussianScore: Score {
  let process: any ForwardProcess
  let dimension: Int
  var mean = 0.7
  var variance = 0.3

  func marginal(at t: Double) -> Moments {
    let kernel = process.kernel(at: t)
    let spread = kernel.mean.outer(kernel.mean).scaled(by: variance)
    return Moments(mean: kernel.mean.scaled(by: mean), covariance: kernel.covariance + spread)
  }

  mutating func evaluate(_ state: borrowing Matrix, at t: Double, into score: inout Matrix) {
    let law = marginal(at: t)
    let factor = law.covariance.inverse.scaled(by: -1)
    let offset = factor * law.mean
    score.assign(factor, times: state, dimension: dimension)
    for r in 0..<score.rows { for j in 0..<score.columns { score[r, j] -= Float(offset[j / dimension]) } }
  }
}

/// The mean and covariance of a Gaussian state, alike for every coordinate.
struct Moments {
  var mean: BlockVector
  var covariance: BlockMatrix

  func distance(to other: Moments) -> Double {
    let shift = mean - other.mean
    return shift.dot(shift).squareRoot() + (covariance - other.covariance).norm
  }

  /// The law after a sampler's steps with the exact score, which is affine: no sampling error.
  func propagated(by sampler: any Sampler, over times: [Double], score: GaussianScore) -> Moments {
    var law = self
    for (t, s) in zip(times, times.dropFirst()) {
      var (now, kept) = (Affine(blocks: mean.size), Affine(blocks: mean.size))
      for stage in sampler.step(score.process, from: t, to: s) {
        if stage.keeps { kept = now }
        now = now.after(stage, kept: kept, marginal: score.marginal(at: stage.time))
      }
      var covariance = now.factor * law.covariance * now.factor.transpose
      for noise in now.noises { covariance = covariance + noise * noise.transpose }
      law = Moments(mean: now.factor * law.mean + now.offset, covariance: covariance)
    }
    return law
  }
}

/// A state inside a step: factor · (state at the step's start) + offset + Σ noises · Z.
private struct Affine {
  var factor: BlockMatrix
  var offset: BlockVector
  var noises: [BlockMatrix] = []

  init(blocks: Int) {
    factor = .identity(blocks)
    offset = BlockVector(size: blocks, repeating: 0)
  }

  func after(_ stage: SamplerStage, kept: Affine, marginal: Moments) -> Affine {
    let slope = (stage.score ?? .zero(factor.size)) * marginal.covariance.inverse
    let linear = stage.state - slope
    let held = stage.kept ?? .zero(factor.size)
    var result = self
    result.factor = linear * factor + held * kept.factor
    result.offset = linear * offset + slope * marginal.mean + held * kept.offset
    result.noises = noises.enumerated().map { i, n in
      linear * n + (i < kept.noises.count ? held * kept.noises[i] : .zero(factor.size))
    }
    if let noise = stage.noise { result.noises.append(noise) }
    return result
  }
}

let processes: [any ForwardProcess] = [
  OrnsteinUhlenbeck(horizon: 3), VariancePreserving(),
  CriticallyDampedLangevin(epsilon: 0, velocityVariance: 0.25),
  CriticallyDampedLangevin(epsilon: 0.25, velocityVariance: 0.25),
]
