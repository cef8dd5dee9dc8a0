// Which parameters take a step: all of them, but for latents, whose encoder and decoder learn before the score does.

extension Trainer {
  /// What learns in step `step`, counted from 1; nil for all that there is.
  private func phase(at step: Int) -> LatentOptions.Phase? {
    options.latent.dimension == nil ? nil : options.latent.phase(after: step - 1)
  }

  /// Whether the network takes no part in a step.
  func networkRests(at step: Int) -> Bool { phase(at: step) == .autoencoder }

  /// The network's optimiser, whose steps begin after those in which it rests.
  private var networkOptimiser: (optimiser: Optimiser, before: Int) {
    guard options.latent.dimension != nil else { return (options.optimiser, 0) }
    var optimiser = options.optimiser
    optimiser.steps = max(optimiser.steps - options.latent.pretrainSteps, 1)
    return (optimiser, options.latent.pretrainSteps)
  }

  /// The optimiser of what is learned beside the network: an autoencoder that will rest ends its schedule before.
  private var furtherOptimiser: Optimiser {
    var optimiser = options.furtherOptimiser
    if options.latent.dimension != nil, !options.latent.joint { optimiser.steps = options.latent.pretrainSteps }
    return optimiser
  }

  /// The learning rate to be shown for a step: the network's, or where it rests that of the parts beside it.
  func learningRateShown(at step: Int) -> Double {
    if networkRests(at: step) { return furtherOptimiser.learningRate(at: step) }
    let (optimiser, before) = networkOptimiser
    return optimiser.learningRate(at: step - before)
  }

  /// The updates of the network and of what is learned beside it, in the step just counted.
  func updates(gradientNorm: Double) -> (network: Optimiser.Update, further: Optimiser.Update) {
    let (scale, phase) = (guarding.learningRateScale, phase(at: step))
    let (optimiser, before) = networkOptimiser
    let network =
      phase == .autoencoder
      ? optimiser.rest(at: step)
      : optimiser.update(at: step - before, gradientNorm: gradientNorm, scale: scale)
    let further =
      phase == .score
      ? furtherOptimiser.rest(at: step)
      : furtherOptimiser.update(at: step, gradientNorm: furtherGradientNorm, scale: scale)
    return (network, further)
  }
}
