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
  /// The NPY file; by default in the run's `samples`, or `NAME-exact.npy`.
  package var output: String?
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
