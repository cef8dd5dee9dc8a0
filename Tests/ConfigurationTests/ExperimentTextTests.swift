import Foundation
import Testing

@testable import Configuration
@testable import Files

@Suite struct ExperimentTextTests {
  static let experiments = [
    "data: {target: funnel}",
    "data: {target: funnel}\nnetwork: {input: noisy-data}\n"
      + "training: {minimum_noise: 0.001, maximum_noise: 200, averages: [0.05, 0.1]}",
    ExperimentReaderTests.funnel,
    "data: {file: \"a b\\u00e9\\n#.csv\", held_out: '0.5'}\nname: \"1e5\"\nprocess: {kind: ornstein-uhlenbeck}",
    "data: {file: yes}\nname: null.\ntraining: {learning_rate: 1e-5, weight_decay: 1e22, clip_norm: 0.1}",
  ]

  @Test("the resolved text reads back as the same experiment and prints the same text", arguments: experiments)
  func roundTrip(yaml: String) throws {
    let experiment = try Experiment(yaml: yaml, file: "a.yaml")
    let again = try Experiment(yaml: experiment.yaml, file: "experiment.yaml")
    #expect(again == experiment)
    #expect(again.yaml == experiment.yaml)
  }

  @Test(
    "numbers are printed with a point, so that YAML 1.1 reads them as numbers, and read back exactly",
    arguments: [
      (1e-5, "1.0e-05"), (0.1, "0.1"), (2, "2.0"), (1e22, "1.0e+22"), (.leastNonzeroMagnitude, "5.0e-324"),
      (1.5e300, "1.5e+300"),
    ])
  func numbers(number: Double, text: String) {
    #expect(decimal(number) == text)
    #expect(real(from: text) == number)
  }

  @Test("the printed defaults are an experiment of defaults once the data are named") func defaults() throws {
    let printed = try Experiment(
      yaml: Experiment.printedDefaults, file: "defaults.yaml", settings: ["data.target=funnel"])
    #expect(try printed == Experiment(yaml: "data: {target: funnel}", file: "a.yaml"))
    for key in ExperimentKey.all { #expect(Experiment.printedDefaults.contains("\(key.name): ")) }
  }

  @Test("paths and sections of the key table are unique and contiguous, and every default is allowed") func table()
    throws
  {
    #expect(Set(ExperimentKey.all.map(\.path)).count == ExperimentKey.all.count)
    #expect(Set(ExperimentKey.sections).count == ExperimentKey.sections.count)
    for key in ExperimentKey.all {
      switch key.get(Experiment()) {
      case .integer(let number): #expect(key.limits.contains(Double(number)), "\(key.path)")
      case .real(let number): #expect(key.limits.contains(number), "\(key.path)")
      default: break
      }
    }
  }

  @Test("resuming refuses a change of anything but length, logging, checkpoints, sampling and evaluation") func resume()
    throws
  {
    let started = try Experiment(yaml: "data: {target: mg25}", file: "a")
    let allowed = try Experiment(
      yaml: "data: {target: mg25}\ncheckpoints: {every: 5}\nsampling: {steps: 9, seed: 4}\nevaluation: {count: 50}",
      file: "a",
      settings: ["training.steps=7", "training.log_every=3", "training.held_out_every=3"])
    #expect(allowed.changes(from: started).isEmpty)
    let refused = try Experiment(
      yaml: "data: {target: mg25, dimension: 4}", file: "a",
      settings: ["seed=2", "training.shards=8", "process.kind=ornstein-uhlenbeck"])
    #expect(
      refused.changes(from: started) == [
        "seed", "data.dimension", "process.kind", "process.horizon", "training.shards",
        "training.minimum_time",
      ])
  }

  /// To renew the file: `SGM_WRITE_DOCUMENTATION=1 swift test --filter documentation`.
  @Test("docs/experiment-file.md is what the key table says") func documentation() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/experiment-file.md")
      .standardized
    if ProcessInfo.processInfo.environment["SGM_WRITE_DOCUMENTATION"] != nil {
      try Experiment.documentation.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == Experiment.documentation)
  }
}
