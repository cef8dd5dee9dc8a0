internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Training

/// Draws where no score of the data is known: discrete states by reverse steps of their chain, a student in one step, latents.
func drawWithoutScore(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ parameters: MatrixBox,
  _ file: String, _ communicator: Communicator
) throws -> String {
  let source = try communicator.agree {
    try experiment.chunks(of: parameters.value.head(1), data)
  }
  let (count, trajectory) = request.amount(experiment, data)
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  let writer = SampleWriter(communicator: communicator, description: data)
  let summary = try writer.write(
    count: count, from: source, to: file, trajectory: trajectory, progress: { display.sampling($0) })
  try trajectory?.write(beside: file, communicator)
  return summary.line(experiment, to: file)
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
