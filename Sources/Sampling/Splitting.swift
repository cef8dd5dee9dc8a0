public import Diffusion
internal import LinearAlgebra

/// Symmetric splitting of the reverse SDE into an exact linear part and a score part.
///
/// ```
/// du = Ã u ds + N(0, D ds)  +  D f(u) ds,   Ã = −A − D S⁻¹,   f(u) = ∇log p_t(u) + S⁻¹u
/// half linear step, full score step of length h = τ(t) − τ(s), half linear step
/// Euler:     u ← u + hD f(u)
/// midpoint:  u* = u + ½hD f(u),  u ← u + hD f(u*)
/// ```
/// S is the stationary covariance, so the linear part leaves N(0, S) alone and f vanishes on it. Scores are taken at
/// the middle (t + s)/2, and each half step has its own interval of τ. Contains the SSCS of Dockhorn, Vahdat and Kreis
/// 2022 (arXiv 2112.07068), which is the Euler score step at ε = 0; that has order 1, the midpoint's order 2.
public struct Splitting: Sampler, Equatable {
  /// How the score's part of a step is taken.
  public enum ScoreStep: Sendable, Equatable {
    /// One evaluation, order 1.
    case euler
    /// Two evaluations, order 2.
    case midpoint
  }

  /// How the score's part of a step is taken.
  public let scoreStep: ScoreStep

  /// The splitting with a score step of the given kind.
  public init(scoreStep: ScoreStep) { self.scoreStep = scoreStep }

  /// The process must leave a law N(0, S) alone.
  public var requirement: ProcessRequirement { .stationary }

  /// Order 1 with the Euler score step, 2 with the midpoint's.
  public var order: Int? { scoreStep == .euler ? 1 : 2 }

  /// The stages of a step; the process must have its prior as stationary law.
  public func step(_ process: any ForwardProcess, from t: Double, to s: Double) -> [SamplerStage] {
    let middle = 0.5 * (t + s)
    let (a, d) = (process.drift(at: middle), process.diffusion(at: middle))
    let prior = process.stationaryCovariance ?? process.priorCovariance
    let pull = d * prior.inverse
    let reverse = (a + pull).scaled(by: -1)
    let first = BlockMatrix.flow(drift: reverse, diffusion: d, over: process.elapsed(from: middle, to: t))
    let last = BlockMatrix.flow(drift: reverse, diffusion: d, over: process.elapsed(from: s, to: middle))
    let (h, one) = (process.elapsed(from: s, to: t), BlockMatrix.identity(process.blocks))
    let noise = last.covariance.cholesky()

    var stages = [SamplerStage(state: first.map, at: t, noise: first.covariance.cholesky())]
    switch scoreStep {
    case .euler:
      stages.append(
        SamplerStage(
          state: last.map * (one + pull.scaled(by: h)), score: last.map * d.scaled(by: h), at: middle, noise: noise))
    case .midpoint:
      stages.append(
        SamplerStage(
          state: one + pull.scaled(by: 0.5 * h), score: d.scaled(by: 0.5 * h), at: middle, keeps: .before))
      stages.append(
        SamplerStage(
          state: last.map * pull.scaled(by: h), kept: last.map, score: last.map * d.scaled(by: h), at: middle,
          noise: noise))
    }
    return stages
  }
}
