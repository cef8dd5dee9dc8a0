import Networks
import TestSupport
import Testing

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

private func refusal(_ yaml: String, rows: Int? = nil, dimension: Int = 2, machine: Double = 24e9) -> String {
  errorText {
    let experiment = try Experiment(yaml: yaml, file: "f")
    try MemoryNeed(
      experiment, rows: rows ?? experiment.data.count, separate: 0, dimension: dimension, ranks: 1, ranksHere: 1
    ).check(against: machine)
  }
}

@Suite struct MemoryNeedTests {
  @Test(
    "the memory of a process is limited by its own control group and by all above it, in both versions",
    arguments: [
      ("0::/", ["/memory.max", "/memory/memory.limit_in_bytes"]),
      (
        "0::/system.slice/slurm job",
        [
          "/system.slice/slurm job/memory.max", "/system.slice/memory.max", "/memory.max",
          "/memory/memory.limit_in_bytes",
        ]
      ),
      (
        "5:cpu,memory:/a/b:c\n3:name=systemd:/memory\n0::/x\nnonsense",
        [
          "/x/memory.max", "/memory.max", "/memory/a/b:c/memory.limit_in_bytes", "/memory/a/memory.limit_in_bytes",
          "/memory/memory.limit_in_bytes",
        ]
      ), ("", ["/memory.max", "/memory/memory.limit_in_bytes"]),
    ])
  func controlGroups(text: String, files: [String]) {
    #expect(memoryLimitFiles(ofGroups: text) == files.map { "/sys/fs/cgroup" + $0 })
  }

  // By hand: 4 bytes · 8.603e9 parameters · (1 + 5 + 3 + 4) buffers; 1e9 rows · (24 + 8) + 2 · 1e8 · 8 bytes;
  // 4 bytes · 16,777,216 rows · 968 units; 1e12 rows · 8 bytes.
  @Test(
    "absurd sizes are refused by key, before anything is allocated",
    arguments: [
      ("data: {target: funnel}\nnetwork: {widths: [65536, 65536, 65536]}", "network.widths", "447.4 GB"),
      ("data: {target: funnel, count: 1000000000}", "data.count", "33.60 GB"),
      ("data: {target: funnel}\ntraining: {batch: 16777216}", "training.batch", "64.96 GB"),
      ("data: {target: funnel}\nsampling: {count: 1000000000000}", "sampling.count", "8000 GB"),
    ])
  func refuses(yaml: String, key: String, size: String) throws {
    let dimension = try Experiment(yaml: yaml, file: "f").data.dimension ?? 2
    let text = refusal(yaml, dimension: dimension)
    #expect(text.hasPrefix("\(key): the run needs at least ") && text.contains("; \(size) of it is for "), "\(text)")
    #expect(text.hasSuffix("make \(key) smaller"), "\(text)")
  }

