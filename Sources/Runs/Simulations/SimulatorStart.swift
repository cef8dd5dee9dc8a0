internal import CMachine
internal import Files
internal import Foundation
internal import Training

/// One start of a user's program: what it reads, writes and says are files, so that nothing waits in a pipe.
struct SimulatorStart {
  /// For the shell.
  let command: String
  /// Where it runs; empty for the current folder.
  let folder: String
  /// SGM_SEED.
  let seed: Int
  let input: String
  let output: String
  let errors: String

  /// How a program ended, or was ended.
  enum Ending: Equatable {
    /// By itself, with a status.
    case exited(Int32)
    /// By a signal that was not ours.
    case killed(Int32)
    /// It took too long.
    case late
    /// It wrote more than any rows are.
    case endless
    /// Somebody wants no more of it.
    case unwanted
  }

  /// Bytes that no block of rows has.
  private static let mostBytes = 1 << 30

  /// Runs the program to its end; no process of its group is left.
  ///
  /// - Parameters:
  ///   - patience: seconds that it may take.
  ///   - isUnwanted: asked about fifty times a second whether to end it.
  /// - Returns: how it ended.
  /// - Throws: `ToolError` where it cannot be started at all.
  func run(patience: Double, isUnwanted: () -> Bool) throws(ToolError) -> Ending {
    let input = try Descriptor.reading(input)
    let output = try SimulationFiles.created(output)
    let errors = try SimulationFiles.created(errors)
    let begun = Stopwatch.now
    let process = unsafe sgm_start(command, folder, String(seed), input.number, output.number, errors.number)
    guard process > 0 else { throw .system(doing: "starting the simulator", -process) }
    var (status, pause): (Int32, UInt32) = (0, 500)
    while true {
      let found = unsafe waitpid(process, &status, WNOHANG)
      if found == process { break }
      if found < 0, errno != EINTR { throw .system(doing: "waiting for the simulator", errno) }
      let isLate = Stopwatch.now - begun > patience
      let isEndless = try output.size() > Self.mostBytes
      if isLate || isEndless || isUnwanted() {
        kill(-process, SIGKILL)
        unsafe _ = waitpid(process, &status, 0)
        return isLate ? .late : isEndless ? .endless : .unwanted
      }
      usleep(pause)
      pause = min(2 * pause, 20_000)
    }
    // What it has left running would still write.
    kill(-process, SIGKILL)
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
  }
}
