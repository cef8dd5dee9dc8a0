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
  /// The file, `.npy`, `.csv` or `.tsv`; by default in the run's `samples`, or `NAME-exact.npy`.
  package var output: String?
  /// Whether the run's own samples, or a file that no such command has made, may be replaced.
  package var overwrite = false
  /// A file of conditions or the numbers of one row, for a network that was trained with conditions.
  package var condition: String?
  /// The checkpoint's step; by default the newest.
  package var checkpoint: Int?
  /// `key=value` settings, such as `sampling.sampler=splitting`.
  package var settings: [String] = []
  /// How many of the first samples' whole paths are kept, beside the samples.
  package var trajectories = 0
  /// The file of linear observations that samples are to agree with.
  package var observations: String?
  /// The file of coordinates whose values are known.
  package var fixed: String?

  /// A request with the defaults.
  package init(source: String) { self.source = source }
}

extension SampleRequest {
  /// Looks at the places of the samples, and of their paths, before anything is drawn.
  ///
  /// - Parameters:
  ///   - file: the samples' file.
  ///   - isRuns: whether it is the run's own.
  ///   - inputs: the files that are read, beside those that the request names.
  /// - Throws: `ExperimentError` for a place that must not be written to, or an ending that says no format.
  func checkPlaces(_ file: String, isRuns: Bool, inputs: [String]) throws(ExperimentError) {
    guard SampleTable.separator(of: file) != nil || file.lowercased().hasSuffix(".npy") else {
      throw .usage("--output \(file): end the name in .npy, .csv or .tsv")
    }
    let inputs = inputs + [condition, observations, fixed].compactMap { $0 }
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