  // By hand: 24 bytes · 33,000² pairs of columns for each fit.
  @Test("covariances beyond the memory are refused with what to leave out, and left out they are not counted")
  func covariances() {
    func refused(_ evaluation: String) -> String {
      refusal("data: {target: gaussian, dimension: 33000, count: 100}\n\(evaluation)", dimension: 33_000, machine: 20e9)
    }
    let one = refused("")
    #expect(
      one.hasPrefix("evaluation.baseline: ") && one.contains("26.14 GB of it is for covariances of 33,000 columns"))
    #expect(one.hasSuffix(": set evaluation.baseline to none"))
    let both = refused("evaluation: {metrics: [sliced-w2, gaussian]}")
    #expect(both.hasPrefix("evaluation.baseline: ") && both.contains("78.41 GB"))
    #expect(both.hasSuffix(": set evaluation.baseline to none, and leave out the metric gaussian"))
    let metric = refused("evaluation: {baseline: none, metrics: [gaussian]}")
    #expect(metric.hasPrefix("evaluation.metrics: ") && metric.hasSuffix(": leave out the metric gaussian"))
    for enough in ["{baseline: none}", "{metrics: []}"] {
      #expect(refused("evaluation: \(enough)") == "no error was thrown")
    }
  }

  @Test("the message names need, machine and remedy, and several ranks on a machine add up")
  func text() throws {
    let experiment = try Experiment(yaml: "data: {target: funnel}\nsampling: {count: 10000000000}", file: "f")
    let need = MemoryNeed(experiment, rows: 50_000, separate: 0, dimension: 2, ranks: 4, ranksHere: 4)
    #expect(
      errorText { try need.check(against: 24e9) }
        == "sampling.count: the run needs at least 320.0 GB of memory on this machine (4 ranks of 80.00 GB), "
        + "which has 24.00 GB; 320.0 GB of it is for samples and their judgement: make sampling.count smaller")
    #expect(errorStatus { try need.check(against: 24e9) } == .config)
  }

  @Test("numbers in double precision take twice their room, or a group of columns at a time less") func passes() throws
  {
    let experiment = try Experiment(yaml: "data: {file: a.csv, held_out: 0}", file: "f")
    func bytes(_ isDouble: Bool, passes: Int = 1) -> Double {
      MemoryNeed(
        experiment, rows: 1_000_000, separate: 0, dimension: 40, isDouble: isDouble, passes: passes, ranks: 2,
        ranksHere: 2
      ).bytes
    }
    // Half of 40 million numbers: 8 bytes each, and in four groups of columns 2.
    #expect(bytes(true) - bytes(false) == 160e6)
    #expect(bytes(true, passes: 5) - bytes(false) == 40e6)
  }

  @Test("a thread more takes two numbers a parameter, as long as there is a shard for it") func threads() throws {
    let experiment = try Experiment(
      yaml: "data: {target: funnel}\nnetwork: {widths: [512, 512]}\ntraining: {shards: 16}", file: "f")
    func bytes(ranks: Int, threads: Int) -> Double {
      MemoryNeed(
        experiment, rows: 50_000, separate: 0, dimension: 2, ranks: ranks, ranksHere: ranks, threads: threads
      ).bytes
    }
    let architecture = experiment.architecture(dimension: 2)
    let parameters = architecture.layers.reduce(0.0) { $0 + Double(($1.inputs + 1) * $1.outputs) }
    #expect(bytes(ranks: 1, threads: 4) - bytes(ranks: 1, threads: 1) == 3 * 8 * parameters)
    #expect(bytes(ranks: 8, threads: 64) - bytes(ranks: 8, threads: 1) == 8 * parameters)
  }

  @Test("ordinary experiments fit, and this machine's memory is known")
  func ordinary() throws {
    #expect(refusal("data: {target: funnel}\nnetwork: {widths: [512, 512, 512, 512]}") == "no error was thrown")
    let machine = machineMemory()
    #expect(machine.isFinite && machine > 1e8)
    let part = MemoryNeed.Part(rows: 3_000_000_000, columns: 2, from: "a.npy")
    #expect(errorText { try part.check(against: 24e9) } == "no error was thrown")
    #expect(
      errorText { try part.check(against: 23.9e9) }
        == "a.npy: 24.00 GB of memory are needed for 3000000000 × 2 numbers, but this machine has 23.90 GB: "
        + "take a part of them")
    #expect(errorText { try MemoryNeed.Part(rows: .max, columns: .max, from: "a.npy").check() }.hasPrefix("a.npy: "))
  }

  @Test("samples that no disk holds are refused before the file is made")
  func disk() {
    let path = temporaryPath("samples.npy")
    let body = { try ArrayFileWriter.create(path, rows: .max, columns: 100) }
    #expect(errorText(body).hasPrefix("\(path): making room for 9223372036854775807 × 100 numbers ("))
    #expect(errorStatus(body) == .ioErr)
  }
}
