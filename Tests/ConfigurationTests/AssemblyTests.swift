import Diffusion
import Sampling
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files

/// From words to values: what an experiment makes, and what it fills in where nothing is said.
@Suite struct AssemblyTests {
  private func experiment(_ settings: String...) throws -> Experiment {
    try Experiment(yaml: "data: {target: diamond}\n", file: "a.yaml", settings: settings)
  }

  private func refusal(_ settings: String...) -> String {
    errorText { _ = try Experiment(yaml: "data: {target: diamond}\n", file: "a.yaml", settings: settings) }
  }

  private func objective(_ settings: String...) throws -> TrainingObjective {
    try Experiment(yaml: "data: {target: diamond}\n", file: "a.yaml", settings: settings)
      .objective(in: .identity(2), dimension: 2)
  }

  @Test("objectives have the probes, steps and pairing that are asked for") func objectives() throws {
    guard case .denoising = try objective("training.objective=dsm"),
      case .transported = try objective(
        "process.kind=flow-matching", "training.objective=dsm", "training.coupling=optimal-transport"),
      case .implicit(let own) = try objective("training.objective=implicit", "training.simulation_steps=6"),
      case .sliced(let probes, let steps) = try objective(
        "training.objective=sliced", "training.probes=3", "training.simulation_steps=5"),
      case .explicit = try objective("training.objective=explicit")
    else {
      Issue.record("another objective than the word's")
      return
    }
    #expect(own == 6 && probes == 3 && steps == 5)
  }

  @Test("a model has the experiment's seed, and compared scores are weighed by unit variance unless told otherwise")
  func models() throws {
    let fourier = "network.embedding=fourier"
    let seeds = try ["seed=1", "seed=2"].map { try experiment($0, fourier).model(dimension: 2).frequencies }
    #expect(seeds[0] != seeds[1])
    // Another objective with this output would have uniform-noise.
    let compared = try experiment("training.objective=sliced", "network.output=score")
    #expect(compared.model(dimension: 2).weight == .unitVariance)
    let likelihood = try experiment("training.objective=sliced", "training.weight=likelihood")
    #expect(likelihood.model(dimension: 2).weight == .likelihood)
    let hybrid = try experiment("training.objective=hsm")
    #expect(hybrid.training.weight == nil)
  }

  @Test("conditions count a target's, or a file's columns") func conditions() throws {
    #expect(try experiment().conditionCount == 0)
    let file = try Experiment(yaml: "data: {file: x.csv, conditions: [a, b]}", file: "a.yaml")
    #expect(file.conditionCount == 2)
  }

  @Test("both final times are the process's own where nothing is said", arguments: ProcessKind.allCases)
  func finalTimes(kind: ProcessKind) throws {
    let found = try experiment("process.kind=\(kind.rawValue)")
    let usual = found.process.make().usualFinalTime
    #expect(found.sampling.finalTime == usual && found.training.minimumTime == usual)
    let said = try experiment("process.kind=\(kind.rawValue)", "sampling.final_time=0.01")
    #expect(said.sampling.finalTime == 0.01 && said.training.minimumTime == usual)
  }

  @Test("a sampler that is named has its own steps and grid, unless these are named too") func samplers() throws {
    for kind in [SamplerKind.eulerMaruyama, .probabilityFlowHeun, .splitting] {
      let choice = SamplerChoice.stepping(kind)
      let found = try experiment("sampling.sampler=\(kind.rawValue)")
      #expect(found.sampling.steps == choice.usualSteps && found.sampling.grid == choice.usualGrid)
    }
    #expect(try experiment("sampling.sampler=euler-maruyama", "sampling.steps=7").sampling.steps == 7)
    let before = try experiment("sampling.steps=9")
    var changed = try experiment("sampling.steps=9", "sampling.sampler=euler-maruyama")
    changed.followSampler(from: before, settings: ["sampling.sampler=euler-maruyama"])
    #expect(changed.sampling.steps == SamplerChoice.stepping(.eulerMaruyama).usualSteps)
    changed.sampling.steps = 9
    changed.followSampler(from: before, settings: ["sampling.sampler=euler-maruyama", "sampling.steps=9"])
    #expect(changed.sampling.steps == 9)
  }

  @Test("what no run could do is refused") func refusals() {
    #expect(refusal("name=-x").contains("not start with '.' or '-'"))
    for kind in TargetKind.allCases where kind.dimensions.upperBound < 100 {
      let beyond = "data.dimension=\(kind.dimensions.upperBound + 1)"
      #expect(refusal("data.target=\(kind.rawValue)", beyond).contains("data.dimension must be"), "\(kind.rawValue)")
    }
    #expect(refusal("training.learning_rate=0").contains("greater than 0"))
    #expect(
      refusal("training.time_law=log-normal", "training.noise_level_mean=99").contains("training.noise_level_mean"))
    #expect(refusal("sampling.start=moments", "data.standardise=false").contains("data of mean 0 and variance 1"))
  }

  @Test("words that YAML would take for truth values come back as words", arguments: ["yes", "No", "null", "on", "y"])
  func words(word: String) throws {
    let file = try Experiment(yaml: "data: {file: \"\(word)\"}", file: "a.yaml")
    let text = file.yaml
    #expect(text.contains("file: \"\(word)\"\n"))
    #expect(try Experiment(yaml: text, file: "b.yaml") == file)
  }

  @Test("the nearest word is the one of fewest wrong letters, and a far one is none") func nearestWord() {
    // One letter replaced is nearer than two put in.
    #expect(nearest(to: "steps", among: ["stepsxy", "stepz"]) == "stepz")
    #expect(nearest(to: "zzzzzz", among: ["steps", "shards"]) == nil)
  }

  @Test("a sweep's last key varies fastest, each cell has its own values, and none comes twice") func sweeps() throws {
    let text =
      "data: {target: diamond}\nsweep: {process.kind: [variance-preserving, ornstein-uhlenbeck], seed: [5, 6, 7]}"
    let sweep = try #require(try Sweep(yaml: text, file: "s.yaml"))
    #expect(sweep.cells.map(\.experiment.seed) == [5, 6, 7, 5, 6, 7])
    #expect(
      sweep.cells.map(\.experiment.process.kind.rawValue)[2...3] == ["variance-preserving", "ornstein-uhlenbeck"])
    func fault(_ sweep: String, _ settings: String...) -> String {
      errorText {
        _ = try Sweep(yaml: "data: {target: diamond}\nsweep: \(sweep)", file: "s.yaml", settings: settings)
      }
    }
    #expect(fault("{seed: [1, 1]}").contains("has 1 twice"))
    #expect(fault("{seed: [1, 2]}", "seed=3").contains("seed is swept in"))
    let many = "[\((1...70).map(String.init).joined(separator: ", "))]"
    #expect(fault("{seed: \(many), training.probes: \(many)}").contains("more than 4096 cells"))
  }
}
