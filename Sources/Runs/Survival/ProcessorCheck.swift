internal import CMachine
package import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra

/// Checks that every rank's CPU has what the program was built for, and warns where matrix products run by loops.
///
/// - Parameter communicator: the ranks.
/// - Throws: `ToolError` where a CPU lacks something.
package func checkProcessor(_ communicator: Communicator) throws {
  try communicator.agree {
    guard let feature = unsafe sgm_missing_cpu_feature() else { return }
    let name = unsafe String(cString: feature)
    throw ToolError.unavailable(
      "this CPU lacks \(name), for which the program was built; build it with SGM_MARCH=x86-64")
  }
  let isSlow = try communicator.allGather([MatrixProduct.isJustInTime ? 0 : 1]).contains(1)
  // The bits are the same: a line for whoever wonders about the time.
  if isSlow { announce("warning: matrix products of some rank run by \(MatrixProduct.engine)", communicator) }
}
