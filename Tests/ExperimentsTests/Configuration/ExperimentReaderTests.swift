import Testing

@testable import Experiments

private func read(_ yaml: String, _ settings: String...) throws -> Experiment {
  try Experiment(yaml: yaml, file: "funnel.yaml", settings: settings)
}

private func refusal(_ yaml: String, _ settings: String...) -> String {
  errorText { _ = try Experiment(yaml: yaml, file: "funnel.yaml", settings: settings) }
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
    #expect(experiment.training.learningRate == 1e-3)
    #expect(experiment.training.objective == .denoising)
    #expect(experiment.sampling.seed == 3)
  }

  @Test("the horizon defaults to its process's", arguments: Experiment.ProcessSection.Kind.allCases)
  func horizon(kind: Experiment.ProcessSection.Kind) throws {
    let experiment = try read("data: {target: mg25}\nprocess: {kind: \(kind.rawValue)}")
    #expect(experiment.process.horizon == (kind == .ornsteinUhlenbeck ? 4 : 1))
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

  @Test("--set reaches every key and overrides the file", arguments: ExperimentKey.all.map(\.path))
  func settings(path: String) throws {
    let samples: [String: String] = [
      "name": "other", "seed": "9", "data.target": "mg25", "data.file": "null", "data.dimension": "6", "data.count": "70",
      "data.held_out": "0.4", "process.schedule": "linear", "process.horizon": "3.5", "network.widths": "[8, 16]",
      "network.embedding_features": "32", "training.batch": "4096", "training.shards": "8", "training.minimum_time": "0.25",
      "process.kind": "ornstein-uhlenbeck", "sampling.seed": "12", "training.time_law": "uniform", "sampling.grid": "uniform",
    ]
    let key = try #require(ExperimentKey.all.first { $0.path == path })
    let text: String
    switch key.shape {
    case .choice(let names): text = samples[path] ?? names[names.count - 1]
    case .boolean: text = "false"
    default: text = samples[path] ?? (key.get(Experiment()) == .real(0.5) ? "0.25" : key.shape == .integer ? "11" : "0.5")
    }
    var base = "data: {target: funnel}"
    if let words = key.condition?.words, words != "data.target" {
      base += "\nprocess: {kind: \(words.prefix { $0 != " " })}"
    }
    let before = try read(base)
    let after = try read(base, "\(path)=\(text)")
    let value = key.get(after)
    if path == "data.file" || path == "process.schedule" { #expect(value == key.get(before)) } else { #expect(value != key.get(before)) }
    #expect(spelled(value, as: key.shape).filter { $0 != "\"" } == text)
  }

  @Test("a list may be set without brackets") func bareList() throws {
    #expect(try read(Self.funnel, "network.widths=64,32").network.widths == [64, 32])
  }

  @Test("later settings win") func order() throws {
    #expect(try read(Self.funnel, "training.steps=5", "training.steps=6").training.steps == 6)
  }

  @Test("an unset value takes its default again") func unset() throws {
    let experiment = try read(Self.funnel, "sampling.seed=null", "data.target=null", "data.count=50", "data.target=mg25")
    #expect(experiment.sampling.seed == nil)
    #expect(experiment.data.target == .mg25)
  }

  @Test("a small batch per shard is warned of, with the remedy") func warning() throws {
    #expect(try read(Self.funnel).warnings.isEmpty)
    #expect(
      try read(Self.funnel, "training.batch=128").warnings == [
        "training.batch = 128 gives each of 16 shards only 8 rows a step, which is slow; use a batch of at least 256 or fewer shards"
      ])
  }

  @Test("paths start at the experiment file's folder") func paths() throws {
    let experiment = try read("data: {file: draws.npy, held_out: /held.npy}").resolvingPaths(against: "runs/a")
    #expect(experiment.data.file == "runs/a/draws.npy")
    #expect(experiment.data.heldOut == .file("/held.npy"))
  }

  @Test("a missing file is named, with status 66") func missing() {
    let body = { _ = try Experiment(contentsOf: "/nowhere/a.yaml") }
    #expect(errorText(body) == "/nowhere/a.yaml: cannot be read: no such file or directory; check the path and its permissions")
    #expect(errorStatus(body) == .noInput)
    #expect(
      errorText { _ = try Experiment(contentsOf: "/tmp") }
        == "/tmp: cannot be read: is a directory; check the path and its permissions")
    #expect(errorText { _ = try Experiment(contentsOf: "/dev/zero") } == "/dev/zero: is not a regular file")
  }
}

