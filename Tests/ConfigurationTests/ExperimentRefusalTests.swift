import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Files

private func refusal(_ yaml: String, _ settings: String...) -> String {
  errorText { _ = try Experiment(yaml: yaml, file: "funnel.yaml", settings: settings) }
}

// Messages stand on one line each, as they are printed.
// swift-format-ignore
private let mistakes: [(String, String)] = [
  (
    "data: {target: funnel}\ntraining:\n  batchs: 3",
    "funnel.yaml:3:3: training.batchs is not a key; did you mean training.batch?"
  ),
  ("trainning: {steps: 3}", "funnel.yaml:1:1: trainning is not a key; did you mean training?"),
  ("steps: 3", "funnel.yaml:1:1: steps is not a key; did you mean training.steps?"),
  (
    "network:\n  depth_of_the_thing: 3",
    "funnel.yaml:2:3: network.depth_of_the_thing is not a key; the keys of network are widths, activation, residual, input, output, shrinkage, radial, input_frequencies, variance, embedding, embedding_features, embedding_of, state_input, state_output, reverse_form"
  ),
  (
    "wholly_unrelated_words_here: 3",
    "funnel.yaml:1:1: wholly_unrelated_words_here is not a key; the sections are data, process, network, training, latent, sampling, checkpoints, evaluation"
  ),
  ("training:\n  steps: many", "funnel.yaml:2:10: training.steps must be an integer, found \"many\""),
  (
    "training:\n  time_law: soft-truncation",
    "funnel.yaml:2:13: training.time_law must be one of uniform, log-uniform, log-normal, importance, learned-schedule, "
      + "found \"soft-truncation\"; write training.time_law uniform with training.truncation_exponent, which was 1.0 unless given"
  ),
  ("training:\n  steps: 1e5", "funnel.yaml:2:10: training.steps must be an integer, found \"1e5\""),
  (
    "training:\n  steps: \"300\"",
    "funnel.yaml:2:10: training.steps must be an integer, found \"300\" in quotes, which make it text; leave them out"
  ),
  ("training:\n  steps: 5__0", "funnel.yaml:2:10: training.steps must be an integer, found \"5__0\""),
  (
    "training:\n  steps: 99999999999999999999",
    "funnel.yaml:2:10: training.steps must be 1 to 1000000000000, found \"99999999999999999999\""
  ),
  ("seed: 18446744073709551616", "funnel.yaml:1:7: seed must be 0 to 18446744073709551615, found \"18446744073709551616\""),
  ("seed: -1", "funnel.yaml:1:7: seed must be 0 to 18446744073709551615, found \"-1\""),
  ("training:\n  steps: 9223372036854775808", "funnel.yaml:2:10: training.steps must be 1 to 1000000000000, found \"9223372036854775808\""),
  ("training: {batch: 1000000000}", "funnel.yaml:1:19: training.batch must be 1 to 16777216, found \"1000000000\""),
  ("network: {widths: [1000000000]}", "funnel.yaml:1:19: network.widths must be 1 to 65536, found \"1000000000\""),
  ("training:\n  steps:\n", "funnel.yaml:2:9: training.steps must be an integer, found nothing"),
  ("training:\n  steps: 0", "funnel.yaml:2:10: training.steps must be 1 to 1000000000000, found \"0\""),
  ("training:\n  learning_rate: 0x1p3", "funnel.yaml:2:18: training.learning_rate must be a number, found \"0x1p3\""),
  ("training:\n  learning_rate: nan", "funnel.yaml:2:18: training.learning_rate must be a number, found \"nan\""),
  (
    "training:\n  learning_rate: 1e999",
    "funnel.yaml:2:18: training.learning_rate is \"1e999\", beyond the largest number of double precision, 1.8e308"
  ),
  (
    "training:\n  learning_rate: 1e-400",
    "funnel.yaml:2:18: training.learning_rate must be greater than 0, found \"1e-400\", which double precision rounds to 0"
  ),
  ("data:\n  header: maybe", "funnel.yaml:2:11: data.header must be one of auto, true, false, found \"maybe\""),
  ("training:\n  learning_rate: [1]", "funnel.yaml:2:18: training.learning_rate must be a number, found a list"),
  ("training:\n  learning_rate: {a: 1}", "funnel.yaml:2:18: training.learning_rate must be a number, found a section"),
  ("network:\n  residual: yes", "funnel.yaml:2:13: network.residual must be true or false, found \"yes\""),
  (
    "network:\n  activation: swush",
    "funnel.yaml:2:15: network.activation must be one of silu, gelu, relu, tanh, softplus, found \"swush\""
  ),
  (
    "network:\n  activation: gelo",
    "funnel.yaml:2:15: network.activation must be one of silu, gelu, relu, tanh, softplus, found \"gelo\"; did you mean gelu?"
  ),
  (
    "network:\n  widths: 128",
    "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"128\""
  ),
  (
    "network:\n  widths: [128, wide]",
    "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"wide\" in the list"
  ),
  (
    "network:\n  widths: [128, [1]]",
    "funnel.yaml:2:11: network.widths must be a list of integers such as [128, 128], found \"a list or section\" in the list"
  ),
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
  (
    "name: ../x",
    "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \"../x\""
  ),
  (
    "name: .x",
    "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \".x\""
  ),
  (
    "name: \"a\\eb\"",
    "funnel.yaml:1:7: name must be at most 100 letters, digits, '.', '_' or '-' and not start with '.' or '-', found \"a\\u{1b}b\""
  ),
  (
    "seed: 2",
    "funnel.yaml: there is no data; give data.file, data.prior with data.simulator, or data.target: one of "
      + TargetKind.allCases.map(\.rawValue).joined(separator: ", ")
  ),
  (
    "data:\n  target: mg25\n  file: a.npy",
    "funnel.yaml:3:9: data.file and data.target are both given; keep one, or set the other to null"
  ),
  (
    "data:\n  file: a.npy\n  count: 5",
    "funnel.yaml:3:10: data.count is for data.target or data.prior, but data.file is given; remove it"
  ),
  (
    "data: {target: mg25, held_out: 1}",
    "funnel.yaml:1:32: data.held_out must be at least 0 and less than 1, found \"1\""
  ),
  (
    "data: {target: mg25}\nprocess: {a: 1}",
    "funnel.yaml:2:14: process.a is for critically-damped-langevin, but process.kind is variance-preserving with schedule linear; remove it"
  ),
  (
    "data: {target: mg25}\nprocess: {beta_min: 30}",
    "funnel.yaml:2:21: process.beta_min must not exceed process.beta_max = 20.0, found 30.0"
  ),
  (
    "data: {target: mg25}\ntraining: {shards: 12}", "funnel.yaml:2:20: training.shards must be a power of two, found 12"
  ),
  (
    "data: {target: mg25}\ntraining: {batch: 100}",
    "funnel.yaml:2:19: training.batch must be a multiple of training.shards = 16, found 100; try 96"
  ),
  (
    "data: {target: mg25}\ntraining: {minimum_time: 1}",
    "funnel.yaml:2:26: training.minimum_time must be less than process.horizon = 1.0, found 1.0"
  ),
  (
    "data: {target: mg25}\nprocess: {horizon: 1e-4}\ntraining: {minimum_time: 1e-3}",
    "funnel.yaml:3:26: training.minimum_time must be less than process.horizon = 0.0001, found 0.001"
  ),
  (
    "data: {target: mg25}\ntraining: {minimum_noise: 0.01}",
    "funnel.yaml:2:27: training.minimum_noise needs training.maximum_noise beside it"
  ),
  (
    "data: {target: mg25}\ntraining: {minimum_noise: 9, maximum_noise: 2}",
    "funnel.yaml:2:27: training.minimum_noise must be less than training.maximum_noise = 2.0, found 9.0"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: state}\ntraining: {minimum_noise: 0.001, maximum_noise: 200}",
    "funnel.yaml:3:27: training.minimum_noise needs network.input noisy-data, network.output posterior-mean and network.embedding_of noise-level: only such a network knows nothing but the noise"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: noisy-data}\ntraining: {minimum_noise: 0.001, maximum_noise: 20}",
    "funnel.yaml:3:49: training.maximum_noise must hold the noise of the process, 0.002 at sampling.final_time to 152.0 at process.horizon, found 0.001 to 20.0"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: noisy-data}\ntraining: {minimum_noise: 0.01, maximum_noise: 200}",
    "funnel.yaml:3:27: training.minimum_noise must hold the noise of the process, 0.002 at sampling.final_time to 152.0 at process.horizon, found 0.01 to 200.0"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: noisy-data}\ntraining: {minimum_noise: 1e-3, maximum_noise: 200, minimum_time: 0.1}",
    "funnel.yaml:3:67: training.minimum_time is for times, not noise levels, but training.minimum_noise is 0.001; remove it"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: noisy-data}\ntraining: {minimum_noise: 1e-3, maximum_noise: 200, objective: explicit}",
    "funnel.yaml:3:27: training.minimum_noise needs training.objective hsm, training.coupling independent and a training.weight other than likelihood, which are those that no process enters"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: critically-damped-langevin}\nnetwork: {input: state, shrinkage: true}",
    "funnel.yaml:3:36: network.shrinkage multiplies outputs by inputs one by one, but network.output posterior-mean has 1 numbers a coordinate and network.input state has 2"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: annealed, base: student-t}\nnetwork: {input: noisy-data}",
    "funnel.yaml:3:18: network.input must be state for process.kind annealed with base student-t, whose noise is not Gaussian, found noisy-data"
  ),
  (
    "data: {target: mg25}\nnetwork: {activation: relu}\ntraining: {objective: sliced}",
    "funnel.yaml:2:23: network.activation must be silu, gelu, tanh or softplus for training.objective sliced, which needs second derivatives, found relu"
  ),
  (
    "data: {target: funnel, dimension: 17}\ntraining: {objective: implicit}",
    "funnel.yaml:2:23: training.objective implicit takes the exact trace, of at most 16 coordinates, but data.dimension is 17; take sliced, hsm or dsm"
  ),
  (
    "data: {target: swiss-roll}\ntraining: {objective: explicit}",
    "funnel.yaml:2:23: training.objective explicit needs a target whose score is known: gaussian, eight-gaussians, mg25, diamond, funnel or student-t-mixture, but data.target is swiss-roll; take hsm"
  ),
  (
    "data: {file: a.npy}\ntraining: {objective: explicit}",
    "funnel.yaml:2:23: training.objective explicit needs a data.target whose score is known: gaussian, eight-gaussians, mg25, diamond, funnel or student-t-mixture; take hsm for a file"
  ),
  (
    "data: {target: mg25}\ntraining: {objective: implicit, weight: uniform-noise}",
    "funnel.yaml:2:41: training.weight must be automatic, unit-variance or likelihood for training.objective implicit, found uniform-noise"
  ),
  (
    "data: {target: mg25}\ntraining: {probes: 2}",
    "funnel.yaml:2:20: training.probes is for training.objective sliced, but training.objective is hsm; remove it"
  ),
  (
    "data: {target: mg25}\ntraining: {objective: dsm, simulation_steps: 2}",
    "funnel.yaml:2:46: training.simulation_steps is for training.objective implicit or sliced, but training.objective is dsm; remove it"
  ),
  (
    "data: {target: mg25}\ntraining: {noise_level_mean: 2}",
    "funnel.yaml:2:30: training.noise_level_mean is for training.time_law log-normal, but training.time_law is log-uniform; remove it"
  ),
  (
    "data: {target: mg25}\ntraining: {time_law: log-normal, noise_level_mean: -9}",
    "funnel.yaml:2:52: training.noise_level_mean must lie between the noise levels of training.minimum_time and process.horizon, -6.22 and 5.02, found -9.0"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: critically-damped-langevin}\nnetwork: {variance: learned}",
    "funnel.yaml:3:21: network.variance learned is of reverse steps of one block with Gaussian noise: ornstein-uhlenbeck, variance-preserving, sub-variance-preserving, variance-exploding, flow-matching, annealed; process.kind is critically-damped-langevin with schedule constant; take fixed"
  ),
  (
    "data: {target: mg25}\nnetwork: {variance: learned}\ntraining: {objective: sliced}",
    "funnel.yaml:2:21: network.variance learned needs training.objective hsm or dsm and training.coupling independent, found sliced and independent"
  ),
  (
    "data: {target: mg25}\nnetwork: {variance: learned}\ntraining: {time_grid: continuous}",
    "funnel.yaml:3:23: training.time_grid must be chain for network.variance learned, whose bound has terms at the chain's states"
  ),
  (
    "data: {target: mg25}\nnetwork: {variance: learned}\ntraining: {minimum_time: 0.01}",
    "funnel.yaml:3:26: training.minimum_time is for training.time_grid continuous: the first state of a chain is at process.horizon / process.chain_steps; remove it"
  ),
  (
    "data: {target: mg25}\nnetwork: {input: noisy-data, variance: learned}\ntraining: {minimum_noise: 1e-3, maximum_noise: 200}",
    "funnel.yaml: training.time_grid must be continuous with training.minimum_noise, which draws noise levels in place of times"
  ),
  (
    "data: {target: mg25}\ntraining: {time_law: learned-schedule, objective: sliced}",
    "funnel.yaml:2:22: training.time_law learned-schedule needs training.objective hsm or dsm, found sliced; take importance"
  ),
  (
    "data: {target: mg25}\ntraining: {schedule_learning_rate: 0.1}",
    "funnel.yaml:2:36: training.schedule_learning_rate is for training.time_law learned-schedule, but training.time_law is log-uniform; remove it"
  ),
  (
    "data: {target: mg25}\ntraining: {variance_weight: 0.1}",
    "funnel.yaml:2:29: training.variance_weight is for network.variance learned, but network.variance is fixed; remove it"
  ),
  (
    "data: {target: mg25}\nsampling: {sampler: ancestral, reverse_variance: learned}",
    "funnel.yaml:2:50: sampling.reverse_variance must be posterior or forward for network.variance fixed, found learned"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: phase-space-langevin}\nevaluation: {metrics: [bound]}",
    "funnel.yaml:3:23: evaluation.metrics bound is of a chain of one block with Gaussian noise: ornstein-uhlenbeck, variance-preserving, sub-variance-preserving, variance-exploding, flow-matching, annealed; process.kind is phase-space-langevin with schedule constant; take nll"
  ),
  (
    "data: {target: mg25}\nprocess: {chain_steps: 50}",
    "funnel.yaml:2:24: process.chain_steps is for processes with schedule discrete-linear, training.time_grid chain or the metric bound, and for discrete-uniform, discrete-absorbing, discretised-gaussian, but process.kind is variance-preserving with schedule linear; remove it"
  ),
  (
    "data: {target: mg25}\ntraining: {coupling: optimal-transport}",
    "funnel.yaml:2:22: training.coupling is for process.kind flow-matching, but process.kind is variance-preserving; remove it"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: flow-matching}\ntraining: {coupling: optimal-transport, shards: 1}",
    "funnel.yaml:3:22: training.coupling optimal-transport pairs at most 256 rows a shard, but training.batch / training.shards is 512; take more shards or a smaller batch"
  ),
  (
    "data: {target: mg25}\nprocess: {kind: flow-matching}\ntraining: {coupling: optimal-transport, objective: sliced}",
    "funnel.yaml:3:52: training.objective must be hsm or dsm for training.coupling optimal-transport, found sliced"
  ),
  (
    "data: {target: two-moons-simulator, held_out: 0}",
    "funnel.yaml:1:47: data.held_out must be greater than 0 with conditions: the run's samples are drawn given those of held-out rows, found 0"
  ),
  (
    "data: {target: mg25, simulator: run}",
    "funnel.yaml:1:33: data.simulator is for data.file or data.prior, but data.target is mg25; remove it"
  ),
  (
    "data: {prior: {a: \"uniform [0, 1]\"}}",
    "funnel.yaml:1:15: data.prior is of a simulator's parameters; name the program by data.simulator"
  ),
  (
    "data: {prior: {a: \"uniform [0, 1]\"}, file: a.csv, simulator: run}",
    "funnel.yaml:1:15: data.prior and data.file are both given; keep one, or set the other to null"
  ),
  (
    "data: {prior: {a: \"uniform [1, 1]\"}, simulator: run}",
    "funnel.yaml:1:15: data.prior: \"a\" must be uniform [LOW, HIGH] with LOW < HIGH or normal [MEAN, DEVIATION] with DEVIATION > 0, found \"uniform [1, 1]\""
  ),
  (
    "data: {prior: {a: [0, 1]}, simulator: run}",
    "funnel.yaml:1:19: data.prior: write the law in one text, such as \"uniform [0, 1]\" in quotes between braces"
  ),
  (
    "data: {file: a.csv, simulator_rows: 5}",
    "funnel.yaml:1:37: data.simulator_rows is for data.simulator, but data.simulator is null; remove it"
  ),
  (
    "data: {target: mg25, conditions: [3]}",
    "funnel.yaml:1:34: data.conditions is for data.file or data.prior, but data.target is mg25; remove it"
  ),
  (
    "data: {target: slcp-simulator, exchangeable: 3}",
    "funnel.yaml:1:46: data.exchangeable is 3, but 8 conditions cannot be cut into 3 parts of equal size"
  ),
  (
    "data: {target: mg25, exchangeable: 2}",
    "funnel.yaml:1:36: data.exchangeable is for runs with conditions, but data.conditions is []; remove it"
  ),
  (
    "data: {target: mg25}\nnetwork: {embedding_features: 7}",
    "funnel.yaml:2:31: network.embedding_features must be even: half are sines and half cosines, found 7"
  ),
]

@Suite struct ExperimentRefusalTests {
  @Test("each mistake has its own message with line and column", arguments: mistakes)
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
    #expect(
      refusal(base, "training.steps=x") == "--set training.steps=x: training.steps must be an integer, found \"x\"")
  }

  @Test("nested aliases and deep nesting end in an error at once") func bombs() {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...30 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    bomb += "? *a30\n: 1\n"
    #expect(refusal(bomb).contains("is an alias"))
    // Many anchors and aliases on one line: each asked for its column would take seconds.
    let crowd = "a: [" + String(repeating: "&x 1,*y,", count: 8_000) + "*x]"
    #expect(refusal(crowd).hasPrefix("funnel.yaml:1:64005: *x is an alias; write the value out"))
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
    #expect(
      refusal("seed: \"\\e[2J\\u202e\"") == "funnel.yaml:1:7: seed must be an integer, found \"\\u{1b}[2J\\u{202e}\"")
  }
}
