public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// Consistent annealed sampling: a Langevin step of size δ to the next noise level, with as much new noise as that level lacks;
/// one evaluation a step.
///
/// ```
/// u_s = M_s x̂_0 + k L_s L_t⁻¹ (u_t − M_t x̂_0) + √(1 − k²) L_s z,   k = (1 − δ) σ_t/σ_s within [−1, 1],   σ = snr^{−½}
/// ```
/// For the variance-exploding process it is u + δσ_t²∇log p_t(u) + √(σ_s² − (1 − δ)²σ_t²) z: Jolicoeur-Martineau, Piché-Taillefer,
/// Tachet des Combes and Mitliagkas 2021, arXiv 2009.05475, algorithm 2. Where a step is so long that the noise kept is more than
/// the next level has, |k| = 1: nothing is drawn, and at k = 1 the step is that of `ImplicitSampler`. The form for all other
/// processes is ours. For data N(0, v) and many steps the variance at a level settles at (2 − δ)/(2 − δb) of the true one,
/// b = σ²/(v + σ²): a bias of order δ, as `AnnealedLangevin` has one.
public struct ConsistentAnnealedSampling: Sampler, Equatable {
  /// δ, the share of the noise that a step replaces.
  public let stepSize: Double

  /// The scheme with the size of its steps.
  public init(stepSize: Double = SamplerOptions.standard.stepSize) {
    precondition(stepSize > 0 && stepSize < 2, "a step of \(stepSize)")
    self.stepSize = stepSize
  }

  /// None: a bias of order δ stays at any number of times.
  public var order: Int? { nil }

  /// Kernels alone: steps start where something of the data is left.
  public var requirement: ProcessRequirement { .kernel }

  /// One stage, with the posterior mean at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let (kernel, end) = (process.kernel(at: t), process.kernel(at: s))
    let ratio = exp(process.noiseLevel(at: t) - process.noiseLevel(at: s))
    let kept = min(max((1 - stepSize) * ratio, -1), 1)
    let step = DenoisingStep(
      map: (end.cholesky * kernel.cholesky.inverse).scaled(by: kept), from: kernel, to: end)
    return [
      SamplerStage(
        state: step.map + step.gain.outer(step.reading.state), score: step.gain.outer(step.reading.score), at: t,
        noise: abs(kept) < 1 ? end.cholesky.scaled(by: (1 - kept * kept).squareRoot()) : nil)
    ]
  }
}
