import Communication
import Configuration
import Files
import Runs
import Training

/// What survival costs: stop flags, heartbeat, watchdog and audits every 500 steps as shares of a step.
///
/// Each part is measured alone and divided by the steps that it serves: their sum is far below the scatter of a step's time.
func safetyOverheads(_ meter: Meter, _ communicator: Communicator) throws -> [Measurement] {
  let example = Case.larger
  guard communicator.size <= example.shards else { return [] }
  let trainer = example.trainer(communicator)
  for _ in 0..<3 { _ = try trainer.takeStep() }
  let step = try meter.seconds(count: 1) { _ = try trainer.takeStep() }
  let audited = try meter.seconds(count: 1) { _ = try trainer.takeStep(audit: 1) }
  let digests = try meter.seconds(count: 3) { try trainer.auditParameters() }
  let audit = (max(audited - step, 0) + digests) / 500
  let marks = meter.seconds(count: 10_000) { SurvivalCost.markStep() }
  let beats = meter.seconds(count: 100) { SurvivalCost.beat() } * SurvivalCost.beatsPerSecond * step
  let parts = [
    ("audit every 500 steps", audit), ("flags and marks", marks), ("heartbeat and watchdog", beats),
    ("survival together", audit + marks + beats),
  ]
  return parts.map { name, seconds in
    Measurement(name: "\(name), \(example.name)", value: seconds * 1e6, unit: "µs", ratio: (seconds / step, "a step"))
  }
}
