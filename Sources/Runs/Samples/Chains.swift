internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets

/// Runs one chain for each sample on the target's own density, and says how well they mixed.
///
/// Acceptance is over all chains; split-R̂ and effective sample size are of the first 256 chains, which are the same
/// whatever the number of samples and of ranks.
func runChains(
  _ kind: ChainKind, _ request: SampleRequest, _ experiment: Experiment, _ target: any Target,
  _ data: DataSet.Description, _ file: String, _ communicator: Communicator
) throws -> String {
  let density = try communicator.agree { () throws -> any LogDensity in
    guard let density = target.density(in: data.standardisation) else {
      throw ToolError.usage(
        "\(kind.rawValue) needs a known density: that of \(experiment.data.target?.rawValue ?? "the target") is not")
    }
    return density
  }
  func opened(_ density: some LogDensity) throws -> String {
    try draw(kind, request, experiment, data, density, file, communicator)
  }
  return try opened(density)
}

private func draw<D: LogDensity>(
  _ kind: ChainKind, _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ density: D,
  _ file: String, _ communicator: Communicator
) throws -> String {
  let sampling = experiment.sampling
  var density = density
  var chains = LangevinChains(
    kind: kind, dimension: density.dimension, steps: sampling.steps, stepSize: sampling.stepSize,
    friction: sampling.friction, seed: sampling.seed ?? experiment.seed)
  let count = request.count ?? experiment.sampling.count
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  let trajectory = request.trajectories > 0 ? Trajectory(count: min(request.trajectories, count), data) : nil
  let record = trajectory.map { trajectory in
    { (step: Int, state: borrowing Matrix) in trajectory.append(Double(step), state) }
  }
  var (accepted, proposed, diagnostics) = (0, 0, [Double]())
  let writer = SampleWriter(communicator: communicator, description: data)
  let progress = { (share: Double) in display.sampling(share) }
  let (seconds, _) = try writer.write(count: count, to: file, progress: progress) {
    (chunk: Int, _: Int, samples: inout Matrix) in
    let outcome = chains.generate(
      chunk: chunk, density: &density, into: &samples, diagnoses: chunk == 0, record: chunk == 0 ? record : nil)
    accepted += outcome.accepted
    proposed += outcome.proposed
    if let found = outcome.diagnostics {
      diagnostics = [found.splitRHat, found.effectiveSampleSize, Double(found.draws)]
    }
  }
  try trajectory?.write(beside: file, communicator)
  let counts = try communicator.allGather([Double(accepted), Double(proposed)])
  let found = try communicator.allGather(diagnostics)
  let (all, taken) = stride(from: 0, to: counts.count, by: 2).reduce(into: (0.0, 0.0)) { sums, i in
    sums.0 += counts[i + 1]
    sums.1 += counts[i]
  }
  var line = "\(counted(count, "sample")) by \(kind.rawValue), \(sampling.steps + 1) evaluations each, "
  if kind == .adjusted { line += "\(rounded(100 * taken / all)) % accepted, " }
  if found.count == 3 {
    line += "split-R̂ \(rounded(found[0])), effective sample size \(rounded(found[1])) of \(Int(found[2])) draws, "
  }
  return line + "in \(duration(seconds)): \(file)"
}
