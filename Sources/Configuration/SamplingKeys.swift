internal import Diffusion
internal import Metrics
internal import Sampling

extension ExperimentKey {
  /// A key of some samplers alone.
  private static func only(_ samplers: SamplerChoice...) -> Condition {
    Condition(words: samplers.map(\.rawValue).joined(separator: ", ")) {
      $0.process.chain == nil && samplers.contains($0.sampling.sampler)
    }.untaught
  }

  private static let ofReverseVariance = Condition(words: "ancestral, or the metric bound") {
    $0.sampling.sampler == .stepping(.ancestral) || $0.evaluation.metrics.contains(.chainBound)
  }.untaught

  /// The keys of the section `sampling`.
  static let sampling: [ExperimentKey] = [
    .init(
      "sampling.sampler", \.sampling.options.sampler, onResume: true, when: ofScores,
      "Sampler; discrete states go through reverse steps of their own chain."),
    .init(
      "sampling.steps", \.sampling.options.steps, in: .whole(1, 1e6), onResume: true, when: ofUntaught,
      default: "50 for dpm-solver-2m, all of the chain's for discrete states, else 250",
      "Sampler steps; of a chain of discrete states, as evenly spread over its steps as whole numbers can."),
    .init(
      "sampling.grid", \.sampling.options.grid, onResume: true, when: ofScores,
      default: "log-snr for dpm-solver-2m, ancestral and consistent-annealed, else quadratic",
      "How step sizes vary: equal, or smaller towards the data."),
    .init(
      "sampling.final_time", \.sampling.options.finalTime, in: .positive, onResume: true, when: ofScores,
      default: "where the noise is 0.002 of the data's deviation",
      "Diffusion time at which generation ends, in the horizon's unit."),
    .init(
      "sampling.denoise", \.sampling.options.denoise, onResume: true, when: ofUntaught,
      default: "false for discrete states, else true",
      "Replace the final state u by E[x_0 | u]; for discrete states take each column's likeliest one in the last step."),
    .init("sampling.count", \.sampling.count, in: .whole(2, 1e12), onResume: true, "Samples."),
    .init(
      "sampling.every", \.sampling.every, in: .interval, onResume: true,
      "Training steps between sample files; 0 for only at the end."),
    .init(
      "sampling.seed", \.sampling.seed, in: .seed, onResume: true, default: "the experiment's",
      "Seed of sampling."),
    .init(
      "sampling.start", \.sampling.options.start, onResume: true, when: ofScores,
      "Law to start from: the prior, or the Gaussian with p_T's moments for data of mean 0 and variance 1."),
    .init(
      "sampling.observing", \.sampling.options.observing, onResume: true, when: ofScores,
      "How samples given --observe or --fix are drawn: as particles, weighted and resampled, or by guiding the sampler."
    ),
    .init(
      "sampling.churn", \.sampling.options.churn, in: .notNegative, onResume: true,
      when: only(.stepping(.stochasticHeun)),
      "How long noise is added before each step, in steps; 0 is the probability flow."),
    .init(
      "sampling.eta", \.sampling.options.eta, in: .unit, onResume: true, when: only(.stepping(.ddim)),
      "η: how much of the noise each step draws anew; 0 is deterministic, 1 is ancestral sampling."),
    .init(
      "sampling.reverse_variance", \.sampling.options.reverseVariance, onResume: true,
      when: ofReverseVariance, default: "learned for network.variance learned, else posterior",
      "Variance of a step: that given the data too (DDPM's β̃), that of the step forward (DDPM's β), or the network's."),
    .init(
      "sampling.predictor", \.sampling.options.predictor, onResume: true, when: only(.stepping(.predictorCorrector)),
      "The sampler whose steps are corrected."),
    .init(
      "sampling.corrections", \.sampling.options.corrections, in: .whole(1, 1e6), onResume: true,
      when: only(.stepping(.predictorCorrector), .stepping(.annealedLangevin)), "Langevin steps at each time."),
    .init(
      "sampling.signal_to_noise", \.sampling.options.signalToNoise, in: .positive, onResume: true,
      when: only(.stepping(.predictorCorrector)),
      "How large a correction's drift is beside its noise: r of Song et al. 2021."),
    .init(
      "sampling.corrected", \.sampling.options.corrected, onResume: true, when: only(.stepping(.predictorCorrector)),
      "Blocks that corrections move."),
    .init(
      "sampling.step_size", \.sampling.options.stepSize,
      in: Limits(words: "greater than 0 and less than 2") { $0 > 0 && $0 < 2 },
      onResume: true,
      when: only(
        .stepping(.annealedLangevin), .stepping(.consistentAnnealed), .chain(.unadjusted), .chain(.adjusted),
        .chain(.kinetic)),
      "Langevin step, in units of the noise's variance (annealed-langevin, consistent-annealed) or in trained units."),
    .init(
      "sampling.slowdown", \.sampling.options.slowdown, in: .positive, onResume: true,
      when: only(.stepping(.diffusionAnnealedLangevin), .stepping(.underdampedAnnealedLangevin), .stepping(.nelson)),
      "κ: the path of laws is gone through in the time 1/κ."),
    .init(
      "sampling.friction", \.sampling.options.friction, in: .positive, onResume: true,
      when: only(.stepping(.underdampedAnnealedLangevin), .chain(.kinetic)), "Friction γ of the momentum."),
    .init(
      "sampling.relative_tolerance", \.sampling.options.tolerance.relative, in: .positive, onResume: true,
      when: only(.adaptive(.adaptiveEuler), .adaptive(.dormandPrince)),
      "Error that a step may make, relative to the state."),
    .init(
      "sampling.absolute_tolerance", \.sampling.options.tolerance.absolute, in: .positive, onResume: true,
      when: only(.adaptive(.adaptiveEuler), .adaptive(.dormandPrince)), "Error that a step may make, in trained units."),
  ]
}
