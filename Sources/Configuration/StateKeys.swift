internal import Diffusion
internal import Training

// The conditions and keys that tell processes of discrete states from those of real numbers.

extension ExperimentKey.Condition {
  /// As this condition, or another.
  func or(_ other: Self) -> Self {
    Self(words: "\(words), and for \(other.words)", subject: subject) { [self] in holds($0) || other.holds($0) }
  }

  /// As this condition, for processes of real numbers alone.
  var onReals: Self {
    Self(words: words, subject: subject) { [self] in $0.process.chain == nil && holds($0) }
  }
}

extension ExperimentKey {
  /// What means nothing for discrete states, whose chain brings its own steps.
  static let ofReals = Condition(words: "processes of real numbers", subject: "process.kind") {
    $0.process.chain == nil
  }
  /// What discrete states alone have.
  static let ofStates = Condition(
    words: DiscreteProcessKind.allCases.map(\.rawValue).joined(separator: ", "), subject: "process.kind"
  ) { $0.process.chain != nil }
  /// The chain whose noise has a size.
  static let ofGaussianStates = Condition(words: DiscreteProcessKind.gaussian.rawValue, subject: "process.kind") {
    $0.process.chain == .gaussian
  }

  static let states: [ExperimentKey] = [
    .init(
      "network.state_input", \.network.stateInput.orAutomatic, when: ofStates,
      "How the network sees a discrete state: one number for each state, or the level between −1 and 1; automatic is one-hot "
        + "up to \(StateHead.mostLogits) levels."),
    .init(
      "network.state_output", \.network.stateHead.orAutomatic, when: ofStates,
      "What the network says of each column: a logit for each level, or mean and scale of a logistic law over levels in order; "
        + "automatic is logits up to \(StateHead.mostLogits) levels."),
    .init(
      "network.reverse_form", \.network.reverseForm, when: ofStates,
      "How the network's law of x_0 becomes a reverse step: by q(x_{t−1}, x_t | x_0), as D3PM's paper has it, or by "
        + "q(x_{t−1} | x_t, x_0)."),
  ]
}
