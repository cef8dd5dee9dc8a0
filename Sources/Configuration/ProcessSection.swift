extension Experiment {
  /// The forward process and its parameters; those of other kinds are ignored.
  package struct ProcessSection: Sendable, Equatable {
    /// Which process.
    package var kind = Kind.variancePreserving
    /// β(t) of a process with a schedule.
    package var schedule = Schedule.linear
    /// β at time 0.
    package var betaMinimum = 0.1
    /// β at the horizon.
    package var betaMaximum = 20.0
    /// Drift parameter a of critically damped Langevin.
    package var a = 1.0
    /// Diffusion parameter σ of critically damped Langevin.
    package var sigma = 1.4142135623730951
    /// Noise ε on the position.
    package var epsilon = 0.25
    /// Velocity variance v² at time 0.
    package var velocityVariance = 0.01
    /// β of a constant schedule.
    package var beta = 4.0
    /// Growth rate of an exponential schedule.
    package var betaGrowth = 3.0
    /// σ of the variance-exploding process at time 0.
    package var sigmaMinimum = 0.01
    /// σ of the variance-exploding process at the horizon.
    package var sigmaMaximum = 50.0
    /// What the variance-exploding process starts generation from.
    package var prior = Prior.noise
    /// Γ of phase-space Langevin.
    package var positionDamping = 0.01
    /// ν of phase-space Langevin.
    package var velocityDamping = 4.01
    /// γ of third-order Langevin.
    package var coupling = 2.8284271247461903
    /// ξ of third-order Langevin.
    package var friction = 5.196152422706632
    /// Variance of the acceleration at time 0.
    package var accelerationVariance = 0.01
    /// λ(t) of an annealed path.
    package var annealing = Annealing.cosine
    /// The base of an annealed path.
    package var base = Base.gaussian
    /// Scale s of the base.
    package var baseScale = 1.0
    /// Degrees of freedom ν of a Student-t base.
    package var baseDegrees = 3.0
    /// Final time T.
    package var horizon = Kind.variancePreserving.usualHorizon

    /// The defaults.
    package init() {}
  }
}
