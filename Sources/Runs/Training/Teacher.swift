internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Networks
internal import Training

/// The run whose sampler a student learns: its averaged parameters at one step.
struct Teacher {
  /// The run's folder, for messages.
  let path: String
  /// What its checkpoint says of it.
  let header: Checkpoint.Header
  /// Its averaged parameters, `[1, layout count]`.
  let parameters: MatrixBox
  /// What the student's checkpoints say of it.
  let record: TeacherRecord

  /// The teacher that an experiment names; nil where it names none.
  ///
  /// - Parameters:
  ///   - experiment: the student's.
  ///   - base: the folder that relative paths start from.
  ///   - known: what the student's checkpoint says; nil for a new student, which takes the step that the teacher's samples
  ///     are drawn from.
  ///   - communicator: the ranks; all read the teacher.
  /// - Throws: an error of the teacher's folder, or `ToolError.configuration` where it is no longer what it was.
  init?(_ experiment: Experiment, base: String, known: TeacherRecord?, _ communicator: Communicator) throws {
    guard let name = experiment.training.teacher else { return nil }
    path = DataSource.path(name, from: base)
    let folder = RunFolder(path)
    let step = try known?.step ?? Checkpoint.newestHeader(in: folder, communicator).header.sampledStep
    let checkpoint = try Checkpoint.newest(in: folder, step: step, communicator)
    header = checkpoint.header
    var digest = CRC32C()
    unsafe digest.update(checkpoint.state.average.span.bytes)
    record = TeacherRecord(step: checkpoint.state.step, digest: digest.text)
    parameters = MatrixBox(checkpoint.state.average.head(1))
    guard let known, known != record else { return }
    try communicator.agree { [path, record] in
      throw ToolError.configuration(
        Place("training.teacher"),
        "\(path) at step \(record.step) is not the teacher that the run began with (digest \(record.digest), not "
          + "\(known.digest)); bring that back, or start a new run")
    }
  }

  /// Refuses a teacher that a student cannot have, on any rank.
  ///
  /// - Parameters:
  ///   - experiment: the student's.
  ///   - data: the student's; nil where they have been compared before.
  /// - Throws: `ToolError.configuration`.
  func check(_ experiment: Experiment, data: DataSet.Description?) throws {
    let theirs = header.experiment
    func refuse(_ key: String, _ problem: String) -> ToolError { .configuration(Place(key), problem) }
    guard theirs.process.chain == nil, theirs.training.teacher == nil else {
      throw refuse("training.teacher", "\(path) has no score: a teacher is a run of real numbers that learned one")
    }
    guard theirs.latent.dimension == nil else {
      throw refuse("training.teacher", "\(path) has a score of latents, and a student needs one of the data")
    }
    guard header.data.conditions == 0 else {
      throw refuse(
        "training.teacher", "\(path) has conditions, which a student does not know; sample the teacher itself")
    }
    guard theirs.process == experiment.process else {
      throw refuse("process", "differs from that of the teacher \(path): take over its section process")
    }
    let dimension = header.data.dimension
    let (own, learned) = (experiment.model(dimension: dimension), theirs.model(dimension: dimension))
    guard own.network == learned.network, own.frequencies == learned.frequencies, own.level == learned.level else {
      throw refuse(
        "network",
        "differs from that of the teacher \(path): take over its section network, and its seed with Fourier "
          + "features")
    }
    guard let data, data.fingerprint != header.data.fingerprint else { return }
    throw refuse(
      "data",
      "differs from that of the teacher \(path): \(header.data.differences(to: data)); take over its section data")
  }
}
