/// The samplers by name.
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
    case .ancestral: AncestralSampler()
    case .probabilityFlowEuler: ProbabilityFlowEuler()
    case .probabilityFlowHeun: ProbabilityFlowHeun()
    case .ddim: ImplicitSampler()
    case .dpmSolver: DPMSolverMultistep()
    case .exponentialMultistep: ExponentialMultistep()
    case .predictorCorrector:
      PredictorCorrector(
        predictor: options.predictor.make(options), corrections: options.corrections,
        signalToNoise: options.signalToNoise, corrected: options.corrected)
    case .annealedLangevin: AnnealedLangevin(corrections: options.corrections, stepSize: options.stepSize)
    case .diffusionAnnealedLangevin: DiffusionAnnealedLangevin(slowdown: options.slowdown)
    case .underdampedAnnealedLangevin:
      UnderdampedAnnealedLangevin(slowdown: options.slowdown, friction: options.friction)
    case .nelson: NelsonProcess(slowdown: options.slowdown)
    }
  }
}

/// The numbers that samplers take, each used by those that name it.
public struct SamplerOptions: Sendable, Equatable {
  /// How long `stochastic-heun` adds noise, in steps.
  public var churn = 0.5
  /// What `predictor-corrector` corrects: a sampler of single steps, other than itself.
  public var predictor = SamplerKind.eulerMaruyama
  /// Langevin steps at each time, of `predictor-corrector` and `annealed-langevin`.
  public var corrections = 1
  /// r of `predictor-corrector`.
  public var signalToNoise = 0.16
  /// The blocks that `predictor-corrector` corrects.
  public var corrected = CorrectedBlocks.all
  /// The step of `annealed-langevin` in units of the noise's variance, and of `ula`, `mala` and `kinetic-langevin`.
  public var stepSize = 0.1
  /// κ of the annealed dynamics and of `nelson`.
  public var slowdown = 0.05
  /// γ of the underdamped dynamics.
  public var friction = 1.0

  /// The defaults.
  public init() {}
}
