// Stage (iii): the owner of a slice moves its parameters, its moments and its averages. Which parameters take a step: all of them, but
// for latents, whose encoder and decoder learn before the score does.

internal import Communication
internal import LinearAlgebra
internal import Networks

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

  /// Stage (iii), tensor by tensor: weights decay, biases do not.
  ///
  /// Each thread has its part of the slice.
  func update(_ gradient: UnsafeMutablePointer<Float>, gradientNorm: Double) {
    let updates = updates(gradientNorm: gradientNorm)
    communicator.threads.forEachRange(of: own.count, block: Self.block) { places in
      own.forEachRange(at: places) { unsafe update($0, at: $1, gradient, updates) }
    }
  }

  /// The update of some of the own parameters, the first of which has a place in the slice.
  private func update(
    _ elements: Range<Int>, at place: Int, _ gradient: UnsafeMutablePointer<Float>,
    _ updates: (network: Optimiser.Update, further: Optimiser.Update)
  ) {
    for (entry, decays) in zip(layout.entries, decayed) {
      let isFurther = entry.offset >= layout.networkCount
      let part = entry.range.clamped(to: elements)
      guard !part.isEmpty else { continue }
      let at = place + part.lowerBound - elements.lowerBound
      unsafe (isFurther ? updates.further : updates.network).apply(
        gradient + part.lowerBound, parameters.pointer + part.lowerBound, first.pointer + at, second.pointer + at,
        average.pointer + at, count: part.count, decays: decays && !isFurther)
    }
    for (k, power) in powers.enumerated() {
      unsafe move(
        averages.pointer + (k * own.count + place), towards: parameters.pointer + elements.lowerBound,
        by: power.rate(at: step), count: elements.count)
    }
  }

  private func move(
    _ average: UnsafeMutablePointer<Float>, towards new: UnsafePointer<Float>, by rate: Float, count: Int
  ) {
    for i in 0..<count { unsafe average[i] = average[i].addingProduct(rate, new[i] - average[i]) }
  }

  func resetAverage() {
    unsafe scatter(parameters.pointer, into: average.pointer)
    for k in powers.indices {
      unsafe (averages.pointer + k * own.count).update(from: average.pointer, count: own.count)
    }
  }
}
