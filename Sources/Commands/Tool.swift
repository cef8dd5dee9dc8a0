internal import CMachine
package import Communication
package import Files
internal import Foundation

/// Runs a tool's work on all ranks and ends the process with its status: one message for any error, from one rank.
///
/// - Parameters:
///   - name: the tool's name, in front of messages.
///   - catchesStops: whether a signal that asks for a stop is the work's to follow, from before MPI starts; else it ends
///     the program at once, with one line and without half-written files.
///   - threads: the threads of each rank.
///   - work: returns the exit status.
package func runTool(
  _ name: String, catchesStops: Bool = false, threads: Int = 1, _ work: (Communicator) throws -> ExitStatus
) -> Never {
  sgm_return_write_errors()
  if catchesStops {
    sgm_catch_stop_signals()
  } else {
    // Never given back: the handler needs it to the end.
    unsafe sgm_end_on_signals(Communicator.isFirstProcess ? strdup(name) : nil)
  }
  var communicator = Communicator.single
  do {
    communicator = try Communicator.start()
    communicator = try communicator.agree { try withThreads(threads, communicator) }
    if communicator.isRoot, let note = bindingNote(threads: threads) { say(name, note) }
    let status = try work(communicator)
    leave(communicator, status.rawValue)
  } catch let error as AgreedError {
    // Every rank holds the same error; the root alone speaks, and all leave in good order. The first to leave makes the
    // launcher end the others: what has been said is then the last word.
    if !catchesStops { sgm_end_on_signals(nil) }
    if communicator.isRoot { say(name, printableLines(error.description)) }
    leave(communicator, error.status)
  } catch {
    if !catchesStops { sgm_end_on_signals(nil) }
    // What one rank alone meets may be its host's; the errors of calls to other ranks name the rank themselves.
    let isNamed = communicator.size == 1 || error is CommunicationError
    say(name, printableLines("\(error)" + (isNamed ? "" : " (rank \(communicator.rank) on \(hostName()))")))
    let status = (error as? any StatusError)?.status ?? ExitStatus.software.rawValue
    if communicator.size > 1 { communicator.abort(status: status) }
    leave(communicator, status)
  }
}

/// The ranks with so many threads each.
private func withThreads(_ count: Int, _ communicator: Communicator) throws -> Communicator {
  guard 1...1_024 ~= count else { throw ToolError.usage("--threads \(count): 1 to 1,024 is expected") }
  return try communicator.with(threads: count)
}

/// What is said where the launcher has bound this rank to fewer cores than it has threads; nil elsewhere.
private func bindingNote(threads: Int) -> String? {
  let cores = Int(sgm_allowed_cores())
  guard threads > max(cores, 1) else { return nil }
  return "warning: --threads \(threads), but rank 0 may use \(counted(cores, "core")): take fewer threads, or add "
    + "--bind-to none or --map-by slot:PE=\(threads) to mpirun where it binds ranks to cores"
}

/// Ends the process in good order.
///
/// The first rank writes the status to the file that `SGM_STATUS_FILE` names, where it is: a launcher that crashes after
/// its ranks loses it.
private func leave(_ communicator: Communicator, _ status: Int32) -> Never {
  if communicator.isRoot, let path = ProcessInfo.processInfo.environment["SGM_STATUS_FILE"] {
    let file = unsafe open(path, O_WRONLY | O_TRUNC)
    if file >= 0 {
      writeText("\(status)\n", to: file)
      close(file)
    }
  }
  communicator.finish()
  exit(status)
}

private func say(_ name: String, _ text: String) {
  writeText("\(name): \(text)\n", to: STDERR_FILENO)
}
