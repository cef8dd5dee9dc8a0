internal import Diffusion
internal import Files
internal import Metrics
internal import Sampling
internal import Training

extension ExperimentReader {
  /// Fills in what follows from the network's variance, and refuses a smallest time beside a chain's states.
  mutating func fillVariance() throws(ToolError) {
    let isLearned = experiment.network.variance == .learned
    if places["training.time_grid"] == nil, isLearned { experiment.training.timeGrid = .chain }
    if places["sampling.reverse_variance"] == nil, isLearned { experiment.sampling.options.reverseVariance = .learned }
    if experiment.training.timeGrid == .chain, places["training.minimum_time"] != nil {
      throw fault(
        "training.minimum_time",
        "is for training.time_grid continuous: the first state of a chain is at process.horizon / process.chain_steps; "
          + "remove it")
    }
  }

  /// Refuses a learned variance without the chain that it belongs to, and a bound without a chain.
  func checkVariance() throws(ToolError) {
    let (training, network, options) = (experiment.training, experiment.network, experiment.sampling.options)
    let process = experiment.process.make()
    if training.timeGrid == .chain, experiment.noiseLevels != nil {
      throw fault(
        "training.time_grid",
        "must be continuous with training.minimum_noise, which draws noise levels in place of times")
    }
    if experiment.evaluation.metrics.contains(.chainBound), !ReverseChain.isAvailable(for: process) {
      throw fault(
        "evaluation.metrics",
        "bound is of a chain of one block with Gaussian noise: \(served); process.kind is \(experiment.process.words); "
          + "take nll")
    }
    guard network.variance == .learned else {
      guard options.reverseVariance == .learned else { return }
      throw fault(
        "sampling.reverse_variance", "must be posterior or forward for network.variance fixed, found learned")
    }
    guard ReverseChain.isAvailable(for: process) else {
      throw fault(
        "network.variance",
        "learned is of reverse steps of one block with Gaussian noise: \(served); process.kind is "
          + "\(experiment.process.words); take fixed")
    }
    guard !training.objective.comparesScores, training.coupling == .independent else {
      throw fault(
        "network.variance",
        "learned needs training.objective hsm or dsm and training.coupling independent, found "
          + "\(training.objective.rawValue) and \(training.coupling.rawValue)")
    }
    guard training.timeGrid == .chain else {
      throw fault(
        "training.time_grid", "must be chain for network.variance learned, whose bound has terms at the chain's states")
    }
  }

  /// The kinds of process that have chains.
  private var served: String {
    ProcessKind.allCases.filter { ReverseChain.isAvailable(for: ProcessOptions($0).make()) }.map(\.rawValue)
      .joined(separator: ", ")
  }
}
