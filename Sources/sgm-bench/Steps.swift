import CMachine
import Communication
import Configuration
import Files
import Runs
import Training

/// Whole steps on one rank, and on all where there are more: rows, draws, gradients, exchange, update.
func trainingSteps(_ meter: Meter, _ communicator: Communicator) throws -> [Measurement] {
  var results: [Measurement] = []
  for example in [Case.large, .finer, .larger, .largest, .small] {
    let flops = example.stepFlops
    let count = Meter.count(flops: flops)
    var alone = 0.0
    if communicator.isRoot {
      let trainer = example.trainer(.single)
      for _ in 0..<3 { _ = try trainer.takeStep() }
      let step = try meter.work("step \(example.name)", count: count, flops: flops) { _ = try trainer.takeStep() }
      alone = 1e-3 * step.value
      results.append(step)
    }
    try communicator.barrier()
    let workers = communicator.size * communicator.threads.count
    guard workers > 1, communicator.size <= example.shards else { continue }
    let trainer = example.trainer(communicator)
    for _ in 0..<3 { _ = try trainer.takeStep() }
    let together = try meter.seconds(count: count) { _ = try trainer.takeStep() }
    results.append(
      Measurement(
        name: "step \(example.name) on \(communicator.words)", value: together * 1e3, unit: "ms",
        ratio: (alone / together, "the speed of one thread")))
  }
  return results
}

/// How long training stands still while a checkpoint's state is gathered.
func checkpointStall(_ meter: Meter, _ communicator: Communicator) throws -> [Measurement] {
  let example = Case.larger
  guard communicator.size <= example.shards else { return [] }
  let trainer = example.trainer(communicator)
  let step = try meter.seconds(count: 1) { _ = try trainer.takeStep() }
  let stall = try meter.seconds(count: 10) { _ = try trainer.gatherState() }
  return [
    Measurement(
      name: "checkpoint's stall \(example.name)", value: stall * 1e3, unit: "ms",
      ratio: (stall / step, "a step"))
  ]
}

/// Calls of malloc and its like in a warm step, where a preloaded library counts them.
func warmAllocations() throws -> [Measurement] {
  guard sgm_allocations() >= 0 else { return [] }
  return try [Case.large, .small].map { example in
    let trainer = example.trainer(.single)
    for _ in 0..<5 { _ = try trainer.takeStep() }
    let before = sgm_allocations()
    let steps = 10
    for _ in 0..<steps { _ = try trainer.takeStep() }
    // Before the line's text, which allocates too.
    let count = sgm_allocations() - before
    return Measurement(
      name: "allocations, \(steps) warm steps \(example.name)", value: Double(count), unit: "calls")
  }
}
