internal import Diffusion
internal import LinearAlgebra

/// How samples are drawn: the sampler, its grid of times, and the parameters of all samplers.
///
/// A sampler uses those parameters whose comments name it.
public struct SamplerOptions: Sendable, Equatable {
  /// The sampler.
  public var sampler = SamplerChoice.usual
  /// The number of steps.
  public var steps = SamplerChoice.usual.usualSteps
  /// How step sizes vary.
  public var grid = SamplerChoice.usual.usualGrid
  /// The diffusion time at which generation ends, in the horizon's unit.
  public var finalTime = 1e-3
  /// Whether the final state is replaced by E[x_0 | u].
  public var denoise = true
  /// The law that generation starts from.
  public var start = StartingChoice.prior
  /// How samples given observations or fixed coordinates are drawn.
  public var observing = ConditioningMethod.particles
  /// How long `stochastic-heun` adds noise, in steps.
  public var churn = 0.5
  /// η of `ddim`, from 0 to 1: the part of the noise that a step draws anew.
  public var eta = 0.0
  /// The variance of a step of `ancestral`.
  public var reverseVariance = ReverseVariance.posterior
  /// What `predictor-corrector` corrects: a sampler of single steps, other than itself.
  public var predictor = Predictor.eulerMaruyama
  /// Langevin steps at each time, of `predictor-corrector` and `annealed-langevin`.
  public var corrections = 1
  /// r of `predictor-corrector`.
  public var signalToNoise = 0.16
  /// The blocks that `predictor-corrector` corrects.
  public var corrected = CorrectedBlocks.all
  /// The step of `annealed-langevin` and `consistent-annealed` in units of the noise's variance, and of `ula`, `mala` and `kinetic-langevin`.
  public var stepSize = 0.1
  /// κ of the annealed dynamics and of `nelson`.
  public var slowdown = 0.05
  /// γ of the underdamped dynamics.
  public var friction = 1.0

  /// Whether steps take the variance that a network has learned.
  public var takesLearnedVariance: Bool {
    guard reverseVariance == .learned else { return false }
    return sampler == .stepping(.ancestral)
      || sampler == .stepping(.predictorCorrector) && predictor == Predictor(.ancestral)
  }

  /// The error that a step of an adaptive sampler may make.
  public var tolerance = Tolerance()

  /// The defaults.
  public static let standard = SamplerOptions()

  /// The defaults.
  public init() {}
}
