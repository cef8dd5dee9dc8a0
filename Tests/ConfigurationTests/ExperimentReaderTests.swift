import Diffusion
import Sampling
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files

private func read(_ yaml: String, _ settings: String...) throws -> Experiment {
  try Experiment(yaml: yaml, file: "funnel.yaml", settings: settings)
}

@Suite struct ExperimentReaderTests {
  static let funnel = """
    name: funnel-100   # a comment with *stars* and &c.
    seed: 7
    data:
      target: funnel
      dimension: 100
      count: 50_000
      held_out: 0.2
    process:
      kind: critically-damped-langevin
      epsilon: 0
      horizon: 2
    network: {widths: [512, 1_024], activation: gelu, residual: false, output: noise}
    training: {objective: dsm, steps: 20_000, batch: 2048, learning_rate: 1e-3}
    sampling: {sampler: splitting, seed: 3}
    """

  @Test("block and flow style, underscores, whole numbers for reals and comments are read") func reads() throws {
    let experiment = try read(Self.funnel)
    #expect(experiment.name == "funnel-100")
    #expect(experiment.seed == 7)
    #expect(experiment.data.target == .funnel)
    #expect(experiment.data.dimension == 100)
    #expect(experiment.data.count == 50_000)
    #expect(experiment.data.heldOut == .fraction(0.2))
    #expect(experiment.process.kind == .criticallyDampedLangevin)
    #expect(experiment.process.epsilon == 0)
    #expect(experiment.process.horizon == 2)
    #expect(experiment.network.widths == [512, 1024])
    #expect(experiment.network.residual == false)
    #expect(experiment.training.optimiser.learningRate == 1e-3)
    #expect(experiment.training.objective == .denoising)
    #expect(experiment.sampling.seed == 3)
  }

  @Test("a byte order mark, and truth values and null as YAML 1.2 spells them, are read") func spellings() throws {
    let experiment = try read(
      "\u{feff}name: t\ndata: {file: a.csv, header: True, standardise: FALSE, images: TRUE, target: NULL}\nsampling: Null\n"
    )
    #expect(experiment.name == "t" && experiment.data.header == .present)
    #expect(!experiment.data.standardise && experiment.data.images && experiment.data.target == nil)
    #expect(try read("data: {file: a.csv, header: \"false\"}").data.header == .absent)
    #expect(try read("data: {file: a.csv}").data.header == .automatic)
  }

