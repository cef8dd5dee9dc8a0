public import Diffusion
public import LinearAlgebra
public import Sampling

/// How a learned score differs from the exact one, simple enough to stay affine for Gaussian data.
///
/// ```
/// s^θ = (1 + relative) s + shift
/// ```
public struct ScorePerturbation: Sendable, Equatable {
  /// A number added to every element of the score.
  public var shift: Double
  /// A relative error of the score.
  public var relative: Double

  /// No perturbation, or the given one.
  public init(shift: Double = 0, relative: Double = 0) {
    self.shift = shift
    self.relative = relative
  }
}

/// One coordinate's step of a sampler with an affine score.
///
/// ```
/// u ← factor · u + offset + N(0, noise)
/// ```
public struct AffineStep: Sendable, Equatable {
  /// The factor of the state.
  public var factor: BlockMatrix
  /// What is added.
  public var offset: BlockVector
  /// The covariance of the noise.
  public var noise: BlockMatrix

  /// The law after the step.
  public func callAsFunction(_ law: GaussianMoments) -> GaussianMoments {
    GaussianMoments(
      mean: factor * law.mean + offset, covariance: factor * law.covariance * factor.transpose + noise)
  }
}

/// The exact recursion of mean and covariance of a sampler on Gaussian data: no sampling error.
public struct MomentRecursion: Sendable {
  /// The forward process.
  public let process: any ForwardProcess
  /// The data.
  public let data: GaussianData
  /// The scheme.
  public let sampler: any Sampler

  /// The recursion of a sampler that reverses a process on given data.
  public init(process: any ForwardProcess, data: GaussianData, sampler: any Sampler) {
    self.process = process
    self.data = data
    self.sampler = sampler
  }

  /// Every coordinate's steps between the times of a decreasing grid, shape `[steps][dimension]`.
  public func steps(over times: [Double], perturbation: ScorePerturbation = ScorePerturbation()) -> [[AffineStep]] {
    guard let steps = sampler.singleSteps(of: process, over: times) else {
      preconditionFailure("the moments of a sampler that looks back or adapts")
    }
    return steps.map { stages in
      let marginals = stages.map { data.marginal(process, at: $0.time) }
      return (0..<data.dimension).map { i in
        var (now, kept) = (StepInProgress(blocks: process.blocks), StepInProgress(blocks: process.blocks))
        for (stage, marginal) in zip(stages, marginals) {
          let incoming = now
          if stage.keeps == .before { kept = incoming }
          now = now.after(stage, kept: kept, marginal: marginal.coordinates[i], perturbation: perturbation)
          if stage.keeps == .after { kept = incoming }
        }
        return now.step
      }
    }
  }

  /// The law after all steps from `start`.
  public func end(
    of start: GaussianLaw, over times: [Double], perturbation: ScorePerturbation = ScorePerturbation()
  ) -> GaussianLaw {
    steps(over: times, perturbation: perturbation).reduce(start) { law, steps in
      GaussianLaw(zip(law.coordinates, steps).map { $1($0) })
    }
  }

  /// N + 1 equal steps' times from the horizon to `finalTime`, which may be 0.
  public static func uniformTimes(from horizon: Double, to finalTime: Double = 0, steps: Int) -> [Double] {
    (0...steps).map { finalTime + (horizon - finalTime) * (Double(steps - $0) / Double(steps)) }
  }
}

extension Sampler {
  /// The stages of every step along a grid; nil for a scheme that looks back to another step, from its second step on or
  /// within one, or whose steps are each sample's own.
  func singleSteps(of process: any ForwardProcess, over times: [Double]) -> [[SamplerStage]]? {
    let steps = zip(times, times.dropFirst()).map { step(process, from: $0, to: $1) }
    let later = times.count > 2 ? step(process, from: times[1], to: times[2], after: times[0]) : []
    return (steps + [later]).allSatisfy { $0.allSatisfy(\.isSingleStep) } ? steps : nil
  }
}

extension SamplerStage {
  /// Whether the stage is affine for an affine score and knows its own step alone.
  fileprivate var isSingleStep: Bool { previous == nil && signalToNoise == nil }
}

/// A state inside a step: factor · (state at the step's start) + offset + Σ noises · Z.
private struct StepInProgress {
  var factor: BlockMatrix
  var offset: BlockVector
  var noises: [BlockMatrix] = []

  init(blocks: Int) {
    factor = .identity(blocks)
    offset = BlockVector(size: blocks, repeating: 0)
  }

  var step: AffineStep {
    let noise = noises.reduce(.zero(factor.size)) { $0 + $1 * $1.transpose }
    return AffineStep(factor: factor, offset: offset, noise: noise)
  }

  func after(
    _ stage: SamplerStage, kept: StepInProgress, marginal: GaussianMoments, perturbation: ScorePerturbation
  ) -> StepInProgress {
    let none = BlockMatrix.zero(factor.size)
    let reach = stage.score ?? none
    // s^θ = −(1 + relative) Σ⁻¹(u − μ) + shift
    let slope = stage.score == nil ? none : (reach * marginal.covariance.inverse).scaled(by: 1 + perturbation.relative)
    let linear = stage.state - slope
    let held = stage.kept ?? none
    let shift = reach * BlockVector(size: factor.size, repeating: perturbation.shift)
    var result = self
    result.factor = linear * factor + held * kept.factor
    result.offset = linear * offset + slope * marginal.mean + held * kept.offset + shift
    result.noises = noises.enumerated().map { i, n in
      linear * n + (i < kept.noises.count ? held * kept.noises[i] : none)
    }
    if let noise = stage.noise { result.noises.append(noise) }
    return result
  }
}
