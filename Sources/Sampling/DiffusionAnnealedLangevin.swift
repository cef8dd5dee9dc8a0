public import Diffusion
internal import LinearAlgebra
internal import RealFunctions

/// Diffusion annealed Langevin dynamics: overdamped Langevin dynamics along the path p_T … p_{t_f}, at speed κ.
///
/// ```
/// dY = ∇log p_{T(1 − κr)}(Y) dr + √2 dB,   r from 0 to (1 − t_f/T)/κ
/// ```
/// by Euler–Maruyama: weak order 1 in the step of r, one evaluation a step. The law at the end differs from p_{t_f} by a
/// bias that vanishes with κ, whatever the step. Cordero-Encinar, Akyildiz and Duncan 2025, arXiv 2502.09306.
public struct DiffusionAnnealedLangevin: Sampler, Equatable {
  /// κ: the path is gone through in the time 1/κ.
  public let slowdown: Double

  /// The dynamics at speed `slowdown`, positive.
  public init(slowdown: Double = SamplerOptions.standard.slowdown) {
    precondition(slowdown > 0 && slowdown.isFinite, "slow-down \(slowdown)")
    self.slowdown = slowdown
  }

  /// The process must run on the data alone.
  public var requirement: ProcessRequirement { .path }

  /// None: a bias of the speed κ stays at any step.
  public var order: Int? { nil }

  /// One stage, with the score at t.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = annealing(process, from: t, to: s, slowdown)
    return [
      SamplerStage(
        state: BlockMatrix(1), score: BlockMatrix(h), at: t, noise: BlockMatrix((2 * h).squareRoot()))
    ]
  }
}

/// The Nelson process: annealed Langevin dynamics with the path's own velocity, which removes its bias.
///
/// ```
/// dY = (∇log p_{T(1 − κr)} + κ v)(Y) dr + √2 dB
/// ```
/// v the velocity of the probability flow: the law at r is p_{T(1 − κr)} exactly. The transport over a step is that of
/// `ImplicitSampler`, from the same score: weak order 1, one evaluation a step. Nelson 1967, ch. 13; Cordero-Encinar,
/// Akyildiz and Duncan 2025, arXiv 2502.09306.
public struct NelsonProcess: Sampler, Equatable {
  /// κ: the path is gone through in the time 1/κ.
  public let slowdown: Double

  /// The process at speed `slowdown`, positive.
  public init(slowdown: Double = SamplerOptions.standard.slowdown) {
    precondition(slowdown > 0 && slowdown.isFinite, "slow-down \(slowdown)")
    self.slowdown = slowdown
  }

  /// The process must run on the data alone.
  public var requirement: ProcessRequirement { .singleBlock }

  /// Order 1.
  public var order: Int? { 1 }

  /// One stage: transport and Langevin drift from the score at t, and the noise.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = annealing(process, from: t, to: s, slowdown)
    var stages = ImplicitSampler().step(process, from: t, to: s)
    stages[0].score = stages[0].score.map { $0 + BlockMatrix(h) }
    stages[0].noise = BlockMatrix((2 * h).squareRoot())
    return stages
  }
}

/// Underdamped diffusion annealed Langevin dynamics by OBABO: order 2 in the step of r, one evaluation a step.
///
/// ```
/// dY = V dr,   dV = (−γV + ∇log p_{T(1 − κr)}(Y)) dr + √(2γ) dB,   V_0 ~ N(0, I)
/// ```
/// The momentum V is a block of the sampler's own. The second half kick of a step and the first of the next are from the
/// same score. Cordero-Encinar, Akyildiz and Duncan 2025, arXiv 2502.09306, section 4.
public struct UnderdampedAnnealedLangevin: Sampler, Equatable {
  /// κ: the path is gone through in the time 1/κ.
  public let slowdown: Double
  /// γ.
  public let friction: Double

  /// The dynamics at speed `slowdown` with a friction, both positive.
  public init(
    slowdown: Double = SamplerOptions.standard.slowdown, friction: Double = SamplerOptions.standard.friction
  ) {
    precondition(slowdown > 0 && slowdown.isFinite && friction > 0, "slow-down \(slowdown), friction \(friction)")
    self.slowdown = slowdown
    self.friction = friction
  }

  /// The process must run on the data alone.
  public var requirement: ProcessRequirement { .path }

  /// Position and momentum.
  public func blocks(for process: any ForwardProcess) -> Int { 2 }

  /// None: a bias of the speed κ stays at any step.
  public var order: Int? { nil }

  /// The first step, which evaluates the score for its first half kick too.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let h = annealing(process, from: t, to: s, slowdown)
    let kick = SamplerStage(state: .identity(2), score: BlockMatrix(0, 0, 0.5 * h, 0), at: t)
    return stages(h, at: t, to: s, kick)
  }

  /// A later step, whose first half kick takes the score of the step before.
  public func step(
    _ process: any ForwardProcess, from t: Double, to s: Double, after r: Double
  ) -> [SamplerStage] {
    let h = annealing(process, from: t, to: s, slowdown)
    return stages(h, at: t, to: s, SamplerStage(state: .identity(2), at: t, previous: BlockMatrix(0, 0, 0.5 * h, 0)))
  }

  private func stages(_ h: Double, at t: Double, to s: Double, _ kick: SamplerStage) -> [SamplerStage] {
    let rub = SamplerStage(
      state: BlockMatrix(1, 0, 0, exp(-0.5 * friction * h)), at: t,
      noise: BlockMatrix(0, 0, 0, (-expm1(-friction * h)).squareRoot()))
    let drift = SamplerStage(state: BlockMatrix(1, h, 0, 1), at: t)
    let last = SamplerStage(state: .identity(2), score: BlockMatrix(0, 0, 0.5 * h, 0), at: s)
    return [rub, kick, drift, last, rub]
  }
}

/// The time of annealing between two diffusion times: the path is gone through in 1/κ.
private func annealing(_ process: any ForwardProcess, from t: Double, to s: Double, _ slowdown: Double) -> Double {
  (t - s) / (process.horizon * slowdown)
}
