/// A forward process and the parameters of all of them; a kind uses those that belong to it.
public struct ProcessOptions: Sendable, Equatable {
  /// Which process on real numbers.
  public var kind = ProcessKind.variancePreserving
  /// The chain of discrete states in place of `kind`, of `chainSteps` steps; nil for a process on real numbers.
  public var chain: DiscreteProcessKind?
  /// β(t) of a process with a schedule.
  public var schedule = NoiseSchedule.Kind.linear
  /// β at time 0.
  public var betaMinimum = 0.1
  /// β at the horizon.
  public var betaMaximum = 20.0
  /// Drift parameter a of critically damped Langevin.
  public var a = 1.0
  /// Diffusion parameter σ of critically damped Langevin.
  public var sigma = 1.4142135623730951
  /// Noise ε on the position.
  public var epsilon = 0.25
  /// Velocity variance v² at time 0.
  public var velocityVariance = 0.01
  /// β of a constant schedule.
  public var beta = 4.0
  /// Growth rate of an exponential schedule.
  public var betaGrowth = 3.0
  /// Steps T of the chain of a discrete schedule.
  public var chainSteps = 1000
  /// σ of the variance-exploding process at time 0.
  public var sigmaMinimum = 0.01
  /// σ of the variance-exploding process at the horizon.
  public var sigmaMaximum = 50.0
  /// What the variance-exploding process starts generation from.
  public var prior = VarianceExploding.Prior.noise
  /// Γ of phase-space Langevin.
  public var positionDamping = 0.01
  /// ν of phase-space Langevin.
  public var velocityDamping = 4.01
  /// γ of third-order Langevin.
  public var coupling = 2.8284271247461903
  /// ξ of third-order Langevin.
  public var friction = 5.196152422706632
  /// Variance of the acceleration at time 0.
  public var accelerationVariance = 0.01
  /// λ(t) of an annealed path.
  public var annealing = AnnealedPath.Annealing.cosine
  /// The base of an annealed path.
  public var base = NoiseLaw.Kind.gaussian
  /// Scale s of the base.
  public var baseScale = 1.0
  /// Degrees of freedom ν of a Student-t base.
  public var baseDegrees = 3.0
  /// Final time T.
  public var horizon = ProcessKind.variancePreserving.usualHorizon

  /// The defaults.
  public static let standard = ProcessOptions()

  /// The defaults.
  public init() {}

  /// The parameters that a kind has unless others are asked for.
  public init(_ kind: ProcessKind) {
    self.kind = kind
    schedule = kind.usualSchedule ?? .linear
    beta = kind.usualBeta
    horizon = usualHorizon
  }

  /// The horizon unless another is asked for: the kind's, but 4 for exponential annealing, which has no end of its own.
  public var usualHorizon: Double { kind == .annealed && annealing == .exponential ? 4 : kind.usualHorizon }

  /// The process in words, with the choices that decide what it can do.
  public var words: String {
    if let chain { return chain.rawValue }
    if kind.usualSchedule != nil { return "\(kind.rawValue) with schedule \(schedule.rawValue)" }
    return kind == .annealed ? "annealed with base \(base.rawValue)" : kind.rawValue
  }

  /// The forward process on real numbers.
  public func make() -> any ForwardProcess {
    precondition(chain == nil, "\(words) is no process on real numbers")
    return switch kind {
    case .ornsteinUhlenbeck: OrnsteinUhlenbeck(horizon: horizon)
    case .variancePreserving: VariancePreserving(schedule: noiseSchedule, horizon: horizon)
    case .subVariancePreserving: SubVariancePreserving(schedule: noiseSchedule, horizon: horizon)
    case .varianceExploding:
      VarianceExploding(
        sigmaMin: sigmaMinimum, sigmaMax: sigmaMaximum, prior: prior,
        horizon: horizon)
    case .criticallyDampedLangevin:
      CriticallyDampedLangevin(
        a: a, sigma: sigma, epsilon: epsilon, velocityVariance: velocityVariance, schedule: noiseSchedule,
        horizon: horizon)
    case .phaseSpaceLangevin:
      LinearProcess.phaseSpaceLangevin(
        positionDamping: positionDamping, velocityDamping: velocityDamping, velocityVariance: velocityVariance,
        schedule: noiseSchedule, horizon: horizon)
    case .thirdOrderLangevin:
      LinearProcess.thirdOrderLangevin(
        coupling: coupling, friction: friction, velocityVariance: velocityVariance,
        accelerationVariance: accelerationVariance, schedule: noiseSchedule, horizon: horizon)
    case .flowMatching: FlowMatching(horizon: horizon)
    case .annealed:
      AnnealedPath(
        annealing: annealing, base: base == .gaussian ? .gaussian : .studentT(degrees: baseDegrees),
        scale: baseScale, horizon: horizon)
    }
  }

  /// The schedule with its numbers.
  public var noiseSchedule: NoiseSchedule {
    switch schedule {
    case .linear: .linear(min: betaMinimum, max: betaMaximum)
    case .cosine: .cosine
    case .exponential: .exponential(min: betaMinimum, max: betaMaximum, rate: betaGrowth)
    case .constant: .constant(beta)
    case .discreteLinear:
      .discreteLinear(
        DiscreteNoise(
          steps: chainSteps, first: betaMinimum * horizon / Double(chainSteps),
          last: betaMaximum * horizon / Double(chainSteps)))
    }
  }
}
