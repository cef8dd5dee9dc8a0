public import LinearAlgebra
internal import RealFunctions

/// The annealed path from data to a base law, `annealed`.
///
/// ```
/// X_t = √λ x_0 + √(1 − λ) s e,   e ~ N(0, 1) or Student-t,   λ falls from 1 at t = 0
/// ```
/// Cordero-Encinar, Akyildiz and Duncan 2025, arXiv 2502.09306, whose time runs from base to data: theirs is 1 − t/T.
/// With the Gaussian base it is an Ornstein–Uhlenbeck process in the clock τ = −½ ln λ, which is infinite where λ = 0.
/// With the Student-t base there is no linear SDE: one mixing variable w is shared by all times.
public struct AnnealedPath: ForwardProcess, Equatable {
  /// λ(t).
  public enum Annealing: String, Sendable, CaseIterable {
    /// `linear`: 1 − t/T.
    case linear
    /// `cosine`: cos²(½πt/T).
    case cosine
    /// `exponential`: e^{−2t}, which ends at e^{−2T} and not at 0.
    case exponential
  }

  /// λ(t).
  public let annealing: Annealing
  /// s, the base's scale beside data of unit variance.
  public let scale: Double
  /// The law of e.
  public let noise: NoiseLaw
  /// The last diffusion time T, that of the base.
  public let horizon: Double

  /// The path from the data to a base of the given law and scale.
  public init(
    annealing: Annealing = ProcessOptions.standard.annealing, base: NoiseLaw = .gaussian,
    scale: Double = ProcessOptions.standard.baseScale, horizon: Double = 1
  ) {
    precondition(scale > 0 && scale.isFinite, "scale \(scale)")
    precondition(horizon > 0 && horizon.isFinite, "horizon \(horizon)")
    if case .studentT(let degrees) = base { precondition(degrees > 0, "\(degrees) degrees of freedom") }
    self.annealing = annealing
    self.scale = scale
    self.horizon = horizon
    noise = base
  }

  /// One block: the path is that of the data alone.
  public var blocks: Int { 1 }
  /// Zero: at t = 0 the state is the data.
  public var initialVariance: BlockVector { BlockVector(0) }
  /// s², the base's.
  public var priorCovariance: BlockMatrix { BlockMatrix(scale * scale) }
  /// s² for the exponential path with a Gaussian base; else the clock is infinite or there is no process.
  public var stationaryCovariance: BlockMatrix? {
    annealing == .exponential && noise == .gaussian ? priorCovariance : nil
  }
  /// τ = −½ ln λ.
  public func clock(_ t: Double) -> Double { elapsed(from: 0, to: t) }

  /// λ(t).
  public func lambda(_ t: Double) -> Double {
    switch annealing {
    case .linear: return (horizon - t) / horizon
    case .cosine:
      let root = cosine(t)
      return root * root
    case .exponential: return exp(-2 * t)
    }
  }

  /// dτ/dt = −λ'/(2λ).
  public func rate(at t: Double) -> Double {
    switch annealing {
    case .linear: 0.5 / (horizon - t)
    case .cosine: turn * sin(turn * t) / cosine(t)
    case .exponential: 1
    }
  }

  /// A = −1 at every t.
  public func drift(at t: Double) -> BlockMatrix { coefficient(-1) }
  /// D = 2s² at every t.
  public func diffusion(at t: Double) -> BlockMatrix { coefficient(2 * scale * scale) }

  /// ½ ln(λ(s)/λ(t)), without cancellation for s near t.
  public func elapsed(from s: Double, to t: Double) -> Double {
    switch annealing {
    case .linear: return 0.5 * log1p((t - s) / (horizon - t))
    case .cosine:
      // √λ(s) − √λ(t) as a product.
      let fall = 2 * sin(0.5 * turn * (s + t)) * sin(0.5 * turn * (t - s))
      return log1p(fall / cosine(t))
    case .exponential: return t - s
    }
  }

  /// Φ = √(λ(t)/λ(s)) and C = s²(1 − λ(t)/λ(s)), for a Gaussian base.
  public func transition(from s: Double, to t: Double) -> Transition {
    precondition(noise == .gaussian, "the path from a Student-t base has no transitions")
    return gaussianTransition(elapsed(from: s, to: t))
  }

  /// M = √λ and H = s²(1 − λ); the scale matrix for a Student-t base.
  public func kernel(at t: Double) -> Kernel {
    let transition = gaussianTransition(clock(t))
    return Kernel(mean: transition.map.column(0), covariance: transition.covariance)
  }

  /// With λ' for dλ/dt: −λ'/(2(1−λ)) u + λ'/(2√λ(1−λ)) E[x_0|u].
  ///
  /// For `linear` the second factor is infinite at T: the path leaves the base at infinite speed.
  public func pathVelocity(at t: Double) -> PathVelocity {
    precondition(noise == .gaussian, "the path from a Student-t base has no velocity in closed form")
    let (state, mean) =
      switch annealing {
      case .linear: (0.5 / t, -0.5 / (t * lambda(t).squareRoot()))
      case .cosine: (turn * cosine(t) / sin(turn * t), -turn / sin(turn * t))
      case .exponential: (-exp(-2 * t) / expm1(-2 * t), exp(-t) / expm1(-2 * t))
      }
    return PathVelocity(state: BlockMatrix(state), mean: BlockVector(mean))
  }

  private func gaussianTransition(_ tau: Double) -> Transition {
    Transition(map: BlockMatrix(exp(-tau)), covariance: BlockMatrix(-scale * scale * expm1(-2 * tau)))
  }

  private func coefficient(_ value: Double) -> BlockMatrix {
    precondition(noise == .gaussian, "the path from a Student-t base solves no linear SDE")
    return BlockMatrix(value)
  }

  /// ½π/T.
  private var turn: Double { 0.5 * Double.pi / horizon }
  /// cos(½πt/T) as a sine of the time left, exactly 0 at T.
  private func cosine(_ t: Double) -> Double { sin(turn * (horizon - t)) }
}
