/// What a training run does beside the model.
public struct TrainingOptions: Sendable, Equatable {
  /// Rows per step over all shards.
  public var batch = 512
  /// The optimiser and its schedules.
  public var optimiser = Optimiser()
  /// The law of the training times.
  public var timeLaw = TimeLaw.logUniform
  /// λ, what the bound counts for beside the score's loss where the variance of reverse steps is learned.
  public var varianceWeight = 0.001
  /// The peak learning rate of a learned schedule; all else is the network's.
  public var scheduleLearningRate = 1e-2
  /// λ, what a discriminator's verdict counts for beside the score's loss; 0 for no discriminator.
  public var adversaryWeight = 0.0
  /// Units of the discriminator's hidden layers.
  public var discriminatorWidths = [128, 128]
  /// The discriminator's peak learning rate; it rises and falls with the network's.
  public var discriminatorLearningRate = 2e-4
  /// AdamW's decay of the first moment for the discriminator, per step.
  public var discriminatorBeta1 = 0.5
  /// An encoder and a decoder beside the score.
  public var latent = LatentOptions()
  /// The law of the noise that levels get.
  public var dequantisation = DequantisationOptions()
  /// The smallest training time.
  public var minimumTime = 1e-3
  /// The lengths of the power-function averages kept beside the moving one; see `PowerAverage`.
  public var averages: [Double] = []
  /// λ: the weight of the cross entropy of x_0 beside the bound, for discrete states.
  public var crossEntropy = 1e-3
  /// How many times its highest moving average a loss may be; 0 for any loss.
  public var divergence = 1000.0
  /// Whether gradients and parameters travel while a rank computes; no bit depends on it.
  public var overlaps = true

  /// The defaults.
  public init() {}

  /// The optimiser of what is learned beside the network: a schedule, discriminator or autoencoder has its own learning rate.
  ///
  /// A dequantiser's is the network's.
  var furtherOptimiser: Optimiser {
    var optimiser = optimiser
    guard dequantisation.kind == .uniform else {
      optimiser.weightDecay = 0
      return optimiser
    }
    let rate =
      latent.dimension != nil
      ? latent.learningRate : adversaryWeight > 0 ? discriminatorLearningRate : scheduleLearningRate
    // Both rates fall alike: the last is in proportion to the first.
    optimiser.finalLearningRate *= rate / optimiser.learningRate
    (optimiser.learningRate, optimiser.weightDecay) = (rate, 0)
    if adversaryWeight > 0 { optimiser.beta1 = discriminatorBeta1 }
    return optimiser
  }
}

/// What follows a step that is not finite, or diverges.
public enum FaultPolicy: String, Sendable, CaseIterable {
  /// `stop`: the run ends.
  case stop
  /// `skip`: the step changes nothing.
  case skip
  /// `rollback`: training goes back to the last checkpoint, with a smaller learning rate.
  case rollback
}
