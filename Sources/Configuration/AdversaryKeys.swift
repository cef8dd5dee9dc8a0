internal import Diffusion
internal import Files
internal import Training

// The keys of a discriminator that learns beside the score, and what refuses one where there can be none.

extension ExperimentKey {
  private static let ofAdversary = Condition(
    words: "training.adversary_weight greater than 0", subject: "training.adversary_weight"
  ) { $0.training.adversaryWeight > 0 }.untaught

  static let adversary: [ExperimentKey] = [
    .init(
      "training.adversary_weight", \.training.options.adversaryWeight, in: .notNegative, when: ofScores,
      "Weight λ of adversarial score matching beside the score's loss: a discriminator learns to tell data from E[x_0|u_t], and "
        + "the network is punished where it can; 0 for none."),
    .init(
      "training.discriminator_widths", \.training.options.discriminatorWidths, in: .whole(1, 65_536), when: ofAdversary,
      "Units of each hidden layer of the discriminator."),
    .init(
      "training.discriminator_learning_rate", \.training.options.discriminatorLearningRate, in: .positive,
      when: ofAdversary,
      "AdamW's learning rate of the discriminator at its peak; it rises and falls with the network's."),
    .init(
      "training.discriminator_beta1", \.training.options.discriminatorBeta1, in: .share, when: ofAdversary,
      "AdamW's decay of the first moment for the discriminator, per step."),
  ]
}

extension ExperimentReader {
  /// Refuses a discriminator where the network does not say denoised rows, and says what it can.
  func checkAdversary() throws(ToolError) {
    let (training, process) = (experiment.training, experiment.process.make())
    guard training.adversaryWeight > 0 else { return }
    func refuse(_ key: String, _ problem: String) -> ToolError {
      fault(key, "must be \(problem) with training.adversary_weight greater than 0")
    }
    guard !training.discriminatorWidths.isEmpty else {
      throw fault("training.discriminator_widths", "must not be empty")
    }
    guard process.blocks == 1, process.noise == .gaussian else {
      let served = ProcessKind.allCases.filter { ProcessOptions($0).make().blocks == 1 }.map(\.rawValue)
      throw refuse(
        "process.kind",
        "one of \(served.joined(separator: ", ")) with Gaussian noise, found \(experiment.process.words),")
    }
    guard !training.objective.comparesScores else {
      throw refuse("training.objective", "hsm or dsm, found \(training.objective.rawValue),")
    }
    guard training.timeLaw.kind != .learnedSchedule else {
      throw refuse("training.time_law", "another than learned-schedule")
    }
    guard [.posteriorMean, .velocity].contains(experiment.network.output) else {
      throw refuse(
        "network.output",
        "posterior-mean or velocity, which say the denoised row at every time, found \(experiment.network.output.rawValue),"
      )
    }
    guard experiment.conditionCount == 0 else {
      throw fault("training.adversary_weight", "must be 0 with conditions, which the discriminator does not see")
    }
  }
}
