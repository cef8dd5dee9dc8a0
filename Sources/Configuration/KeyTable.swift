internal import Diffusion
internal import Files
internal import Training

extension ExperimentKey {
  /// Every key of an experiment file, in the order in which files are written.
  package static let all: [ExperimentKey] =
    general + data + process + network + training + dequantisation + adversary + distillation + latents + sampling
    + checkpoints + evaluation

  private static let general: [ExperimentKey] = [
    .init(
      "name", \.name,
      "Name of the run and of its folder: letters, digits, `.`, `_`, `-`; starts with a letter, digit or `_`."),
    .init(
      "seed", \.seed, in: .seed, "Seed of all randomness; the result is a function of experiment, data and seed."
    ),
  ]

  private static let ofLogNormal = Condition(words: "training.time_law log-normal", subject: "training.time_law") {
    $0.training.timeLaw.kind == .logNormal
  }.untaught
  private static let ofTruncated = Condition(
    words: "training.time_law uniform, log-uniform, log-normal or importance", subject: "training.time_law"
  ) { $0.training.timeLaw.kind != .learnedSchedule }.untaught
  private static let ofTimes = Condition(words: "times, not noise levels", subject: "training.minimum_noise") {
    $0.training.minimumNoise == nil && $0.training.timeGrid == .continuous
  }.onReals.untaught
  private static let ofSchedule = Condition(
    words: "training.time_law learned-schedule", subject: "training.time_law"
  ) { $0.training.timeLaw.kind == .learnedSchedule }.untaught
  private static let ofLearned = Condition(words: "network.variance learned", subject: "network.variance") {
    $0.network.variance == .learned
  }.untaught
  private static let ofFlow = Condition(words: "process.kind flow-matching", subject: "process.kind") {
    $0.process.kind == .flowMatching
  }.onReals.untaught
  private static let ofSliced = Condition(words: "training.objective sliced", subject: "training.objective") {
    $0.training.objective == .sliced
  }.untaught
  private static let ofImplicit = Condition(
    words: "training.objective implicit or sliced", subject: "training.objective"
  ) { $0.training.objective.needsCurvature }.untaught

