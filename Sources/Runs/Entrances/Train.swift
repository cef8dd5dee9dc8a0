internal import CMachine
package import Communication
internal import Configuration
package import Files
internal import Foundation
internal import LinearAlgebra
internal import Metrics
internal import Networks
internal import Reports
internal import Training

/// Runs `sgm-train` on all ranks: trains, samples, judges, reports.
///
/// - Returns: `success`, or `tempFail` where a signal stopped the run early, with a checkpoint.
package func train(_ request: TrainingRequest, _ communicator: Communicator) throws -> ExitStatus {
  guard var request = try Continuation.decide(request, communicator) else { return .success }
  if !request.checkOnly {
    request.jobEnd = try JobEnd.ask(communicator) { writeText("sgm-train: warning: \($0)\n", to: STDERR_FILENO) }
  }
  if let plan = try SweepPlan(request, communicator) { return try SweepRun(plan, request, communicator).run() }
  return try trainOne(request, communicator)
}