  @Test("a number or truth value in quotes is refused in words that say so", arguments: ["'", "\""])
  func quotes(mark: String) {
    for (key, value, kind) in [
      ("learning_rate", "0.001", "a number"), ("batch", "64", "an integer"), ("minimum_time", "1e-3", "a number"),
    ] {
      #expect(
        errorText { _ = try read("data: {target: mg25}\ntraining: {\(key): \(mark)\(value)\(mark)}") }.hasSuffix(
          "training.\(key) must be \(kind), found \"\(value)\" in quotes, which make it text; leave them out"))
    }
    #expect(
      errorText { _ = try read("data: {target: mg25, standardise: \(mark)True\(mark)}") }.hasSuffix(
        "data.standardise must be true or false, found \"True\" in quotes, which make it text; leave them out"))
    // Quotes are not what is wrong with these.
    #expect(
      errorText { _ = try read("data: {target: mg25}\ntraining: {batch: \(mark)many\(mark)}") }.hasSuffix(
        "training.batch must be an integer, found \"many\""))
  }

  @Test("optimal-transport pairing with conditions is refused: it would bias them") func pairing() {
    let flow = "process: {kind: flow-matching}\ntraining: {coupling: optimal-transport}"
    #expect(
      errorText { _ = try read("data: {file: a.csv, conditions: [a]}\n\(flow)") }
        == "funnel.yaml:3:22: training.coupling must be independent with conditions: "
        + "pairing would tie the noise to them")
    #expect(throws: Never.self) { try read("data: {file: a.csv}\n\(flow)") }
  }

  @Test("the horizon defaults to its process's", arguments: ProcessKind.allCases)
  func horizon(kind: ProcessKind) throws {
    let experiment = try read("data: {target: mg25}\nprocess: {kind: \(kind.rawValue)}")
    #expect(experiment.process.horizon == kind.usualHorizon)
    #expect(experiment.data.dimension == 2)
  }

  @Test("an empty file is an experiment once --set names the data") func empty() throws {
    for text in ["", "# nothing\n", "---\n", "~", "training:\n", "\u{feff}training: {}"] {
      let experiment = try read(text, "data.file=draws.npy")
      #expect(experiment.data.file == "draws.npy")
      #expect(experiment.data.dimension == nil)
    }
  }

  @Test("a held-out file is told from a fraction") func heldOut() throws {
    #expect(try read("data: {file: a.npy, held_out: rest.npy}").data.heldOut == .file("rest.npy"))
    #expect(try read("data: {file: a.npy, held_out: \"0.5\"}").data.heldOut == .file("0.5"))
    #expect(try read("data: {file: a.npy, held_out: .5}").data.heldOut == .fraction(0.5))
  }

  /// An experiment in which a key's condition, by its words, holds.
  private func experiment(where words: String) -> String {
    let parts = words.split { " ,".contains($0) }.map(String.init)
    let target = "data: {target: funnel}\n"
    if parts[0] == "data.file" { return "data: {file: rows.npy}" }
    if parts[0] == "data.simulator" { return "data: {prior: {a: \"uniform [0, 1]\"}, simulator: run}" }
    if parts[0] == "data.target" || parts[0] == "times" { return target }
    if ["training.objective", "training.time_law", "training.dequantisation"].contains(parts[0]) {
      return target + "training: {\(parts[0].dropFirst("training.".count)): \(parts[1])}"
    }
    if parts[0] == "training.adversary_weight" { return target + "training: {adversary_weight: 0.5}" }
    if parts[0] == "latent.dimension" { return target + "latent: {dimension: 2}" }
    if words == "runs with conditions" { return "data: {target: slcp-simulator}" }
    if words == "runs with training.teacher" { return target + "training: {teacher: other}" }
    if words == "runs without training.teacher" { return target }
    if words == "network.variance learned" { return target + "network: {variance: learned}" }
    if words == "processes of real numbers" { return target }
    if DiscreteProcessKind(rawValue: parts[0]) != nil {
      return "data: {file: rows.npy, levels: 9}\nprocess: {kind: \(parts[0])}"
    }
    if words == "annealed with base student-t" { return target + "process: {kind: annealed, base: student-t}" }
    if words.hasPrefix("processes with schedule ") { return target + "process: {schedule: \(parts[3])}" }
    if parts[0] == "process.kind" { return target + "process: {kind: \(parts[1])}" }
    if SamplerChoice(rawValue: parts[0]) != nil {
      return target + "sampling: {sampler: \(parts[0])}"
    }
    return target + "process: {kind: \(parts[0])}"
  }

  @Test("--set reaches every key and overrides the file", arguments: ExperimentKey.all.map(\.path))
  func settings(path: String) throws {
    let samples: [String: String] = [
      "name": "other", "seed": "9", "data.target": "mg25", "data.file": "null", "data.dimension": "6",
      "data.count": "70",
      "data.held_out": "0.4", "process.schedule": "linear", "process.horizon": "3.5", "process.chain_steps": "500",
      "network.widths": "[8, 16]",
      "network.embedding_features": "32", "training.batch": "4096", "training.shards": "8",
      "training.minimum_time": "0.25",
      "process.kind": "ornstein-uhlenbeck", "sampling.seed": "12", "training.time_law": "uniform",
      "sampling.grid": "uniform", "data.exchangeable": "4", "training.weight": "unit-variance",
      "data.conditions": "[a, b]",
      "process.base_degrees": "5.0", "network.input": "noisy-data", "training.averages": "[0.05, 0.2]",
      "data.missing": "[NA, gone]", "data.prior": "{a: normal [0.5, 2.0]}", "data.columns": "{a: bounded [0.5, 2.0]}",
      "evaluation.calibration_pairs": "30",
      "training.minimum_noise": "0.0005", "training.maximum_noise": "500.0", "network.input_frequencies": "[7, 8]",
      "sampling.reverse_variance": "forward", "training.discriminator_widths": "[8, 16]", "training.pairs": "70",
      "latent.widths": "[8, 16]", "training.dequantiser_widths": "[8, 16]",
    ]
    let key = try #require(ExperimentKey.all.first { $0.path == path })
    let text: String
    switch key.shape {
    case .choice(let names): text = samples[path] ?? names[names.count - 1]
    case .choices(let names): text = "[\(names[names.count - 1]), \(names[0])]"
    case .boolean: text = key.get(Experiment()) == .boolean(true) ? "false" : "true"
    default:
      text = samples[path] ?? (key.get(Experiment()) == .real(0.5) ? "0.25" : key.shape == .integer ? "11" : "0.5")
    }
    // Noise levels come in pairs.
    let levels =
      "data: {target: funnel}\nnetwork: {input: noisy-data}\ntraining: {minimum_noise: 0.001, maximum_noise: 200}"
    let isLevel = ["training.minimum_noise", "training.maximum_noise"].contains(path)
    let base = isLevel ? levels : experiment(where: key.condition?.words ?? "data.target")
    let before = try read(base)
    let after = try read(base, "\(path)=\(text)")
    let value = key.get(after)
    if path == "data.file" || path == "process.schedule" {
      #expect(value == key.get(before))
    } else {
      #expect(value != key.get(before))
    }
    #expect(spelled(value, as: key.shape).filter { $0 != "\"" } == text)
  }

  @Test("seeds are any number of 64 bits, and read back", arguments: [0, 1 << 63, UInt64.max])
  func seeds(seed: UInt64) throws {
    let experiment = try read("seed: \(seed)\ndata: {target: funnel}\nsampling: {seed: \(seed)}")
    #expect(experiment.seed == seed && experiment.sampling.seed == seed)
    #expect(try read(experiment.yaml) == experiment)
    #expect(try read("data: {target: funnel}", "seed=18_446_744_073_709_551_615").seed == .max)
  }

  @Test("a list may be set without brackets") func bareList() throws {
    #expect(try read(Self.funnel, "network.widths=64,32").network.widths == [64, 32])
  }

  @Test("later settings win") func order() throws {
    #expect(try read(Self.funnel, "training.steps=5", "training.steps=6").training.steps == 6)
  }

  @Test("an unset value takes its default again") func unset() throws {
    let experiment = try read(
      Self.funnel, "sampling.seed=null", "data.target=null", "data.count=50", "data.target=mg25")
    #expect(experiment.sampling.seed == nil)
    #expect(experiment.data.target == .mg25)
  }

  @Test("a small batch per shard is warned of, with the remedy") func warning() throws {
    #expect(try read(Self.funnel).warnings.isEmpty)
    #expect(
      try read(Self.funnel, "training.batch=128").warnings == [
        "training.batch = 128 gives each of 16 shards only 8 rows a step, which is slow; "
          + "use a batch of at least 256 or fewer shards"
      ])
  }

  @Test("a missing file is named, with status 66") func missing() {
    let body = { _ = try Experiment(contentsOf: "/nowhere/a.yaml") }
    #expect(
      errorText(body)
        == "/nowhere/a.yaml: cannot be read: no such file or directory; check the path and its permissions")
    #expect(errorStatus(body) == .noInput)
    #expect(
      errorText { _ = try Experiment(contentsOf: "/tmp") }
        == "/tmp: is a folder; name an experiment file, or go on with a run by sgm-train --resume")
    let text = errorText { _ = try Experiment(contentsOf: "/dev/zero") }
    #expect(text == "/dev/zero: is not a regular file; name a file")
  }
}
