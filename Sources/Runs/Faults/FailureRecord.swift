internal import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import LinearAlgebra
internal import Reports
internal import Targets
internal import Training

/// What is kept of a step that was not finite or diverged, in `failures/step-K` of the run's folder: the shard's rows and
/// times, the layer, and the command that goes through it again.
struct FailureRecord {
  package var step: Int
  package var fault: StepFault
  /// Where it arose, in words.
  package var place: String
  package var shard: Int?
  package var layer: Int?
  package var loss: Double
  var peakLoss: Double
  /// `stop`, `skip` or `rollback`.
  package var action: String
  /// The command that replays the step on one process in debug mode.
  var replay: String

  package var json: JSONValue {
    .object([
      .init("step", .integer(step)), .init("fault", .string(fault.rawValue)), .init("place", .string(place)),
      .init("shard", shard.map { .integer($0) } ?? .null), .init("layer", layer.map { .integer($0) } ?? .null),
      .init("loss", .real(loss)), .init("highest_average_loss", .real(peakLoss)), .init("action", .string(action)),
      .init("replay", .string(replay)),
    ])
  }
}
