internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Sampling
internal import Targets
internal import Training

/// What a user asks of `sgm-sample`.
package struct SampleRequest: Sendable {
  /// A run folder, or an experiment file where the score is exact.
  package var source: String
  /// Whether to use the target's exact score.
  package var isExact = false
  /// The number of samples; by default the experiment's.
  package var count: Int?
  /// The file, `.npy`, `.csv`, `.tsv` or `.json`; by default in the run's `samples`, or `NAME-exact.npy`.
  package var output: String?
  /// Whether the run's own samples, or a file that no such command has made, may be replaced.
  package var overwrite = false
  /// A file of conditions or the numbers of one row, for a network that was trained with conditions.
  package var condition: String?
  /// Whether the rows of conditions are observations of one θ, all given to each sample.
  package var together = false
  /// How many rows of conditions the samples take in turns.
  var observed = 1
  /// The checkpoint's step; by default the newest.
  package var checkpoint: Int?
  /// The length of the power-function average to draw from; nil for the moving average.
  package var average: Double?
  /// `key=value` settings, such as `sampling.sampler=splitting`.
  package var settings: [String] = []
  /// How many of the first samples' whole paths are kept, beside the samples.
  package var trajectories = 0
  /// The file of linear observations that samples are to agree with.
  package var observations: String?
  /// The file of coordinates whose values are known.
  package var fixed: String?

  /// The table whose missing cells are filled in.
  package var completed: String?

  /// A program that makes observations of the samples, beside their file; nil for none.
  package var simulator: String?
  /// Seconds that one start of it may take.
  package var simulatorTimeout: Double?

  /// A request with the defaults.
  package init(source: String) { self.source = source }
}

extension SampleRequest {
  /// The parameters to draw from: the moving average, or the power-function average of the length asked for.
  func parameters(of checkpoint: borrowing Checkpoint) throws -> Matrix {
    guard let average else { return checkpoint.state.average.head(1) }
    let known = checkpoint.header.experiment.training.averages
    guard let (low, high) = known.min().flatMap({ low in known.max().map { (low, $0) } }), low <= average,
      average <= high
    else {
      let words = known.isEmpty ? "none" : known.map { decimal($0) }.joined(separator: ", ")
      throw ToolError.usage(
        "--average \(decimal(average)): must lie between the lengths that the run keeps in training.averages, which are "
          + words)
    }
    return checkpoint.state.average(ofLength: average, from: known)
  }

  /// Whether the command itself gives a key, beside what the experiment's file says.
  func sets(_ key: String) -> Bool { settings.contains { $0.hasPrefix(key + "=") } }

  /// Refuses a sampler that would not be used, where samples are to agree with observations or fixed coordinates.
  ///
  /// Particles take ancestral steps of their own, in place of the sampler of the experiment's file. A sampler that the
  /// command names is another matter: it must not be passed over in silence.
  func checkSampler(_ sampling: Experiment.SamplingSection) throws(ToolError) {
    let given = [("--observe", observations), ("--fix", fixed), ("--complete", completed)].first { $0.1 != nil }
    guard let option = given?.0 else { return }
    let name = sampling.sampler.rawValue
    if case .chain = sampling.sampler {
      throw .usage(
        "\(option): \(name) draws from the target's own density and knows no \(option); leave one of the two out")
    }
    guard sampling.observing == .particles, sets("sampling.sampler"), sampling.sampler != .stepping(.ancestral) else {
      return
    }
    throw .usage(
      "\(option) draws by particles, which take ancestral steps and not those of \(name): leave the sampler out"
        + (completed == nil ? ", or draw by it with --set sampling.observing=guidance, which is less exact" : ""))
  }

  /// The steps of particles: those that the command names, else at least `GivenSamples.fewestSteps`, equal in ln snr.
  func particleGrid(_ sampling: Experiment.SamplingSection) -> (grid: TimeGrid, steps: Int) {
    (
      sets("sampling.grid") ? sampling.grid : .logSNR,
      sets("sampling.steps") ? sampling.steps : max(sampling.steps, GivenSamples.fewestSteps)
    )
  }

  /// Looks at the places of the samples, and of their paths, before anything is drawn.
  ///
  /// - Parameters:
  ///   - file: the samples' file.
  ///   - isRuns: whether it is the run's own.
  ///   - inputs: the files that are read, beside those that the request names.
  /// - Throws: `ToolError` for a place that must not be written to, or an ending that says no format.
  func checkPlaces(_ file: String, isRuns: Bool, inputs: [String]) throws(ToolError) {
    guard SampleFormat(of: file) != nil else {
      let isNetCDF = file.lowercased().hasSuffix(".nc")
      let way = isNetCDF ? "; ArviZ makes netCDF of the last: az.from_json(…).to_netcdf(…)" : ""
      throw .usage("--output \(file): end the name in .npy, .csv, .tsv or .json\(way)")
    }
    let inputs = inputs + [condition, observations, fixed, completed].compactMap { $0.map(fileOnDisk) }
    if isRuns {
      try OutputFile.check(
        file, overwrite: overwrite, inputs: inputs,
        remedy: "these are the run's own samples: name another file by --output, or replace them by --overwrite")
    } else {
      try OutputFile.check(file, overwrite: overwrite, inputs: inputs, isOwn: ArrayHeader.isOwn)
    }
    guard trajectories > 0 else { return }
    try OutputFile.check(
      Trajectory.file(beside: file), overwrite: overwrite || isRuns, inputs: inputs, isOwn: ArrayHeader.isOwn)
  }
}
