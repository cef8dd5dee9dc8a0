internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Training

// What a run says of itself in `status.json`.

extension TrainingRun {
  /// The first word: who runs it, and from where.
  func openStatus() throws {
    let names = try communicator.allGather(Array(hostName().utf8)).map { String(decoding: $0, as: UTF8.self) }
    var hosts: [String] = []
    for name in names where !hosts.contains(name) { hosts.append(name) }
    (status.hosts, status.ranks, status.threads) = (hosts, communicator.size, communicator.threads.count)
    status.process = Int(getpid())
    (status.firstStep, status.started) = (trainer.step, Date().timeIntervalSince1970)
    status.steps = experiment.training.steps
    writeStatus()
  }

  /// Says how the run stands now, in place of what it said before; on the root.
  ///
  /// A disk that is full costs the word, not the run.
  func writeStatus() {
    guard communicator.isRoot, !isReplay, !request.checkOnly else { return }
    status.step = trainer.step
    status.write(in: folder)
  }

  /// The last word after an end in good order.
  func concludeStatus(_ exit: ExitStatus) {
    status.exitStatus = Int(exit.rawValue)
    status.state = isComplete ? .complete : .stopped
    let reached = Stop(cause: .until, reason: "--until")
    (status.cause, status.reason) =
      isComplete ? (nil, nil) : ((stop ?? reached).cause.rawValue, (stop ?? reached).reason)
    writeStatus()
  }

  /// The last word after an error that all ranks share, or that is this rank's alone.
  func concludeStatus(_ error: any Error) {
    let exit = (error as? any StatusError)?.status ?? ExitStatus.software.rawValue
    status.exitStatus = Int(exit)
    let isStop = exit == ExitStatus.tempFail.rawValue
    (status.state, status.cause) = isStop ? (.stopped, Stop.Cause.signal.rawValue) : (.failed, "error")
    status.reason = "\(error)"
    writeStatus()
  }
}
