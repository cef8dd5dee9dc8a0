public import LinearAlgebra
public import Training

/// What a user asks of `sgm-train` beside the experiment.
public struct TrainingRequest: Sendable {
  /// Where a run starts.
  public enum Start: Sendable {
    /// An experiment file.
    case experiment(file: String)
    /// A run folder's newest checkpoint.
    case resume(run: String)
    /// A cell of a sweep whose relative paths start from `base`.
    case cell(experiment: Experiment, base: String)
  }

  /// Where the run starts.
  public var start: Start
  /// A run whose averaged parameters a new run begins with.
  public var initialise: String?
  /// `key=value` settings.
  public var settings: [String] = []
  /// The run folder; by default `runs/NAME`.
  public var output: String?
  /// The step to stop after, before the experiment's last.
  public var until: Int?
  /// Whether to check and estimate alone.
  public var checkOnly = false
  /// Whether to run the debug checks.
  public var debug = false
  /// Steps whose gradient hashes are recorded, on any number of ranks.
  public var hashSteps: [Int] = []
  /// Whether an existing run may be replaced.
  public var overwrite = false
  /// The instruction set that oneDNN is pinned to.
  public var instructionSet: InstructionSet?
  /// Seconds after which the run stops with a checkpoint.
  public var timeLimit: Double?
  /// Seconds after which a call to other ranks ends the job; 0 for never.
  public var stallLimit = 600.0
  /// Whether a resumed run may go on with other data.
  public var allowsDataChange = false
  /// A fault made on purpose, to see it found.
  public var injected: InjectedFault?
  /// What stands in front of each line, for one of several runs at the same time.
  public var label: String?

  /// A request with the defaults.
  public init(start: Start) { self.start = start }
}
