internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Training

/// Draws freely from a network, each thread with a network of its own.
///
/// The method may be any: the sampler of a score, a chain's reverse steps, a student's one step, or the decoder of latents.
func drawFromNetwork(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ parameters: MatrixBox,
  given conditions: SampleConditions?, _ file: String, _ communicator: Communicator
) throws -> String {
  let (count, trajectory) = request.amount(experiment, data)
  let sources = try communicator.agree {
    if !experiment.drawsWithoutScore {
      try experiment.checkVariance(isLearned: experiment.model(of: data).variance != nil)
    }
    return try experiment.sources(
      of: parameters.value, data, count: count, given: conditions, communicator)
  }
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  let writer = SampleWriter(communicator: communicator, description: data, observations: request.observed)
  let summary = try writer.write(
    count: count, from: sources, to: file, trajectory: trajectory, progress: { display.sampling($0) })
  try trajectory?.write(beside: file, communicator)
  return summary.line(experiment, to: file)
}

extension Experiment {
  /// Refuses a sampler that asks for a learned variance where the score has none.
  func checkVariance(isLearned: Bool) throws(ToolError) {
    guard sampling.options.takesLearnedVariance, !isLearned else { return }
    throw .usage("sampling.reverse_variance learned: this score has no learned variance; take posterior or forward")
  }
}

extension SampleRequest {
  /// Refuses observations, fixed coordinates and conditions where the network is no score.
  func refuseConstraints(of experiment: Experiment) throws(ToolError) {
    let options = [
      ("--observe", observations), ("--fix", fixed), ("--complete", completed), ("--condition", condition),
    ]
    let given = options.first { $0.1 != nil }
    // A student goes from noise to the sample at once, and latents are no rows of data on their way.
    let path = trajectories > 0 && experiment.process.chain == nil ? "--trajectory" : nil
    guard let option = given?.0 ?? (together ? "--together" : path) else { return }
    let (source, remedy) =
      experiment.training.teacher.map { ("a student", "sample its teacher \($0)") }
      ?? (experiment.latent.dimension == nil
        ? (experiment.process.words, "train a process of real numbers")
        : ("a latent model", "train without latent.dimension"))
    throw .usage("\(option): samples of \(source) are drawn freely; leave it out, or \(remedy)")
  }
}
