import Diffusion
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Runs

private let base = "data: {target: funnel}\nprocess: {kind: critically-damped-langevin}\n"

private func sweep(_ yaml: String, _ settings: String...) throws -> Sweep {
  try #require(try Sweep(yaml: base + yaml, file: "s.yaml", settings: settings))
}

@Suite struct SweepTests {
  @Test("cells are all combinations, the last key fastest, each with its values and the settings")
  func cells() throws {
    let sweep = try sweep("sweep: {process.epsilon: [0, 0.5], network.widths: [[8], [16, 8]], seed: [1, 2]}", "name=x")
    #expect(sweep.axes.map(\.path) == ["process.epsilon", "network.widths", "seed"])
    #expect(sweep.axes.map(\.values) == [["0.0", "0.5"], ["[8]", "[16, 8]"], ["1", "2"]])
    let values = sweep.cells.map(\.experiment).map { "\($0.process.epsilon) \($0.network.widths) \($0.seed)" }
    #expect(
      values == [
        "0.0 [8] 1", "0.0 [8] 2", "0.0 [16, 8] 1", "0.0 [16, 8] 2", "0.5 [8] 1", "0.5 [8] 2", "0.5 [16, 8] 1",
        "0.5 [16, 8] 2",
      ])
    #expect(sweep.cells.allSatisfy { $0.experiment.name == "x" })
  }

  @Test("a cell is the experiment that --set of its values gives")
  func sameAsSettings() throws {
    let cell = try sweep("sweep: {process.a: [0.5, 2], data.target: [mg25, diamond]}").cells[3].experiment
    #expect(
      try cell == Experiment(yaml: base, file: "s.yaml", settings: ["process.a=2", "data.target=diamond"]))
  }

  @Test("a file without the table is no sweep")
  func none() throws { #expect(try Sweep(yaml: base, file: "s.yaml") == nil) }

  @Test("a cell's folder says its values in plain letters")
  func names() {
    let axes = [
      Sweep.Axis(path: "data.file", values: ["../a b/c.npy", "d.npy"]), Sweep.Axis(path: "seed", values: ["1", "-2"]),
    ]
    #expect(SweepFolder.name(of: 0, axes: axes) == "001_file=..-a-b-c.npy_seed=1")
    #expect(SweepFolder.name(of: 3, axes: axes) == "004_file=d.npy_seed=-2")
    let long = Sweep.Axis(path: "data.file", values: [String(repeating: "x", count: 500)])
    #expect(SweepFolder.name(of: 0, axes: [long]).count == 120)
  }

  // Messages stand on one line each, as they are printed.
  // swift-format-ignore
  private static let mistakes: [(String, String)] = [
    ("sweep: 3", "s.yaml:3:8: sweep is a table of keys and their values, such as {process.epsilon: [0, 0.25], seed: [1, 2]}"),
    ("sweep: {}", "s.yaml:3:8: sweep is a table of keys and their values, such as {process.epsilon: [0, 0.25], seed: [1, 2]}"),
    ("sweep:\n  process.epsilom: [0]", "s.yaml:4:3: process.epsilom is not a key; did you mean process.epsilon?"),
    ("sweep:\n  process: [0]", "s.yaml:4:3: process is a section, not a key; set one of its keys, such as process.kind"),
    ("sweep:\n  seed: 3", "s.yaml:4:9: sweep of seed must be a list of values, such as [1, 2]"),
    ("sweep:\n  process.a: []", "s.yaml:4:14: sweep of process.a must be a list of values, such as [0.5, 1]"),
    ("sweep:\n  seed: [1, 2, 1]", "s.yaml:4:16: sweep of seed has 1 twice; keep one"),
    ("sweep:\n  process.a: [1, 1.0]", "s.yaml:4:18: sweep of process.a has 1.0 twice; keep one"),
    ("sweep:\n  process.a: [1, -1]", "s.yaml:4:18: sweep: process.a must be greater than 0, found \"-1\""),
    ("sweep:\n  process.a: [1, {b: 2}]", "s.yaml:4:18: sweep: process.a must be a number, found a section"),
    ("sweep:\n  name: [a, b]", "s.yaml:4:3: name cannot be swept: the cells' folders carry their values already"),
    ("sweep:\n  training.shards: [16, 12]", "s.yaml:4:25: training.shards must be a power of two, found 12"),
    ("sweep:\n  data.dimension: [2, 1]", "s.yaml:4:23: data.dimension must be at least 2 for data.target funnel, found 1"),
    ("sweep: {seed: [1]}\nsweep: {seed: [2]}", "s.yaml:3:1: \"sweep\" is given more than once; keep one"),
  ]

  @Test("a bad table gives one message with line and column", arguments: mistakes)
  func refused(yaml: String, text: String) {
    #expect(errorText { _ = try Sweep(yaml: base + yaml, file: "s.yaml") } == text)
  }

  @Test("a swept key cannot be set as well, and other programs want a single experiment")
  func elsewhere() {
    let yaml = base + "sweep: {seed: [1, 2]}"
    #expect(
      errorText { _ = try Sweep(yaml: yaml, file: "s.yaml", settings: ["seed=3"]) }
        == "--set seed=3: seed is swept in s.yaml:3:9; change the table there")
    #expect(
      errorText { _ = try Experiment(yaml: yaml, file: "s.yaml") }
        == "s.yaml:3:9: a sweep is for sgm-train; here name one of its cells, or remove the table")
  }

  @Test("more cells than folders should hold are refused")
  func tooMany() {
    let seeds = (0..<100).map(String.init).joined(separator: ", ")
    let yaml = base + "sweep: {seed: [\(seeds)], sampling.seed: [\(seeds)]}"
    #expect(
      errorText { _ = try Sweep(yaml: yaml, file: "s.yaml") }
        == "s.yaml:3:9: sweep has more than 4096 cells: take fewer values, or several sweeps")
  }
}
