internal import Diffusion
internal import Files
internal import Metrics
package import Training

// The keys of a latent score-based model, and what refuses latents where there can be none.

extension ExperimentKey {
  private static let ofLatents = Condition(words: "latent.dimension", subject: "latent.dimension") {
    $0.latent.dimension != nil
  }.untaught

  static let latents: [ExperimentKey] = [
    .init(
      "latent.dimension", \.training.options.latent.dimension, in: .whole(1, 65_536), when: ofScores,
      default: "none: the score is one of the data",
      "Numbers k of a latent: an encoder and a decoder learn beside the score, and process, network and sampler are those of "
        + "latents."),
    .init(
      "latent.widths", \.training.options.latent.widths, in: .whole(1, 65_536), when: ofLatents,
      "Units of each hidden layer of the encoder, and of the decoder."),
    .init(
      "latent.noise", \.training.options.latent.noise, in: .positive, when: ofLatents,
      default: "none: learned for each column",
      "Standard deviation of the data about the decoder's mean, in trained units."),
    .init(
      "latent.pretrain_steps", \.training.options.latent.pretrainSteps, in: .count, when: ofLatents,
      default: "half of `training.steps`",
      "First steps, in which encoder and decoder learn without the score, from the bound with N(0, I) for the latents' law."
    ),
    .init(
      "latent.joint", \.training.options.latent.joint, when: ofLatents,
      "Whether encoder and decoder go on learning after these steps, from the bound with the network's score; else they rest, "
        + "and the score alone learns."),
    .init(
      "latent.learning_rate", \.training.options.latent.learningRate, in: .positive, when: ofLatents,
      "AdamW's learning rate of encoder and decoder at its peak; it rises and falls as the network's, and ends with "
        + "latent.pretrain_steps where they rest then."),
    .init(
      "latent.decoder_noise", \.sampling.decoderNoise, onResume: true, when: ofLatents,
      "Whether samples have the decoder's noise, as the model's law has, or are the decoder's means."),
  ]
}

extension Experiment {
  /// The latents of the training options.
  package var latent: LatentOptions { training.options.latent }

  /// The number of coordinates that process and network see, for data of `dimension`.
  package func scoredDimension(of dimension: Int) -> Int { latent.dimension ?? dimension }
}

extension ExperimentReader {
  /// Half of the steps are for the autoencoder unless told otherwise.
  mutating func fillLatents() {
    guard experiment.latent.dimension != nil, places["latent.pretrain_steps"] == nil else { return }
    experiment.training.options.latent.pretrainSteps = max(experiment.training.steps / 2, 1)
  }

  /// Refuses what latents do not go with, and says what does.
  func checkLatents() throws(ToolError) {
    let (training, network) = (experiment.training, experiment.network)
    guard experiment.latent.dimension != nil else { return }
    func refuse(_ key: String, _ problem: String) -> ToolError {
      fault(key, "must be \(problem) with latent.dimension")
    }
    guard !experiment.latent.widths.isEmpty else { throw fault("latent.widths", "must not be empty") }
    guard experiment.latent.pretrainSteps < training.steps else {
      throw fault(
        "latent.pretrain_steps",
        "must be less than training.steps = \(training.steps), after which no score would have learned, found "
          + "\(experiment.latent.pretrainSteps)")
    }
    guard experiment.conditionCount == 0 else {
      throw fault("latent.dimension", "must be left out with conditions, which the encoder does not see")
    }
    try checkScoreIntegral(of: "latent.dimension", words: "latent.dimension")
    guard [.posteriorMean, .velocity].contains(network.output) else {
      throw refuse(
        "network.output",
        "posterior-mean or velocity, which begin as the score of N(0, I), found \(network.output.rawValue),")
    }
    if experiment.evaluation.metrics.contains(.chainBound) {
      throw fault("evaluation.metrics", "names bound, of a chain on the data; with latent.dimension take nll")
    }
  }
}
