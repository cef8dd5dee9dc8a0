internal import Diffusion
package import Files
internal import Metrics
internal import Networks
internal import Sampling
package import Training

extension ExperimentReader {
  /// Refuses what a one-step student cannot be, and says what it can.
  func checkStudent() throws(ToolError) {
    let (training, process) = (experiment.training, experiment.process.make())
    guard process.noise == .gaussian else {
      throw fault(
        "training.teacher", "needs Gaussian noise: process.base is student-t; take a process with base gaussian")
    }
    guard experiment.conditionCount == 0 else {
      throw fault("training.teacher", "needs a teacher without conditions; sample the teacher itself")
    }
    guard experiment.network.variance == .fixed else {
      throw fault("network.variance", "must be fixed with training.teacher: a student takes one step without noise")
    }
    let input = experiment.network.input
    guard input.blocks(for: process) == process.blocks else {
      throw fault(
        "network.input",
        "must be state with training.teacher for process.kind \(experiment.process.words), found \(input.rawValue): the sample "
          + "depends on all of the noise that the flow starts from")
    }
    let output = experiment.network.output
    guard output.blocks(for: process) == 1 else {
      throw fault(
        "network.output",
        "must be posterior-mean with training.teacher for process.kind \(experiment.process.words), found "
          + "\(output.rawValue): a student puts out one sample")
    }
    guard training.pairs >= training.shards else {
      throw fault(
        "training.pairs", "must be at least training.shards = \(training.shards), found \(training.pairs)")
    }
    let requirement = training.teacherSampler.kind.make().requirement
    guard requirement.isMet(by: process) else {
      let served = FlowSampler.allCases.filter { $0.kind.make().requirement.isMet(by: process) }.map(\.rawValue)
      throw fault(
        "training.teacher_sampler",
        "\(training.teacherSampler.rawValue) needs \(requirement.words), and process.kind is "
          + "\(experiment.process.words); take \(served.joined(separator: " or "))")
    }
    let densities: [Metric] = [.likelihood, .chainBound]
    if let metric = experiment.evaluation.metrics.first(where: { densities.contains($0) }) {
      throw fault(
        "evaluation.metrics",
        "names \(metric.rawValue), but a student with training.teacher maps noise to samples and has no density; judge its "
          + "teacher by it, or take distances such as sliced-w2")
    }
  }

  /// The words for a key that a student has no use for.
  func meaningless(_ key: ExperimentKey, at place: Place) -> ToolError {
    .configuration(
      place,
      "\(key.path) means nothing with training.teacher: a student learns its teacher's pairs and draws in one evaluation; "
        + "remove it")
  }
}

extension Experiment {
  /// The experiment of a one-step student of this experiment's network.
  ///
  /// - Parameters:
  ///   - teacher: the run, as seen from the folder that this experiment's relative paths start from.
  ///   - file: the name used in errors.
  ///   - settings: `key=value` as given to `--set`.
  /// - Returns: this experiment with its own name, without what a student does not have.
  /// - Throws: as `init(yaml:file:settings:)`.
  package func student(
    of teacher: String, file: String, settings: [String]
  ) throws(ToolError) -> Experiment {
    guard latent.dimension == nil else {
      throw .usage(
        "--distil \(teacher): its score is one of latents, and a student needs one of the data; sample the run itself")
    }
    var student = self
    student.name = name + "-student"
    student.training.teacher = teacher
    student.evaluation.metrics.removeAll { $0 == .likelihood || $0 == .chainBound }
    if student.evaluation.metrics.isEmpty { student.evaluation.metrics = JudgingOptions().metrics }
    return try Experiment(yaml: student.yaml, file: file, settings: settings)
  }

  /// Whether there is no score of the data, so that samples are drawn freely: those of discrete states, students and latents.
  package var drawsWithoutScore: Bool { process.chain != nil || training.teacher != nil || latent.dimension != nil }

  /// The student for data of `dimension` coordinates; nil for a run without a teacher.
  package func studentModel(dimension: Int) -> StudentModel? {
    training.teacher.map { _ in StudentModel(model(dimension: dimension)) }
  }
}
