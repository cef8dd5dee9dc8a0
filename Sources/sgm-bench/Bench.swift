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
    abstract: "Measure the trainer's kernels and steps as fractions of a core's peak.",
    discussion: """
      Only the useful work of the matrix products is counted, and all of the time. Each figure is the best of several \
      repeats, and the peak is measured between them. Under mpirun, and with --threads, the step is measured on one thread of one rank and on all.
      """)

  /// What can be measured.
  enum Section: String, CaseIterable, ExpressibleByArgument {
    case layers, step, exchange, normals, sampling, checkpoint, safety, allocations, distances
  }

  @Flag(help: "Print only a core's peak in GFLOP/s.")
  var peak = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Option(name: .customLong("only"), parsing: .upToNextOption, help: "Measure these parts alone.")
  var sections: [Section] = Section.allCases

  @Option(parsing: .unconditional, help: "Repeats of each measurement; the best counts.")
  var repeats = 15

  @OptionGroup var threads: Threads

  @Option(
    help: ArgumentHelp(
      "Measure nothing else, and write a training step of this many ranks as a trace for SimGrid.", valueName: "ranks"))
  var trace: Int?

  @Option(help: "Shards of the trace's step, a power of two of at least as many as ranks.")
  var shards: Int?

  @Option(help: "Rows of the trace's step on all ranks, a multiple of the shards.")
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      """
      Of the trace: how often a rank looks for messages, some ten times a layer, before it waits for one; 0 sends nothing \
      while it computes.
      """, valueName: "looks"))
  var overlap = 1

  @Option(name: .customLong("into"), help: "The trace's folder.")
  var folder = "trace"

  /// The trace that is asked for: unless told, 128 rows a shard and no more shards than need be.
  private func wantedTrace() throws(ToolError) -> Trace? {
    guard let trace else { return nil }
    guard 1...4_096 ~= trace else { throw .usage("--trace \(trace): 1 to 4,096 ranks are expected") }
    var least = 1
    while least < trace { least *= 2 }
    let shards = shards ?? least
    guard shards >= trace, shards <= 4_096, shards & (shards - 1) == 0 else {
      throw .usage("--shards \(shards): a power of two from \(least) to 4,096 is expected")
    }
    let batch = batch ?? 128 * shards
    guard batch > 0, batch % shards == 0 else {
      throw .usage("--batch \(batch): a multiple of the \(shards) shards is expected")
    }
    guard overlap >= 0 else { throw .usage("--overlap \(overlap): a number from 0 on is expected") }
    return Trace(ranks: trace, shards: shards, batch: batch, overlap: overlap)
  }

  func run() {
    onAllRanks(threads: threads.count) { communicator in
      try communicator.agree {
        if let feature = unsafe sgm_missing_cpu_feature() {
          throw ToolError.unavailable("this program needs a CPU with \(unsafe String(cString: feature))")
        }
        guard repeats >= 1 else { throw ToolError.usage("--repeats \(repeats): at least 1 is expected") }
      }
      if let trace = try communicator.agree({ try wantedTrace() }) {
        let written = try communicator.agree {
          communicator.isRoot ? try trace.write(into: folder, repeats: repeats) : nil
        }
        return printed(
          written.map {
            "\(folder)/trace: \(Table.number(1e3 * $0.seconds)) ms of computing a rank, \($0.messages) messages of "
              + "\($0.sentBytes) bytes in all; one rank alone: \(Table.number(1e3 * $0.secondsAlone)) ms"
          } ?? "", communicator)
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
