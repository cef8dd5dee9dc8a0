public import Diffusion
internal import LinearAlgebra

/// A step from t to s that keeps a posterior mean x̂_0 fixed.
///
/// ```
/// u_s = K u_t + (M_s − K M_t) x̂_0,   x̂_0 = pᵀu + qᵀ∇log p_t(u)   (Tweedie)
/// ```
/// Exact for data at one point, whatever K: only the noise L e in u = M x_0 + L e is mapped by K.
struct DenoisingStep {
  /// K, shape c×c.
  let map: BlockMatrix
  /// M_s − K M_t.
  let gain: BlockVector
  /// p and q at t.
  let reading: PosteriorMeanReading

  init(map: BlockMatrix, from kernel: Kernel, to end: Kernel) {
    self.map = map
    gain = end.mean - map * kernel.mean
    reading = PosteriorMeanReading(kernel)
  }

  /// K that carries the noise's factor at t to that at s: L_s L_t⁻¹.
  static func deterministic(_ process: any ForwardProcess, from t: Double, to s: Double) -> DenoisingStep {
    let (kernel, end) = (process.kernel(at: t), process.kernel(at: s))
    return DenoisingStep(map: end.cholesky * kernel.cholesky.inverse, from: kernel, to: end)
  }
}

/// The coefficients of E[x_0|u] in state and score at one time, c elements each.
struct PosteriorMeanReading {
  let state: BlockVector
  let score: BlockVector

  init(_ kernel: Kernel) {
    let weights = kernel.tweedie
    state = weights.state.row(0)
    score = weights.score.row(0)
  }
}

/// Ancestral sampling: a draw of u_s given u_t and x_0, with E[x_0|u_t] for x_0; weak order 1, one evaluation a step.
///
/// ```
/// u_s ~ N(M_s x̂_0 + K (u_t − M_t x̂_0), Q),   K = H_s Φᵀ H_t⁻¹,   Q = (I − KΦ) H_s (I − KΦ)ᵀ + K C Kᵀ
/// ```
/// Φ and C are the transition's from s to t. The method is algorithm 2 of Ho, Jain and Abbeel 2020, arXiv 2006.11239, for any
/// linear process. With several blocks M and H are those of the kernel given the data alone. Q is written so that nothing cancels.
///
/// Q is the usual variance of a step, and for DDPM's process it is β̃. `ReverseVariance.forward` puts C in its place, which is
/// DDPM's β. `ReverseVariance.learned` lets the score say for each coordinate where between the two its variance lies; that needs
/// a process of one block.
public struct AncestralSampler: Sampler {
  /// The variance of a step.
  public let variance: ReverseVariance

  /// The scheme with a variance of its steps.
  public init(variance: ReverseVariance = .posterior) { self.variance = variance }

  /// Order 1.
  public var order: Int? { 1 }

  /// Kernels alone: steps start where something of the data is left.
  public var requirement: ProcessRequirement { .kernel }

  /// One stage, with the posterior mean at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let kernel = process.kernel(at: t)
    let forward = process.transition(from: s, to: t)
    let step = AncestralStep(from: kernel, to: process.kernel(at: s), forward)
    let reading = PosteriorMeanReading(kernel)
    let noise =
      switch variance {
      case .posterior: step.noise
      case .forward: forward.covariance.cholesky()
      case .learned: BlockMatrix.identity(process.blocks)
      }
    return [
      SamplerStage(
        state: step.map + step.gain.outer(reading.state), score: step.gain.outer(reading.score), at: t, noise: noise,
        variances: variance == .learned ? VarianceRange(ReverseStep(process, from: t, to: s)) : nil)
    ]
  }
}

/// The variance of an ancestral step.
///
/// The true variance of u_s given u_t depends on how far x_0 is known. For data of variance up to 1 under a variance-preserving
/// process it lies between `posterior` and `forward`. Ho, Jain and Abbeel 2020, arXiv 2006.11239, section 3.2.
public enum ReverseVariance: String, Sendable, CaseIterable {
  /// `posterior`: Q, that of u_s given u_t and x_0; right for data at one point. DDPM's β̃.
  case posterior
  /// `forward`: C, that of u_t given u_s; right for data N(0, 1) under a variance-preserving process. DDPM's β.
  case forward
  /// `learned`: exp(v ln β + (1 − v) ln β̃) with v from the network; β and β̃ are those of the step at hand, however long.
  ///
  /// Nichol and Dhariwal 2021, arXiv 2102.09672, eq. 15 and section 4.
  case learned
}

/// The parts of an ancestral step: u_s = K u_t + (M_s − K M_t) x_0 + L z.
struct AncestralStep {
  /// K.
  let map: BlockMatrix
  /// M_s − K M_t.
  let gain: BlockVector
  /// L, lower triangular: LLᵀ = Q.
  let noise: BlockMatrix

