internal import CMachine
internal import Communication
internal import Glibc
internal import LinearAlgebra

/// Pins oneDNN to the lowest instruction set of all ranks, or to the one asked for: its rounding must be the same
/// everywhere, and must not follow the environment.
///
/// - Parameters:
///   - wanted: what `--isa` says.
///   - communicator: the ranks.
/// - Returns: the level in force.
/// - Throws: `ExperimentError` where a rank's CPU lacks what the program was built for or is asked for.
func agreeOnInstructionSet(_ wanted: InstructionSet?, _ communicator: Communicator) throws -> InstructionSet {
  let lowest = try lowestInstructionSet(communicator)
  try communicator.agree {
    guard let wanted, wanted.level > lowest.level else { return }
    throw ExperimentError.usage("--isa \(wanted.rawValue): this CPU has no more than \(lowest.rawValue)")
  }
  let chosen = wanted ?? lowest
  try pin(chosen)
  return chosen
}

/// Pins oneDNN to the instruction set of a checkpoint, so that figures are those of its run; where a CPU lacks it, to
/// the lowest of all ranks, which the root says.
func pin(asIn header: Checkpoint.Header, atMost lowest: InstructionSet, _ communicator: Communicator) throws {
  let wanted = InstructionSet(rawValue: header.instructionSet)
  let chosen = wanted.flatMap { $0.level <= lowest.level ? $0 : nil } ?? lowest
  try pin(chosen)
  guard chosen != wanted, communicator.isRoot else { return }
  writeText(
    "warning: the checkpoint was made with instruction set \(printable(header.instructionSet)), this is "
      + "\(chosen.rawValue): the last digits of figures that use networks may differ\n", to: STDERR_FILENO)
}

private func pin(_ chosen: InstructionSet) throws {
  guard chosen.pin() else { throw ExperimentError.fault("oneDNN was in use before its instruction set was pinned") }
}

/// The lowest instruction set of all ranks' CPUs.
///
/// - Throws: `ExperimentError` where a rank's CPU lacks what the program was built for.
func lowestInstructionSet(_ communicator: Communicator) throws -> InstructionSet {
  let own = try communicator.agree {
    if let feature = unsafe sgm_missing_cpu_feature() {
      let name = unsafe String(cString: feature)
      throw ExperimentError.unavailable(
        "this CPU lacks \(name), for which the program was built; build it with SGM_MARCH=x86-64")
    }
    guard let own = InstructionSet.highest else {
      throw ExperimentError.unavailable("this CPU has no AVX2, which oneDNN is pinned to; use another machine")
    }
    return own
  }
  let lowest = try communicator.allGather([Double(own.level)]).min() ?? 0
  return InstructionSet.allCases[Int(lowest)]
}
