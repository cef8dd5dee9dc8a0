internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports
internal import Training

/// The training of a cell, its leader, that another cell starts from, because it would train the same network.
///
/// The cell gets the leader's checkpoints and logs. A checkpoint of its own differs in nothing but the experiment that it
/// records (`Experiment.trainedText`), so that these are the bytes that it would have written itself.
struct SharedTraining {
  package let leader: SweepPlan.Cell
  package let cell: SweepPlan.Cell

  /// Gives the cell what the leader's training has left; on every rank of the group.
  package func takeOver(_ group: Communicator) throws {
    try group.agree {
      guard group.isRoot else { return }
      try cell.folder.refuseLinks()
      let lock = try RunLock(cell.folder)
      defer { lock.release() }
      try copy(CheckpointStore.file(in: leader.folder))
    }
  }

  private func copy(_ newest: String) throws {
    let (header, last) = try Checkpoint.header(of: newest)
    // What a person finds here from now on belongs together: nothing is judged, and nothing is the newest.
    try cell.folder.removeJudgements()
    try cell.folder.remove(latest)
    // A network file system may be late with the list of a folder: what samples are drawn from is named.
    let best = leader.experiment.training.stopAfter > 0 ? header.best?.step : nil
    let needed = [last] + [best].compactMap(\.self)
    let kept = Set(CheckpointStore.steps(in: leader.folder).filter { $0 <= last } + needed).sorted()
    for step in CheckpointStore.steps(in: cell.folder) where !kept.contains(step) {
      try cell.folder.remove(file(step, in: cell.folder))
    }
    try cell.folder.write(cell.experiment.yaml, to: cell.folder.experiment)
    try AtomicFile.write(try readLog(leader.folder.metrics), to: cell.folder.metrics)
    try AtomicFile.write(try readLog(leader.folder.events), to: cell.folder.events)
    for step in kept {
      do {
        var checkpoint = try Checkpoint(contentsOf: file(step, in: leader.folder))
        checkpoint.header.experiment = cell.experiment
        try checkpoint.write(to: file(step, in: cell.folder))
      } catch  where !needed.contains(step) {
        // A damaged checkpoint that nothing is drawn from is in nobody's way.
        continue
      }
    }
    try cell.folder.write(name(of: newest) + "\n", to: latest)
  }

  private var latest: String { cell.folder.checkpoints + "/latest" }

  private func file(_ step: Int, in folder: RunFolder) -> String {
    folder.checkpoints + "/" + CheckpointStore.name(step: step)
  }

  private func name(of file: String) -> String { String(file.split(separator: "/").last ?? "") }
}

extension SweepRun {
  /// How a cell that starts from another's training is to run: with the leader's training, or not at all.
  enum Following {
    /// The leader has trained, and the cell has its network.
    case ready
    /// The leader goes on first, in a later run.
    case waits
    /// The sweep was told to end before the leader's last step.
    case isNotDue
    case failed(status: Int32, message: String)
  }

  /// Looks at a cell's leader, and takes over its training where that is at its end.
  ///
  /// - Parameters:
  ///   - cell: starts from another's training.
  ///   - outcomes: how the cells that train have ended.
  ///   - group: the ranks that run the cell.
  /// - Returns: the same on every rank of the group.
  /// - Throws: on every rank of the group, where a file cannot be read or written.
  func follow(_ cell: SweepPlan.Cell, after outcomes: [SweepOutcome], _ group: Communicator) throws -> Following {
    let leader = plan.cells[cell.leader]
    // What a cell has been given stays its own, also where the leader has since been resumed with other keys.
    if try group.fromRoot({ cell.isTrained }) { return .ready }
    if try group.fromRoot({ leader.isTrained }) {
      try SharedTraining(leader: leader, cell: cell).takeOver(group)
      if group.isRoot {
        let line = "cell \(cell.number + 1)/\(plan.cells.count): starts from the training of cell \(leader.number + 1)"
        writeText(line + "\n", to: STDOUT_FILENO)
      }
      return .ready
    }
    let outcome = outcomes.first { $0.cell == leader.number }
    if let outcome, outcome.isFailure {
      return .failed(
        status: outcome.status, message: "its network is trained by \(leader.folder.path), which failed")
    }
    if leader.isFinished || outcome?.isDone == true && request.until == nil {
      return .failed(
        status: ExitStatus.dataErr.rawValue,
        message: "its network is trained by \(leader.folder.path), whose last checkpoint cannot be read; go on with: "
          + "sgm-train --resume \(leader.folder.path)")
    }
    return outcome?.isDone == true ? .isNotDue : .waits
  }
}

extension SweepPlan.Cell {
  /// Whether the cell has trained to its end, by its newest checkpoint.
  ///
  /// A cell that starts from another's training is given the name of the newest checkpoint last, so that it is whole.
  var isTrained: Bool {
    guard let file = try? CheckpointStore.file(in: folder), let (header, step) = try? Checkpoint.header(of: file)
    else { return false }
    return experiment.isTrained(at: step, best: header.best)
  }
}
