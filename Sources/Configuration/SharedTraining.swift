internal import Diffusion
internal import Networks
internal import Training

// Which experiments train the same network, to the same bits, so that a sweep trains it once.

extension Experiment {
  /// All that training sees of the experiment, as text; nil where its training is its own, whatever the rest says.
  ///
  /// Experiments of equal texts train the same network, to the same bits, with the same log and the same checkpoints, but
  /// for the experiment that each of them records. The text has every key but these:
  ///
  /// - `sampling.*` and `evaluation.*`, which begin when training has ended. With `sampling.every` they do not.
  /// - `process.*` and `training.minimum_time` where training draws noise levels (``noiseLevels``). Then the trainer has
  ///   ``trainedModel(dimension:conditions:words:)`` and ``trainedOptions``, under the noise itself. The network sees the
  ///   noisy data and tells the posterior mean, one block of each for every process with Gaussian noise.
  ///
  /// A student's pairs come from its teacher's sampler, and a simulator's pairs are made in the run's own folder: neither
  /// shares its training.
  package var trainedText: String? {
    guard sampling.every == 0, training.teacher == nil, data.simulator == nil else { return nil }
    let knowsProcess = trainingKnowsProcess
    return ExperimentKey.all.filter { key in
      switch key.section {
      case "sampling", "evaluation": false
      case "process": knowsProcess
      default: knowsProcess || key.path != "training.minimum_time"
      }
    }.map { "\($0.path): \(spelled($0.get(self), as: $0.shape))\n" }.joined()
  }

  /// Whether anything of the process enters training.
  ///
  /// A chain's steps do, as the times drawn and as what a learned variance is one of, and latents are drawn under their
  /// own process alone.
  private var trainingKnowsProcess: Bool {
    noiseLevels == nil || !servesEveryProcess || process.chain != nil || network.variance != .fixed
      || training.timeGrid == .chain || latent.dimension != nil
  }

  /// For each experiment the place of the first that trains the same network: its own where there is none before it.
  package static func leaders(of experiments: [Experiment]) -> [Int] {
    var first: [String: Int] = [:]
    return experiments.enumerated().map { place, experiment in
      guard let text = experiment.trainedText else { return place }
      if let leader = first[text] { return leader }
      first[text] = place
      return place
    }
  }
}