  init(from kernel: Kernel, to end: Kernel, _ forward: Transition) {
    let whitening = kernel.cholesky.inverse
    map = end.covariance * forward.map.transpose * (whitening.transpose * whitening)
    gain = end.mean - map * kernel.mean
    let rest = BlockMatrix.identity(map.size) - map * forward.map
    noise = (rest * end.covariance * rest.transpose + map * forward.covariance * map.transpose).cholesky()
  }

  /// a = L⁻¹(M_s − K M_t): what the step adds to what is known of x_0, |a|² = snr(s) − snr(t), in units of its noise.
  var whitenedGain: BlockVector { noise.inverse * gain }
}

/// The implicit sampler (DDIM); order 1, one evaluation a step.
///
/// A step keeps the posterior mean and the noise, and draws a part η of the noise anew.
///
/// ```
/// u_s = M_s x̂_0 + L̃ L_t⁻¹ (u_t − M_t x̂_0) + η Q^½ z,   L̃ L̃ᵀ = H_s − η²Q = (1 − η²) H_s + η² K H_t Kᵀ,   x̂_0 = E[x_0|u_t]
/// ```
/// K and Q are those of `AncestralSampler`. At η = 0 the step is deterministic, and at η = 1 it is the ancestral one: Song, Meng
/// and Ermon 2021, arXiv 2010.02502, eqs. 12 and 16. With several blocks L is the lower Cholesky factor. Then the flow of η = 0 is
/// not the probability flow. It has a further drift R∇log p with Rᵀ = −R, a rotation of the noise, which changes no p_t.
public struct ImplicitSampler: Sampler {
  /// η, from 0 to 1.
  public let eta: Double

  /// The scheme that draws a part of the noise anew.
  public init(eta: Double = 0) {
    precondition(eta >= 0 && eta <= 1, "η = \(eta)")
    self.eta = eta
  }

  /// Order 1.
  public var order: Int? { 1 }

  /// Kernels alone: steps start where something of the data is left.
  public var requirement: ProcessRequirement { .kernel }

  /// One stage, with the posterior mean at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    var step = DenoisingStep.deterministic(process, from: t, to: s)
    var noise: BlockMatrix?
    if eta > 0 {
      let (kernel, end) = (process.kernel(at: t), process.kernel(at: s))
      let ancestral = AncestralStep(from: kernel, to: end, process.transition(from: s, to: t))
      let mapped = ancestral.map * kernel.cholesky
      let kept = end.covariance.scaled(by: 1 - eta * eta) + (mapped * mapped.transpose).scaled(by: eta * eta)
      step = DenoisingStep(map: kept.cholesky() * kernel.cholesky.inverse, from: kernel, to: end)
      noise = ancestral.noise.scaled(by: eta)
    }
    return [
      SamplerStage(
        state: step.map + step.gain.outer(step.reading.state), score: step.gain.outer(step.reading.score), at: t,
        noise: noise)
    ]
  }
}

/// DPM-Solver++ 2M: the implicit sampler with the posterior mean extrapolated from two steps; order 2, one evaluation a
/// step.
///
/// ```
/// u_s = L_s L_t⁻¹ u_t + (M_s − L_s L_t⁻¹ M_t) ((1 + ρ) x̂_t − ρ x̂_r),   ρ = (λ_s − λ_t) / 2(λ_t − λ_r),   λ = ½ ln snr
/// ```
/// Lu et al. 2022, arXiv 2211.01095, algorithm 2. The first step is that of `ImplicitSampler`, and L of several
/// blocks is the lower Cholesky factor as there.
public struct DPMSolverMultistep: Sampler {
  /// The scheme; it has no parameters.
  public init() {}

  /// Order 2.
  public var order: Int? { 2 }

  /// Kernels alone: steps start where something of the data is left.
  public var requirement: ProcessRequirement { .kernel }

  /// The first step, of order 1; it keeps its state for the second.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    var stages = ImplicitSampler().step(process, from: t, to: s)
    stages[0].keeps = .after
    return stages
  }

  /// One stage, from the posterior means at t and at r.
  public func step(
    _ process: any ForwardProcess, from t: Double, to s: Double, after r: Double
  ) -> [SamplerStage] {
    let step = DenoisingStep.deterministic(process, from: t, to: s)
    let last = process.kernel(at: r)
    let before = PosteriorMeanReading(last)
    let now = process.noiseLevel(at: t)
    let ratio = 0.5 * (now - process.noiseLevel(at: s)) / (process.noiseLevel(at: r) - now)
    let (gain, old) = (step.gain.scaled(by: 1 + ratio), step.gain.scaled(by: -ratio))
    return [
      SamplerStage(
        state: step.map + gain.outer(step.reading.state), kept: old.outer(before.state),
        score: gain.outer(step.reading.score), at: t, previous: old.outer(before.score), keeps: .after)
    ]
  }
}
