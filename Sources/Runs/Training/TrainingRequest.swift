package import Configuration
internal import Reports
package import Training

/// What a user asks of `sgm-train` beside the experiment.
package struct TrainingRequest: Sendable {
  /// Where a run starts.
  package enum Start: Sendable {
    /// An experiment file.
    case experiment(file: String)
    /// A run folder's newest checkpoint.
    case resume(run: String)
    /// A cell of a sweep whose relative paths start from `base`.
    case cell(experiment: Experiment, base: String)
    /// A student of a run, with that run's experiment.
    case student(of: String)
  }

  /// Where the run starts.
  package var start: Start
  /// Whether an experiment whose folder holds its run goes on with that.
  package var continues = false
  /// The experiment file of a run that goes on: what may change follows it.
  package var file: String?
  /// In place of a file: the experiment of a sweep's cell that goes on.
  package var experiment: Experiment?
  /// A run whose averaged parameters a new run begins with.
  package var initialise: String?
  /// `key=value` settings.
  package var settings: [String] = []
  /// The run folder; by default `runs/NAME`.
  package var output: String?
  /// The step to stop after, before the experiment's last.
  package var until: Int?
  /// Whether to check and estimate alone.
  package var checkOnly = false
  /// Whether to run the debug checks.
  package var debug = false
  /// Steps whose gradient hashes are recorded, on any number of ranks.
  package var hashSteps: [Int] = []
  /// Whether an existing run may be replaced.
  package var overwrite = false
  /// Seconds after which the run stops with a checkpoint.
  package var timeLimit: Double?
  /// When the batch system ends the job.
  package var jobEnd: JobEnd?
  /// Seconds after which a call to other ranks ends the job; 0 for never.
  package var stallLimit = 600.0
  /// Whether a resumed run may go on with other data.
  package var allowsDataChange = false
  /// A fault made on purpose, to see it found.
  package var injected: InjectedFault?
  /// What stands in front of each line, for one of several runs at the same time.
  package var label: String?

  /// A request with the defaults.
  package init(start: Start) { self.start = start }
}

extension TrainingRequest {
  /// The experiment that a run goes on with, in place of the one it recorded; nil where `--resume` takes that.
  var givenExperiment: Experiment? {
    get throws { try experiment ?? file.map { try Experiment(contentsOf: $0, settings: settings) } }
  }

  /// The files that a new run reads: the experiment and its data.
  func files(of experiment: Experiment, base: String) -> [String] {
    var files: [String] = []
    if case .experiment(let file) = start { files.append(file) }
    if let teacher = experiment.training.teacher {
      files.append(RunFolder(DataSource.path(teacher, from: base)).experiment)
    }
    return files + DataSource.files(of: experiment, base: base)
  }
}
