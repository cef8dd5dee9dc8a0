internal import Diffusion
internal import Networks
internal import Training

extension ExperimentKey {
  static let network: [ExperimentKey] = ofEveryProcess + states

  private static let ofEveryProcess: [ExperimentKey] = [
    .init("network.widths", \.network.widths, in: .whole(1, 65_536), "Units of each hidden layer."),
    .init("network.activation", \.network.activation, "Nonlinearity of the hidden layers."),
    .init("network.residual", \.network.residual, "Hidden layers add to their input."),
    .init(
      "network.input", \.network.input, when: ofReals,
      "What the network sees of a noisy state: the d numbers that decide the data given the state, scaled to unit variance, "
        + "or all of the state, whitened."),
    .init("network.output", \.network.output, when: ofReals, "What the outputs mean, after preconditioning."),
    .init(
      "network.shrinkage", \.network.shrinkage, when: ofReals,
      "Whether the outputs are f + g ⊙ input, with f and g from the last layer: the input must have as many numbers as the "
        + "output, as noisy-data has."),
    .init(
      "network.radial", \.network.radial, when: ofReals,
      "Whether the first layer sees the logarithm of the input's mean square as one more feature."),
    .init(
      "network.input_frequencies", \.network.inputFrequencies, in: .whole(-8, 16),
      "Exponents n: the first layer sees sin(2ⁿπx) and cos(2ⁿπx) of each number x of the input as well, for detail finer "
        + "than x itself shows; [] for none."),
    .init(
      "network.variance", \.network.variance,
      "Variance of reverse steps: fixed by the process, or learned as d further outputs, for ancestral sampling and the "
        + "metric bound."),
    .init("network.embedding", \.network.embedding, "How the noise level or time becomes features."),
    .init(
      "network.embedding_features", \.network.embeddingFeatures, in: .whole(2, 4_096),
      "Features of the embedding; even."),
    .init(
      "network.embedding_of", \.network.embeddingOf, when: ofReals,
      "What is embedded: the scaled log-noise level, or time."),
  ]
}
