internal import CMachine
package import Communication
internal import Configuration
internal import Reports

/// The parts of a run's work, as heartbeats and the watchdog name them.
package enum RunStage: Int32, CaseIterable {
  case starting, step, heldOut, audit, checkpoint, sampling, judging

  /// The part in words.
  package var words: String {
    switch self {
    case .starting: "starting"
    case .step: "a step"
    case .heldOut: "the held-out loss"
    case .audit: "an audit"
    case .checkpoint: "a checkpoint"
    case .sampling: "sampling"
    case .judging: "judging samples"
    }
  }

  /// Says that this process is now at this part.
  package func begin() { sgm_pulse_stage(rawValue) }
}

/// What the main thread is at, seen from another thread.
package struct Pulse: Equatable {
  /// The step being taken.
  package var step: Int
  /// Calls to other ranks begun so far; the same number means the same call on every rank.
  package var calls: Int
  /// The last of them.
  package var call: MessageCall
  /// Whether it still runs.
  package var isInside: Bool
  /// The part of the work.
  package var stage: RunStage

  /// What this process is at now.
  package static var now: Pulse {
    let pulse = sgm_pulse_now()
    return Pulse(
      step: Int(pulse.step), calls: Int(pulse.calls), call: MessageCall(rawValue: pulse.call) ?? .none,
      isInside: pulse.inside != 0, stage: RunStage(rawValue: pulse.stage) ?? .starting)
  }
}