@Suite struct ExperimentRefusalTests {
  @Test(
    "each mistake has its own message with line and column",
    arguments: [
      ("data: {target: funnel}\ntraining:\n  batchs: 3", "funnel.yaml:3:3: training.batchs is not a key; did you mean training.batch?"),
      ("trainning: {steps: 3}", "funnel.yaml:1:1: trainning is not a key; did you mean training?"),
      ("steps: 3", "funnel.yaml:1:1: steps is not a key; did you mean training.steps?"),
      ("network:\n  depth_of_the_thing: 3", "funnel.yaml:2:3: network.depth_of_the_thing is not a key; the keys of network are widths, activation, residual, output, embedding, embedding_features, embedding_of"),
      ("wholly_unrelated_words_here: 3", "funnel.yaml:1:1: wholly_unrelated_words_here is not a key; the sections are data, process, network, training, sampling, checkpoints, evaluation"),
      ("training:\n  steps: many", "funnel.yaml:2:10: training.steps must be an integer, found \"many\""),
      ("training:\n  steps: 1e5", "funnel.yaml:2:10: training.steps must be an integer, found \"1e5\""),
      ("training:\n  steps: \"300\"", "funnel.yaml:2:10: training.steps must be an integer, found \"300\""),
      ("training:\n  steps: 5__0", "funnel.yaml:2:10: training.steps must be an integer, found \"5__0\""),
      ("training:\n  steps: 99999999999999999999", "funnel.yaml:2:10: training.steps must be an integer, found \"99999999999999999999\""),
      ("training:\n  steps:\n", "funnel.yaml:2:9: training.steps must be an integer, found nothing"),
      ("training:\n  steps: 0", "funnel.yaml:2:10: training.steps must be 1 to 1000000000000, found \"0\""),
      ("training:\n  learning_rate: 0x1p3", "funnel.yaml:2:18: training.learning_rate must be a number, found \"0x1p3\""),
      ("training:\n  learning_rate: nan", "funnel.yaml:2:18: training.learning_rate must be a number, found \"nan\""),
      ("training:\n  learning_rate: 1e999", "funnel.yaml:2:18: training.learning_rate must be greater than 0, found \"1e999\""),
      ("training:\n  learning_rate: [1]", "funnel.yaml:2:18: training.learning_rate must be a number, found a list"),
      ("training:\n  learning_rate: {a: 1}", "funnel.yaml:2:18: training.learning_rate must be a number, found a section"),
      ("network:\n  residual: yes", "funnel.yaml:2:13: network.residual must be true or false, found \"yes\""),
      ("network:\n  activation: swush", "funnel.yaml:2:15: network.activation must be one of silu, gelu, relu, tanh, softplus, found \"swush\""),
      ("network:\n  activation: gelo", "funnel.yaml:2:15: network.activation must be one of silu, gelu, relu, tanh, softplus, found \"gelo\"; did you mean gelu?"),
      ("network:\n  widths: 128", "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"128\""),
      ("network:\n  widths: [128, wide]", "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"wide\" in the list"),
      ("network:\n  widths: [128, [1]]", "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"a list or section\" in the list"),
      ("network:\n  widths: []", "funnel.yaml:2:11: network.widths must not be empty"),
      ("network:\n  widths: [0]", "funnel.yaml:2:11: network.widths must be 1 to 65536, found \"0\""),
      ("network: 3", "funnel.yaml:1:10: network is a section of keys, such as widths"),
      ("- a\n- b", "funnel.yaml:1:1: an experiment is a mapping of keys to values, such as name: trial"),
      ("[a]: 1", "funnel.yaml:1:1: a key is a word, found a list or section"),
      ("seed: 1\nseed: 2", "funnel.yaml:1:1: \"seed\" is given more than once; keep one"),
      ("seed: 1\n---\nseed: 2", "funnel.yaml:2:1: is not YAML: but found another document"),
      ("seed: [1", "funnel.yaml:2:1: is not YAML: did not find expected ',' or ']'"),
      ("seed: 1\nname: \u{1}", "funnel.yaml:2:7: is not YAML: control characters are not allowed (U+1)"),
      ("a: &x [1]\nb: *x", "funnel.yaml:2:4: *x is an alias; write the value out, experiment files have no aliases"),
      ("name: ../x", "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \"../x\""),
      ("name: .x", "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \".x\""),
      ("name: \"a\\eb\"", "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \"a\\u{1b}b\""),
      ("seed: 2", "funnel.yaml: there is no data; give data.file, or data.target: one of gaussian, mg25, diamond, funnel, checkerboard, eight-gaussians, two-moons, swiss-roll"),
      ("data:\n  target: mg25\n  file: a.npy", "funnel.yaml:3:9: data.file and data.target are both given; keep one, or set the other to null"),
      ("data:\n  file: a.npy\n  count: 5", "funnel.yaml:3:10: data.count is for data.target, but data.file is given; remove it"),
      ("data: {target: mg25, held_out: 1}", "funnel.yaml:1:32: data.held_out must be at least 0 and less than 1, found \"1\""),
      ("data: {target: mg25}\nprocess: {a: 1}", "funnel.yaml:2:14: process.a is for critically-damped-langevin, but process.kind is variance-preserving with schedule linear; remove it"),
      ("data: {target: mg25}\nprocess: {beta_min: 30}", "funnel.yaml:2:21: process.beta_min must not exceed process.beta_max = 20.0, found 30.0"),
      ("data: {target: mg25}\ntraining: {shards: 12}", "funnel.yaml:2:20: training.shards must be a power of two, found 12"),
      ("data: {target: mg25}\ntraining: {batch: 100}", "funnel.yaml:2:19: training.batch must be a multiple of training.shards = 16, found 100; try 96"),
      ("data: {target: mg25}\ntraining: {minimum_time: 1}", "funnel.yaml:2:26: training.minimum_time must be less than process.horizon = 1.0, found 1.0"),
      ("data: {target: mg25}\nprocess: {horizon: 1e-4}", "funnel.yaml: training.minimum_time must be less than process.horizon = 0.0001, found 0.001"),
      ("data: {target: mg25}\nnetwork: {embedding_features: 7}", "funnel.yaml:2:31: network.embedding_features must be even: half are sines and half cosines, found 7"),
    ])
  func refuses(yaml: String, message: String) {
    #expect(refusal(yaml) == message)
    #expect(errorStatus { _ = try Experiment(yaml: yaml, file: "f") } == .config)
  }

