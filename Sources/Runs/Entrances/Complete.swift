internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Sampling
internal import Training

/// Fills in the missing cells of a table by draws of a score given the other cells of their row.
///
/// - Parameters:
///   - table: the file, given by `--complete`.
///   - request: what else the user asks for.
///   - experiment: the steps and the seed.
///   - data: what the score was trained on.
///   - score: a network's, or an exact one.
///   - inputs: files that must not be written to.
///   - communicator: the ranks.
///   - setConditions: takes the conditions of the 256 states of a chunk.
/// - Returns: lines for people.
/// - Throws: `ToolError`, the same on every rank.
func complete<S: Score>(
  _ table: String, _ request: SampleRequest, _ experiment: Experiment, _ data: DataSet.Description, _ score: S,
  inputs: [String], _ communicator: Communicator, setConditions: (borrowing Matrix) -> Void = { _ in }
) throws -> String {
  let (process, file) = (score.process, request.output ?? "")
  let count = request.count ?? 1
  let given = try communicator.agree { () throws -> GivenRows in
    guard process.noise == .gaussian else {
      throw ToolError.usage("--complete: needs a process of Gaussian noise, and this one's is not")
    }
    let given = try GivenRows(table, data, experiment)
    guard !given.rows.count.multipliedReportingOverflow(by: count).overflow, given.rows.count * count < 1 << 40 else {
      throw ToolError.usage("--count \(count): so many completions of each row are more than a file can hold")
    }
    if communicator.isRoot { try request.checkPlaces(file, isRuns: false, inputs: inputs) }
    return given
  }
  for line in given.remarks { announce(line, communicator) }
  let start = Stopwatch.now
  let writer = CompletionWriter(communicator, data, given, count: count, to: file)
  let (grid, steps) = request.particleGrid(experiment.sampling)
  var generator = CompletionGenerator(
    process: process, dimension: data.dimension,
    times: grid.times(steps: steps, of: process, to: experiment.sampling.finalTime),
    denoises: experiment.sampling.denoise, seed: experiment.sampling.seed ?? experiment.seed,
    particles: writer.particles, start: experiment.sampling.start.covariance(of: process))
  var display = ProgressDisplay(isRoot: communicator.isRoot, steps: 1)
  var score = score
  let summary = try writer.write(
    &generator, &score, setConditions: setConditions, progress: { display.sampling($0) })
  let particles = writer.particles
  var lines = [
    "\(counted(given.rows.count, "row")), \(summary.open) with missing cells, each completed "
      + "\(counted(count, "time")) by \(particles) particles, \(generator.evaluationsPerSample) evaluations each, in "
      + "\(duration(Stopwatch.now - start)): \(file)"
  ]
  if summary.systems > 0 {
    lines.append("of each \(particles) particles at least \(rounded(summary.smallest)) counted")
  }
  if summary.few * 10 > summary.systems {
    lines.append(
      "warning: of \(summary.few) among \(counted(summary.systems, "row")) fewer than 2 of \(particles) particles counted at "
        + "some time: weights of modes are rough there; a larger --count takes more particles")
  }
  return lines.joined(separator: "\n")
}

extension SampleRequest {
  /// Refuses what does not go with `--complete`.
  func checkCompletion(_ sampling: Experiment.SamplingSection) throws(ToolError) {
    guard completed != nil else { return }
    let others = [
      ("--observe", observations != nil), ("--fix", fixed != nil), ("--condition", condition != nil),
      ("--trajectory", trajectories > 0),
    ]
    if let (other, _) = others.first(where: { $0.1 }) {
      let reason = other == "--condition" ? ": the file's own columns are the conditions" : ""
      throw .usage("--complete and \(other) exclude each other\(reason); leave one of them out")
    }
    guard let output else {
      throw .usage("--output is needed with --complete: name the file of the completed rows")
    }
    guard SampleFormat(of: output) != .draws else {
      throw .usage("--output \(output): rows are completed into .csv, .tsv or .npy")
    }
    guard sampling.observing == .particles else {
      throw .usage(
        "--complete draws by particles: add --set sampling.observing=particles, in place of \(sampling.observing.rawValue)"
      )
    }
  }
}
