import ArgumentParser
import CMachine
import Commands
import Communication
import Configuration
import Files
import Runs

/// Measures this machine's core and the trainer's parts as fractions of it.
@main
struct Bench: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-bench",
    abstract: "Measures the trainer's kernels and steps as fractions of a core's peak.",
    discussion: """
      Work is the useful work of the matrix products alone; time is everything. Each figure is the best of several
      repeats, and the peak is measured between them. Under mpirun the step is measured on one rank and on all.
      """)

  /// What can be measured.
  enum Section: String, CaseIterable, ExpressibleByArgument {
    case layers, step, exchange, normals, sampling, checkpoint, safety, allocations, distances
  }

  @Flag(help: "Print only a core's peak in GFLOP/s.")
  var peak = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Option(name: .customLong("only"), parsing: .upToNextOption, help: "Measure only these.")
  var sections: [Section] = Section.allCases

  @Option(parsing: .unconditional, help: "Repeats of each measurement; the best counts.")
  var repeats = 15

  func run() {
    onAllRanks { communicator in
      try communicator.agree {
        if let feature = unsafe sgm_missing_cpu_feature() {
          throw ExperimentError.unavailable("this program needs a CPU with \(unsafe String(cString: feature))")
        }
        guard repeats >= 1 else { throw ExperimentError.usage("--repeats \(repeats): at least 1 is expected") }
      }
      if peak {
        return printed(communicator.isRoot ? Table.number(sgm_fma_peak(20) / 1e9) : "", communicator)
      }
      let meter = Meter(repeats: repeats)
      var results: [Measurement] = []
      for section in Section.allCases where sections.contains(section) {
        results += try section.measure(meter, communicator)
        try communicator.barrier()
      }
      return printed(
        json ? Table.lines(results, peak: meter.peak) : Table.text(results, peak: meter.peak), communicator)
    }
  }
}

extension Bench.Section {
  /// Every rank calls this; where the work is one rank's, the others return at once.
  fileprivate func measure(_ meter: Meter, _ communicator: Communicator) throws -> [Measurement] {
    switch self {
    case .layers: communicator.isRoot ? layerKernels(meter) : []
    case .step: try trainingSteps(meter, communicator)
    case .exchange: try treeExchange(meter, communicator)
    case .normals: communicator.isRoot ? normalNumbers(meter) : []
    case .sampling: communicator.isRoot ? samplingSteps(meter) : []
    case .checkpoint: try checkpointStall(meter, communicator)
    case .safety: try safetyOverheads(meter, communicator)
    case .allocations: communicator.isRoot ? try warmAllocations() : []
    case .distances: communicator.isRoot ? try distancesOfSets() : []
    }
  }
}
