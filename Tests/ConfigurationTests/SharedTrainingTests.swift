import Diffusion
import Networks
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files

private let noise = """
  data: {target: funnel}
  network: {input: noisy-data}
  training: {minimum_noise: 0.001, maximum_noise: 1000}

  """
private let times = "data: {target: funnel}\nprocess: {kind: critically-damped-langevin}\n"

private func read(_ yaml: String, _ settings: [String]) throws -> Experiment {
  try Experiment(yaml: yaml, file: "s.yaml", settings: settings)
}

@Suite struct SharedTrainingTests {
  private static let damped = ["process.kind=critically-damped-langevin"]

  @Test(
    "on noise levels no process, sampling or judging enters training",
    arguments: [
      damped, damped + ["process.epsilon=0.25"], damped + ["process.a=0.5", "process.horizon=0.9"],
      ["process.kind=variance-preserving", "process.horizon=0.9"], ["process.kind=variance-exploding"],
      ["process.kind=flow-matching"], ["process.kind=third-order-langevin"], ["sampling.steps=7"],
      ["sampling.sampler=euler-maruyama", "sampling.grid=uniform"], ["sampling.count=10", "sampling.seed=4"],
      ["sampling.final_time=0.01"], ["evaluation.metrics=[nll]", "evaluation.count=50"],
    ])
  func alike(settings: [String]) throws {
    let (plain, other) = (try read(noise, []), try read(noise, settings))
    #expect(plain.trainedText != nil && plain.trainedText == other.trainedText)
    // What the trainer is made from.
    let (own, theirs) = (plain.trainedOptions, other.trainedOptions)
    #expect(own.minimumTime == theirs.minimumTime && own.timeLaw.chainSteps == theirs.timeLaw.chainSteps)
    let (model, second) = (plain.trainedModel(dimension: 3), other.trainedModel(dimension: 3))
    #expect(
      model.network == second.network && model.weight == second.weight && model.conditioning == second.conditioning)
    #expect(model.process.horizon == second.process.horizon)
    // What a checkpoint is laid out by.
    #expect(plain.layout(dimension: 3) == other.layout(dimension: 3))
  }

  @Test(
    "everything else does",
    arguments: [
      "seed=2", "data.count=999", "data.dimension=3", "network.widths=[8]", "training.steps=7", "training.batch=4096",
      "training.averages=[0.05, 0.1]", "training.maximum_noise=2000", "training.log_every=7", "training.stop_after=3",
      "checkpoints.every=7", "checkpoints.keep_last=7", "name=other",
    ])
  func unlike(setting: String) throws {
    #expect(try read(noise, []).trainedText != read(noise, [setting]).trainedText)
  }

  @Test("where times are drawn the process does too, and sampling and judging do not")
  func ofTimes() throws {
    let plain = try read(times, []).trainedText
    for setting in [
      "process.epsilon=0.5", "process.a=2", "process.kind=variance-preserving", "training.minimum_time=0.1",
    ] {
      #expect(try read(times, [setting]).trainedText != plain, "\(setting)")
    }
    for setting in ["sampling.steps=7", "sampling.final_time=0.1", "evaluation.count=50"] {
      #expect(try read(times, [setting]).trainedText == plain, "\(setting)")
    }
    // A network of the noise alone that draws times: these are the process's.
    let noisy = times + "network: {input: noisy-data}\n"
    #expect(try read(noisy, []).trainedText != read(noisy, ["process.epsilon=0.5"]).trainedText)
  }

  @Test("the text names every key, so that a new one tells experiments apart until someone says that it need not")
  func keys() throws {
    let expected = ExperimentKey.all.map(\.path).filter { !$0.hasPrefix("sampling.") && !$0.hasPrefix("evaluation.") }
    func named(_ yaml: String) throws -> [String] {
      try #require(try read(yaml, []).trainedText).split(separator: "\n").map { String($0.prefix { $0 != ":" }) }
    }
    #expect(try named(times) == expected)
    #expect(
      try named(noise) == expected.filter { !$0.hasPrefix("process.") && $0 != "training.minimum_time" })
  }

  @Test("samples drawn in the middle of training, and a simulator's own pairs, are shared with nobody")
  func alone() throws {
    #expect(try read(noise, ["sampling.every=5"]).trainedText == nil)
    let simulated = "data: {simulator: a, prior: {m: \"normal [0, 1]\"}, count: 10}\n"
    #expect(try read(simulated, []).trainedText == nil)
    let experiments = try [["sampling.every=5"], ["sampling.every=5", "sampling.steps=9"]].map { try read(noise, $0) }
    #expect(Experiment.leaders(of: experiments) == [0, 1])
  }

  @Test("of each class the first trains for the others")
  func leaders() throws {
    let sweep = try #require(
      try Sweep(yaml: noise + "sweep: {sampling.steps: [3, 5, 7], seed: [1, 2]}", file: "s.yaml"))
    #expect(Experiment.leaders(of: sweep.cells.map(\.experiment)) == [0, 1, 0, 1, 0, 1])
    let other = try #require(
      try Sweep(yaml: times + "sweep: {process.epsilon: [0, 0.5], seed: [1, 2]}", file: "s.yaml"))
    #expect(Experiment.leaders(of: other.cells.map(\.experiment)) == [0, 1, 2, 3])
  }

  @Test("a sweep with a process whose noise is beyond what would be trained is refused as it is read, with both ranges")
  func beyond() throws {
    let yaml = noise + "process: {kind: variance-exploding}\nsweep: {process.sigma_max: [5, 2000]}"
    #expect(
      errorText { _ = try Sweep(yaml: yaml, file: "s.yaml") }
        == "s.yaml:3:49: training.maximum_noise must hold the noise of the process, 0.002 at sampling.final_time to 2000.0 at "
        + "process.horizon, found 0.001 to 1000.0")
  }
}