  private static let training: [ExperimentKey] = [
    .init(
      "training.objective", \.training.objective, when: ofScores,
      "Score matching given the data alone (hsm) or the data and the velocity (dsm), against the exact score of a target "
        + "(explicit), or without kernel and score, with the exact trace (implicit) or random probes (sliced)."),
    .init(
      "training.weight", \.training.weight.orAutomatic, when: ofScores,
      "Weight of the loss over time; automatic is unit-variance for posterior-mean and velocity, uniform-noise for noise "
        + "and score."),
    .init(
      "training.cross_entropy", \.training.crossEntropy, in: .notNegative, when: ofStates,
      "Weight λ of −ln p(x_0 | x_t) beside one step's term of the variational bound."),
    .init(
      "training.coupling", \.training.coupling, when: ofFlow,
      "How a shard's rows are paired with noise: at random, or at least squared distance."),
    .init(
      "training.probes", \.training.probes, in: .whole(1, 1_024), when: ofSliced,
      "Random directions for each row, along which the trace of the score's Jacobian is estimated."),
    .init(
      "training.simulation_steps", \.training.simulationSteps, in: .whole(0, 10_000), when: ofImplicit,
      "Transitions by which a row is carried forward, for a process without a kernel; 0 uses the kernel."),
    .init(
      "training.steps", \.training.options.optimiser.steps, in: .count, onResume: true,
      "Optimiser steps; a cosine decay ends there."),
    .init(
      "training.batch", \.training.options.batch, in: .whole(1, 16_777_216),
      "Rows per step over all shards; a multiple of `training.shards`."),
    .init(
      "training.shards", \.training.shards, in: .whole(1, 4_096),
      "Shards S, a power of two: the most ranks this experiment can ever use."),
    .init(
      "training.learning_rate", \.training.options.optimiser.learningRate, in: .positive,
      "AdamW's learning rate at its peak."),
    .init(
      "training.warmup_steps", \.training.options.optimiser.warmupSteps, in: .interval,
      "Steps over which the learning rate rises from 0."
    ),
    .init("training.learning_rate_schedule", \.training.options.optimiser.schedule, "The learning rate after warm-up."),
    .init(
      "training.final_learning_rate", \.training.options.optimiser.finalLearningRate, in: .notNegative,
      "Learning rate at the end of a cosine decay."),
    .init(
      "training.weight_decay", \.training.options.optimiser.weightDecay, in: .notNegative,
      "AdamW's decoupled weight decay."),
    .init(
      "training.beta1", \.training.options.optimiser.beta1, in: .share, "AdamW's decay of the first moment, per step."),
    .init(
      "training.beta2", \.training.options.optimiser.beta2, in: .share, "AdamW's decay of the second moment, per step."),
    .init(
      "training.clip_norm", \.training.options.optimiser.clipNorm, in: .notNegative,
      "Largest global gradient norm; 0 turns clipping off."
    ),
    .init(
      "training.ema_decay", \.training.options.optimiser.emaDecay, in: .share,
      "Decay of the parameters' moving average, per step."),
    .init(
      "training.averages", \.training.averages,
      in: Limits(words: "0.001 to 0.28") { PowerAverage.lengths.contains($0) },
      "Lengths of further averages that checkpoints keep, as shares of the steps so far: sgm-sample --average takes any "
        + "length between them."),
    .init(
      "training.time_law", \.training.options.timeLaw.kind, when: ofUntaught,
      "Law of the diffusion times drawn in training; importance learns it from the losses, and learned-schedule "
        + "by a monotone network. Discrete states have uniform unless told otherwise."),
    .init(
      "training.time_spread", \.training.options.timeLaw.spread, when: ofUntaught,
      "Whether rows draw their times each for itself, or are spread evenly over the law in every batch."),
    .init(
      "training.time_grid", \.training.timeGrid, when: ofUntaught,
      default: "chain for network.variance learned, else continuous",
      "Whether training draws all times, or those of a chain's states, horizon · i / chain_steps."),
    .init(
      "training.variance_weight", \.training.options.varianceWeight, in: .positive, when: ofLearned,
      "Weight of the chain's bound, in bits a coordinate, beside the score's loss; it trains the learned variance alone."
    ),
    .init(
      "training.schedule_learning_rate", \.training.options.scheduleLearningRate, in: .positive, when: ofSchedule,
      "AdamW's learning rate of the schedule at its peak; it rises and falls with the network's."),
    .init(
      "training.noise_level_mean", \.training.options.timeLaw.mean, when: ofLogNormal,
      "Mean of the logarithm of the noise's size beside the data's, −½ ln snr."),
    .init(
      "training.noise_level_deviation", \.training.options.timeLaw.deviation, in: .positive, when: ofLogNormal,
      "Standard deviation of that logarithm."),
    .init(
      "training.truncation_exponent", \.training.options.timeLaw.truncationExponent, in: .notNegative,
      when: ofTruncated, default: "none: every batch draws from the smallest time on",
      "k of soft truncation: each batch draws only times above a first time τ, whose density is in proportion to τ^(−k)."
    ),
    .init(
      "training.minimum_time", \.training.options.minimumTime, in: .positive, when: ofTimes,
      default: "where the noise is 0.002 of the data's deviation",
      "Smallest diffusion time drawn, in the horizon's unit."),
    .init(
      "training.minimum_noise", \.training.minimumNoise, in: .positive, when: ofScores,
      default: "none: times are drawn",
      "Smallest noise drawn in place of times, in deviations of the data: training.time_law is then the law of the noise "
        + "up to training.maximum_noise, and the network serves every process within."),
    .init(
      "training.maximum_noise", \.training.maximumNoise, in: .positive, when: ofScores,
      default: "none: times are drawn",
      "Largest noise drawn in place of times, in deviations of the data."),
    .init(
      "training.held_out_every", \.training.heldOutEvery, in: .interval, onResume: true,
      "Steps between held-out losses; 0 for none but those of checkpoints, each of which has one."),
    .init(
      "training.stop_after", \.training.stopAfter, in: .interval, onResume: true,
      "Training ends after this many checkpoints in a row without a new best held-out loss, and samples are drawn from the "
        + "best one; 0 for never."),
    .init("training.log_every", \.training.logEvery, in: .count, onResume: true, "Steps between lines of the log."),
    .init(
      "training.audit_every", \.training.auditEvery, in: .interval, onResume: true,
      "Steps between audits, in which ranks compute each other's gradients again and compare bits; 0 for none."),
    .init(
      "training.on_fault", \.training.onFault, onResume: true,
      "What follows a step that is not finite or diverges: stop, skip it, or roll back to the last checkpoint."),
    .init(
      "training.divergence", \.training.options.divergence, in: .notNegative, onResume: true,
      "A loss above this many times its highest moving average diverges; 0 for any loss."),
    .init(
      "training.fault_limit", \.training.faultLimit, in: .whole(1, 1e6), onResume: true,
      "The most steps skipped in a row, or rollbacks to one checkpoint; then the run stops."),
    .init(
      "training.rollback_factor", \.training.rollbackFactor, in: .unit, onResume: true,
      "Factor by which a rollback multiplies the learning rate."),
  ]

  private static let checkpoints: [ExperimentKey] = [
    .init("checkpoints.every", \.checkpoints.every, in: .count, onResume: true, "Training steps between checkpoints."),
    .init(
      "checkpoints.minutes", \.checkpoints.minutes, in: .notNegative, onResume: true,
      "Minutes without a checkpoint after which the next step brings one; 0 for never. No result depends on it."),
    .init(
      "checkpoints.keep_last", \.checkpoints.keepLast, in: .whole(1, 1e6), onResume: true,
      "How many checkpoints are kept: this many of the newest, and as many of those at multiples of `checkpoints.every`."
    ),
    .init(
      "checkpoints.keep_every", \.checkpoints.keepEvery, in: .interval, onResume: true,
      "Checkpoints at multiples of this step are kept for ever; 0 for none."),
  ]

  /// The sections in order.
  package static let sections: [String] = all.reduce(into: []) { sections, key in
    if !key.section.isEmpty, sections.last != String(key.section) { sections.append(String(key.section)) }
  }
}
