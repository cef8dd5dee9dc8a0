internal import Diffusion
internal import Files
package import Training

// The keys of the noise that levels get, and what refuses a learned law where there can be none.

extension DequantisationKind: Choice {}

extension ExperimentKey {
  private static let ofDequantiser = Condition(
    words: "training.dequantisation variational", subject: "training.dequantisation"
  ) { $0.training.options.dequantisation.kind == .variational }.untaught

  static let dequantisation: [ExperimentKey] = [
    .init(
      "training.dequantisation", \.training.options.dequantisation.kind, when: ofScores,
      "Noise that gives levels a density: uniform over a level's cell, or variational, of a law that a network says of each row. "
        + "It learns beside the score, from the bound that nll then takes its law in."),
    .init(
      "training.dequantiser_widths", \.training.options.dequantisation.widths, in: .whole(1, 65_536),
      when: ofDequantiser,
      "Units of each hidden layer of the network that says the law of the noise."),
  ]
}

extension ExperimentReader {
  /// Refuses a learned law of noise where the score's bound is not known, and says what goes with it.
  func checkDequantisation() throws(ToolError) {
    let options = experiment.training.options.dequantisation
    guard options.kind == .variational else { return }
    guard !options.widths.isEmpty else { throw fault("training.dequantiser_widths", "must not be empty") }
    guard experiment.latent.dimension == nil else {
      throw fault("training.dequantisation", "must be uniform with latent.dimension, whose encoder sees the noise")
    }
    try checkScoreIntegral(of: "training.dequantisation", words: "training.dequantisation variational")
    let (process, output) = (experiment.process.make(), experiment.network.output)
    guard output.blocks(for: process) == 1, LossWeight.likelihood.isAvailable(for: output, under: process) else {
      let served = NetworkOutput.allCases.filter {
        $0.isAvailable(for: process) && $0.blocks(for: process) == 1
          && LossWeight.likelihood.isAvailable(for: $0, under: process)
      }
      throw fault(
        "network.output",
        "must be \(served.map(\.rawValue).joined(separator: " or ")) with training.dequantisation variational for process.kind "
          + "\(experiment.process.words), found \(output.rawValue)")
    }
  }

  /// Refuses what the score's part of a bound of −ln p cannot be computed by.
  ///
  /// - Parameters:
  ///   - key: what needs the bound.
  ///   - words: the key with its value.
  /// - Throws: `ToolError.configuration` that says what goes with it.
  func checkScoreIntegral(of key: String, words: String) throws(ToolError) {
    let training = experiment.training
    func refuse(_ path: String, _ problem: String) -> ToolError { fault(path, "must be \(problem) with \(words)") }
    guard experiment.process.make().noise == .gaussian else {
      throw fault(key, "needs Gaussian noise: process.base is student-t; take a process with base gaussian")
    }
    guard training.objective == .hybrid else {
      throw refuse("training.objective", "hsm, found \(training.objective.rawValue),")
    }
    guard training.coupling == .independent else {
      throw refuse("training.coupling", "independent, found \(training.coupling.rawValue),")
    }
    guard training.adversaryWeight == 0 else {
      throw refuse("training.adversary_weight", "0, found \(decimal(training.adversaryWeight)),")
    }
    let laws: [TimeLaw.Kind] = [.uniform, .logUniform, .importance]
    guard laws.contains(training.timeLaw.kind) else {
      throw refuse(
        "training.time_law",
        "one of \(laws.map(\.rawValue).joined(separator: ", ")), found \(training.timeLaw.kind.rawValue),")
    }
    guard training.timeLaw.truncationExponent == nil else {
      throw fault("training.truncation_exponent", "must be left out with \(words)")
    }
    guard training.timeGrid == .continuous, experiment.noiseLevels == nil else {
      throw fault(key, "needs times: leave out training.minimum_noise, and training.time_grid chain")
    }
    guard experiment.network.variance == .fixed else {
      throw refuse("network.variance", "fixed, found \(experiment.network.variance.rawValue),")
    }
  }
}
