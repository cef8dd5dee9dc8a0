package import Diffusion

extension Experiment.ProcessSection {
  /// The forward process.
  package func make() -> any ForwardProcess {
    switch kind {
    case .ornsteinUhlenbeck: OrnsteinUhlenbeck(horizon: horizon)
    case .variancePreserving: VariancePreserving(schedule: noiseSchedule, horizon: horizon)
    case .subVariancePreserving: SubVariancePreserving(schedule: noiseSchedule, horizon: horizon)
    case .varianceExploding:
      VarianceExploding(
        sigmaMin: sigmaMinimum, sigmaMax: sigmaMaximum, prior: prior == .noise ? .noise : .noiseAndData,
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
        annealing: annealingLaw, base: base == .gaussian ? .gaussian : .studentT(degrees: baseDegrees),
        scale: baseScale, horizon: horizon)
    }
  }

  private var noiseSchedule: NoiseSchedule {
    switch schedule {
    case .linear: .linear(min: betaMinimum, max: betaMaximum)
    case .cosine: .cosine
    case .exponential: .exponential(min: betaMinimum, max: betaMaximum, rate: betaGrowth)
    case .constant: .constant(beta)
    }
  }

  private var annealingLaw: AnnealedPath.Annealing {
    switch annealing {
    case .linear: .linear
    case .cosine: .cosine
    case .exponential: .exponential
    }
  }
}
