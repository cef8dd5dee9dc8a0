extension Experiment {
  /// The forward process and its parameters; those of other kinds are ignored.
  public struct ProcessSection: Sendable, Equatable {
    /// Which process.
    public var kind = Kind.variancePreserving
    /// β(t) of a process with a schedule.
    public var schedule = Schedule.linear
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
    /// σ of the variance-exploding process at time 0.
    public var sigmaMinimum = 0.01
    /// σ of the variance-exploding process at the horizon.
    public var sigmaMaximum = 50.0
    /// What the variance-exploding process starts generation from.
    public var prior = Prior.noise
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
    public var annealing = Annealing.cosine
    /// The base of an annealed path.
    public var base = Base.gaussian
    /// Scale s of the base.
    public var baseScale = 1.0
    /// Degrees of freedom ν of a Student-t base.
    public var baseDegrees = 3.0
    /// Final time T.
    public var horizon = Kind.variancePreserving.usualHorizon

    /// The defaults.
    public init() {}
  }
}
