internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling

/// Draws discrete states by reverse steps of their chain.
func drawStates(
  _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ parameters: MatrixBox,
  _ file: String, _ communicator: Communicator
) throws -> String {
  let source = try communicator.agree {
    try experiment.chunks(of: parameters.value.head(1), dimension: data.dimension)
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
  /// Refuses observations, fixed coordinates and conditions where samples are discrete states.
  func refuseConstraints(on process: String) throws(ExperimentError) {
    let given = [("--observe", observations), ("--fix", fixed), ("--condition", condition)].first { $0.1 != nil }
    guard let option = given?.0 ?? (together ? "--together" : nil) else { return }
    throw .usage("\(option): samples of \(process) are drawn freely; leave it out, or train a process of real numbers")
  }
}
