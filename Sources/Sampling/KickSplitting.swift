public import Diffusion
internal import LinearAlgebra

/// Symmetric splittings of the reverse SDE into kicks by the score, a drift and a friction; order 2, two evaluations a
/// step.
///
/// ```
/// B: du = D f(u, t) ds,   f = ∇log p_t + S⁻¹u        kick
/// A: du = Q S⁻¹u ds,      Q = −A S − ½D, Qᵀ = −Q     drift, exactly
/// O: du = −½D S⁻¹u ds + N(0, D ds)                   friction and noise, exactly
/// ```
/// A and O leave N(0, S) alone each, and f vanishes on it. In molecular dynamics a kick depends on the position alone
/// and is exact (Leimkuhler and Matthews 2013); here f depends on the velocity too, so the first half kick is an
/// explicit Euler step at t and the last its mirror image at s, u ← u + ½hD f(û, s) with û = u + ½hD f from the last
/// score: together the trapezoidal rule, of order 2, where two explicit ones would have order 1 (as those of Pandey,
/// Rudolph and Mandt 2024, arXiv 2310.07894). The decomposition for any linear process is ours.
public struct KickSplitting: Sampler, Equatable {
  /// How the parts follow each other within a step.
  public enum Arrangement: Sendable, Equatable {
    /// Kick, drift and friction together, kick.
    case leapfrog
    /// Kick, drift, friction, drift, kick.
    case baoab
    /// Friction, kick, drift, kick, friction.
    case obabo
  }

  /// How the parts follow each other within a step.
  public let arrangement: Arrangement

  /// The splitting of a given arrangement.
  public init(_ arrangement: Arrangement) { self.arrangement = arrangement }

  /// The process must leave a law N(0, S) alone.
  public var requirement: ProcessRequirement { .stationary }

  /// Order 2.
  public var order: Int? { 2 }

  /// The stages of a step; those with a score are the two half kicks.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let (a, d) = (process.drift(at: t), process.diffusion(at: t))
    let prior = process.stationaryCovariance ?? process.priorCovariance
    let (h, none) = (process.elapsed(from: s, to: t), BlockMatrix.zero(process.blocks))
    let pull = d * prior.inverse
    let friction = pull.scaled(by: -0.5)
    // Q S⁻¹ = −A − ½D S⁻¹.
    let drift = friction - a
    let half = 0.5 * h
    switch arrangement {
    case .leapfrog:
      let all = BlockMatrix.flow(drift: drift + friction, diffusion: d, over: h)
      return kicked(d, pull, half, from: t, to: s) { $0.append(flow(all, at: t)) }
    case .baoab:
      let move = BlockMatrix.flow(drift: drift, diffusion: none, over: half).map
      let rub = BlockMatrix.flow(drift: friction, diffusion: d, over: h)
      let all = (map: move * rub.map * move, covariance: move * rub.covariance * move.transpose)
      return kicked(d, pull, half, from: t, to: s) { $0.append(flow(all, at: t)) }
    case .obabo:
      let move = BlockMatrix.flow(drift: drift, diffusion: none, over: h).map
      let rub = flow(BlockMatrix.flow(drift: friction, diffusion: d, over: half), at: t)
      return [rub] + kicked(d, pull, half, from: t, to: s) { $0.append(SamplerStage(state: move, at: t)) } + [rub]
    }
  }

  private func flow(_ flow: (map: BlockMatrix, covariance: BlockMatrix), at t: Double) -> SamplerStage {
    SamplerStage(state: flow.map, at: t, noise: flow.covariance.cholesky())
  }

  /// A half kick at t, what stands between, a half kick at s.
  private func kicked(
    _ d: BlockMatrix, _ pull: BlockMatrix, _ half: Double, from t: Double, to s: Double,
    _ between: (inout [SamplerStage]) -> Void
  ) -> [SamplerStage] {
    let (one, kick) = (BlockMatrix.identity(d.size), d.scaled(by: half))
    let opened = one + pull.scaled(by: half)
    var stages = [SamplerStage(state: opened, score: kick, at: t)]
    between(&stages)
    stages.append(SamplerStage(state: opened, at: s, previous: kick, keeps: .before))
    stages.append(SamplerStage(state: pull.scaled(by: half), kept: one, score: kick, at: s))
    return stages
  }
}