  @Test("each mistake in --set is told with the option as typed") func settings() {
    let base = "data: {target: mg25}"
    #expect(refusal(base, "training.steps") == "--set training.steps: expected KEY=VALUE, such as training.steps=300")
    #expect(errorStatus { _ = try Experiment(yaml: base, file: "f", settings: ["=3"]) } == .usage)
    #expect(
      refusal(base, "training.stesp=3")
        == "--set training.stesp=3: training.stesp is not a key; did you mean training.steps?")
    #expect(
      refusal(base, "training=3")
        == "--set training=3: training is a section, not a key; set one of its keys, such as training.objective")
    #expect(refusal(base, "training.steps=x") == "--set training.steps=x: training.steps must be an integer, found \"x\"")
  }

  @Test("nested aliases and deep nesting end in an error at once") func bombs() {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...30 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    bomb += "? *a30\n: 1\n"
    #expect(refusal(bomb).contains("is an alias"))
    for opening in ["[", "{a: ", "? ", "- "] {
      let text = refusal(String(repeating: opening, count: 15_000))
      #expect(text.hasPrefix("funnel.yaml:"), "\(text)")
    }
  }

  @Test("a file of more than 64 KiB is refused before it is parsed") func large() throws {
    let path = "/tmp/large-experiment-\(UInt64.random(in: 0...UInt64.max)).yaml"
    let created = try Descriptor.creating(path)
    defer { _ = unlinkFile(path) }
    try created.resize(to: 65_537)
    #expect(
      errorText { _ = try Experiment(contentsOf: path) }
        == "\(path): is 65537 bytes long; an experiment file has at most 65536")
    try created.resize(to: 1)
    try created.write([0xff], at: 0)
    #expect(errorText { _ = try Experiment(contentsOf: path) } == "\(path): is not UTF-8 text; save it as UTF-8")
  }

  @Test("long and hostile values are cut and escaped in messages") func hostile() {
    let long = String(repeating: "x", count: 5_000)
    #expect(refusal("seed: \(long)").count < 200)
    #expect(refusal("\(long): 1").count < 300)
    #expect(refusal("seed: \"\\e[2J\\u202e\"") == "funnel.yaml:1:7: seed must be an integer, found \"\\u{1b}[2J\\u{202e}\"")
  }
}
