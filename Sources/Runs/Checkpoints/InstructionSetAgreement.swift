internal import CMachine
package import Communication
internal import Configuration
internal import Files
internal import Foundation
package import LinearAlgebra

/// Pins oneDNN to the lowest instruction set of all ranks, or to the one asked for: its rounding must be the same
/// everywhere, and must not follow the environment.
///
/// - Parameters:
///   - wanted: what `--isa` says.
///   - communicator: the ranks.
/// - Returns: the level in force.
/// - Throws: `ExperimentError` where a rank's CPU lacks what the program was built for or is asked for.
package func agreeOnInstructionSet(_ wanted: InstructionSet?, _ communicator: Communicator) throws -> InstructionSet {
  let own = try communicator.agree {
    if let feature = unsafe sgm_missing_cpu_feature() {
      let name = unsafe String(cString: feature)
      throw ExperimentError.unavailable(
        "this CPU lacks \(name), for which the program was built; build it with SGM_MARCH=x86-64")
    }
    guard let own = InstructionSet.highest else {
      throw ExperimentError.unavailable("this CPU has no AVX2, which oneDNN is pinned to; use another machine")
    }
    if let wanted, wanted.level > own.level {
      throw ExperimentError.usage("--isa \(wanted.rawValue): this CPU has no more than \(own.rawValue)")
    }
    return own
  }
  let lowest = try communicator.allGather([Double(own.level)]).min() ?? 0
  let chosen = wanted ?? InstructionSet.allCases[Int(lowest)]
  guard chosen.pin() else { throw ExperimentError.fault("oneDNN was in use before its instruction set was pinned") }
  return chosen
}

/// Pins oneDNN to a checkpoint's instruction set, for the bits of the run that wrote it; where a rank lacks it, a warning
/// says so.
func followInstructionSet(_ name: String, _ communicator: Communicator) throws {
  let wanted = InstructionSet(rawValue: name)
  let lacks = wanted.map { $0.level > (InstructionSet.highest?.level ?? -1) } ?? true
  let isLacking = try communicator.allGather([lacks ? 1 : 0]).contains(1)
  let chosen = try agreeOnInstructionSet(isLacking ? nil : wanted, communicator)
  if isLacking, communicator.isRoot {
    writeText(
      "warning: the checkpoint was made with instruction set \(printable(name)), this is \(chosen.rawValue): the last "
        + "bits may differ\n", to: STDERR_FILENO)
  }
}
