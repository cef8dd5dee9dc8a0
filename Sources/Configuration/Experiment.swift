package import Diffusion
package import Metrics
package import Sampling
package import Training

/// Everything that decides a run's result, with every default filled in.
///
/// Its sections hold the options of the modules that act on them, where their defaults stand. Whether they go together
/// is checked when the file is read.
package struct Experiment: Sendable, Equatable {
  /// The run's name and that of its folder: letters, digits, `.`, `_` and `-`.
  package var name = "run"
  /// The seed of all randomness.
  package var seed: UInt64 = 1
  /// What is learned from.
  package var data = DataSection()
  /// The forward process.
  package var process = ProcessOptions()
  /// The score network.
  package var network = NetworkOptions()
  /// Objective, optimiser and length.
  package var training = TrainingSection()
  /// How samples are drawn during and after training.
  package var sampling = SamplingSection()
  /// What is kept on disk.
  package var checkpoints = CheckpointSection()
  /// How samples are judged.
  package var evaluation = JudgingOptions()

  /// An experiment of defaults; it lacks only its data.
  package init() {}
}

extension Experiment {
  /// How samples are drawn.
  @dynamicMemberLookup
  package struct SamplingSection: Sendable, Equatable {
    /// The sampler and its numbers.
    package var options = SamplerOptions()
    /// Whether samples of a latent model have the decoder's noise.
    package var decoderNoise = true
    /// Samples.
    package var count = 10_000
    /// Training steps between sample files; 0 draws only at the end.
    package var every = 0
    /// The sampling seed; nil uses the experiment's.
    package var seed: UInt64?

    /// The defaults.
    package init() {}

    /// A number of the options.
    package subscript<Value>(dynamicMember path: WritableKeyPath<SamplerOptions, Value>) -> Value {
      get { options[keyPath: path] }
      set { options[keyPath: path] = newValue }
    }
  }

  /// What is kept on disk.
  package struct CheckpointSection: Sendable, Equatable {
    /// Training steps between checkpoints.
    package var every = 1_000
    /// Minutes after which a step is followed by a checkpoint whatever its number; 0 for never.
    package var minutes = 15.0
    /// How many of the newest are kept.
    package var keepLast = 3
    /// Every checkpoint at a multiple of this step is kept; 0 for none.
    package var keepEvery = 0

    /// The defaults.
    package init() {}
  }
}
