/// The samplers that take steps along a grid of times, by name.
public enum SamplerKind: String, Sendable, CaseIterable {
  case eulerMaruyama = "euler-maruyama"
  case exponentialIntegrator = "exponential-integrator"
  case splitting
  case splittingMidpoint = "splitting-midpoint"
  case leapfrog
  case baoab
  case obabo
  case stochasticHeun = "stochastic-heun"
  case ancestral
  case probabilityFlowEuler = "probability-flow-euler"
  case probabilityFlowHeun = "probability-flow-heun"
  case ddim
  case dpmSolver = "dpm-solver-2m"
  case exponentialMultistep = "exponential-multistep"
  case predictorCorrector = "predictor-corrector"
  case annealedLangevin = "annealed-langevin"
  case consistentAnnealed = "consistent-annealed"
  case diffusionAnnealedLangevin = "diffusion-annealed-langevin"
  case underdampedAnnealedLangevin = "underdamped-annealed-langevin"
  case nelson

  /// The sampler of this name.
  public func make(_ options: SamplerOptions = SamplerOptions()) -> any Sampler {
    switch self {
    case .eulerMaruyama: EulerMaruyama()
    case .exponentialIntegrator: ExponentialIntegrator()
    case .splitting: Splitting(scoreStep: .euler)
    case .splittingMidpoint: Splitting(scoreStep: .midpoint)
    case .leapfrog: KickSplitting(.leapfrog)
    case .baoab: KickSplitting(.baoab)
    case .obabo: KickSplitting(.obabo)
    case .stochasticHeun: StochasticHeun(churn: options.churn)
    case .ancestral: AncestralSampler(variance: options.reverseVariance)
    case .probabilityFlowEuler: ProbabilityFlowEuler()
    case .probabilityFlowHeun: ProbabilityFlowHeun()
    case .ddim: ImplicitSampler(eta: options.eta)
    case .dpmSolver: DPMSolverMultistep()
    case .exponentialMultistep: ExponentialMultistep()
    case .predictorCorrector:
      PredictorCorrector(
        predictor: options.predictor.kind.make(options), corrections: options.corrections,
        signalToNoise: options.signalToNoise, corrected: options.corrected)
    case .annealedLangevin: AnnealedLangevin(corrections: options.corrections, stepSize: options.stepSize)
    case .consistentAnnealed: ConsistentAnnealedSampling(stepSize: options.stepSize)
    case .diffusionAnnealedLangevin: DiffusionAnnealedLangevin(slowdown: options.slowdown)
    case .underdampedAnnealedLangevin:
      UnderdampedAnnealedLangevin(slowdown: options.slowdown, friction: options.friction)
    case .nelson: NelsonProcess(slowdown: options.slowdown)
    }
  }

  /// Whether the sampler can be a predictor: it takes single steps of the process's own state.
  public var canPredict: Bool {
    switch self {
    case .eulerMaruyama, .exponentialIntegrator, .splitting, .splittingMidpoint, .leapfrog, .baoab, .obabo,
      .stochasticHeun, .ancestral, .probabilityFlowEuler, .probabilityFlowHeun, .ddim:
      true
    case .dpmSolver, .exponentialMultistep, .predictorCorrector, .annealedLangevin, .consistentAnnealed,
      .diffusionAnnealedLangevin, .underdampedAnnealedLangevin, .nelson:
      false
    }
  }
}
