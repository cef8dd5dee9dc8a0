import Foundation
import Testing

/// Something a user can get wrong: what is typed, and what comes back.
struct Mistake: CustomTestStringConvertible {
  let name: String
  var program = "sgm-train"
  var words: [String]
  var experiment = smallExperiment
  let status: Int32
  /// What the one message contains.
  let says: [String]

  var testDescription: String { name }
}

func replacing(_ part: String, by other: String) -> String {
  smallExperiment.replacingOccurrences(of: part, with: other)
}

func set(_ settings: String...) -> [String] { ["small.yaml"] + settings.flatMap { ["--set", $0] } }

func onFile(_ file: String) -> String {
  replacing("target: funnel, dimension: 5, count: 3000", by: "file: \(file)")
}

let mistakes: [Mistake] = [
  Mistake(name: "missing experiment", words: ["none.yaml"], status: 66, says: ["none.yaml", "no such file"]),
  Mistake(
    name: "unknown key", words: ["small.yaml"], experiment: replacing("log_every", by: "log_evry"), status: 78,
    says: ["small.yaml:5:", "training.log_evry", "training.log_every"]),
  Mistake(
    name: "wrong type", words: ["small.yaml"], experiment: replacing("steps: 60", by: "steps: many"), status: 78,
    says: ["small.yaml:5:", "training.steps must be an integer"]),
  Mistake(
    name: "sampler that the process does not allow", words: set("sampling.sampler=nelson"), status: 78,
    says: [
      "sampling.sampler nelson needs a linear SDE on the data alone, without velocities, finite up to the horizon: ",
      "ornstein-uhlenbeck",
      "variance-preserving", "; process.kind is critically-damped-langevin",
    ]),
  Mistake(
    name: "sampler for known densities in training", words: set("sampling.sampler=mala"), status: 64,
    says: ["sampling.sampler mala draws from a known density, not from a score", "--score exact"]),
  Mistake(
    name: "a metric that the law rules out", words: set("evaluation.metrics=[sliced-w2, modes]"), status: 64,
    says: ["the metric modes needs a Gaussian mixture"]),
  Mistake(
    name: "a metric that the law of a sweep's second cell rules out", words: ["small.yaml"],
    experiment: smallExperiment + "sweep: {evaluation.metrics: [[sliced-w2], [modes]]}\n", status: 64,
    says: ["the metric modes needs a Gaussian mixture"]),
  Mistake(
    name: "a metric that a simulator rules out, before it is started", words: ["small.yaml"],
    experiment: """
      data: {prior: {a: "uniform [0, 1]"}, simulator: "exit 3", count: 1000, conditions: [x]}
      evaluation: {metrics: [modes]}

      """, status: 64, says: ["the metric modes needs a Gaussian mixture"]),
  Mistake(
    name: "calibration of a run without conditions", words: set("evaluation.metrics=[tarp]"), status: 64,
    says: ["the metric tarp needs a run with data.conditions"]),
  Mistake(
    name: "likelihoods of rows that are all trained on", words: set("evaluation.metrics=[nll]", "data.held_out=0"),
    experiment: onFile("good.npy"), status: 64,
    says: ["the metric nll needs rows that were not trained on: set data.held_out"]),
  Mistake(
    name: "key of another sampler", words: set("sampling.churn=1"), status: 78,
    says: ["sampling.churn is for stochastic-heun, but sampling.sampler is splitting; remove it"]),
  Mistake(
    name: "moments without standardisation", words: set("sampling.start=moments", "data.standardise=false"), status: 78,
    says: ["sampling.start moments is for data of mean 0 and variance 1: set data.standardise to true"]),
  Mistake(
    name: "trajectories past the first chunk", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--trajectory", "300"], status: 64,
    says: ["--trajectory 300: 1 to 256 is expected"]),
  Mistake(
    name: "a sampler that particles would not take", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--fix", "f.csv", "--sampler", "annealed-langevin"], status: 64,
    says: ["--fix draws by particles", "not those of annealed-langevin", "--set sampling.observing=guidance"]),
  Mistake(
    name: "a chain given observations", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--observe", "o.csv", "--sampler", "mala"], status: 64,
    says: ["--observe: mala draws from the target's own density", "leave one of the two out"]),
  Mistake(name: "unknown setting", words: set("trainig.steps=3"), status: 78, says: ["did you mean training.steps"]),
  Mistake(name: "no data", words: ["small.yaml"], experiment: "name: x\n", status: 78, says: ["data.target"]),
  Mistake(name: "broken YAML", words: ["small.yaml"], experiment: "name: [x\n", status: 78, says: ["small.yaml:"]),
  Mistake(
    name: "NaN in an array", words: ["small.yaml"], experiment: onFile("nan.npy"), status: 65,
    says: ["nan.npy", "row 1500, column 1 (both from 0"]),
  Mistake(
    name: "word in a table", words: ["small.yaml"], experiment: onFile("word.csv"), status: 65,
    says: ["word.csv:3", "column 2", "\"two\""]),
  Mistake(
    name: "missing data file", words: ["small.yaml"], experiment: onFile("none.npy"), status: 66, says: ["none.npy"]),
  Mistake(
    name: "cut array", words: ["small.yaml"], experiment: onFile("cut.npy"), status: 65, says: ["cut.npy"]),
  Mistake(
    name: "another dimension than the file's", words: ["small.yaml"],
    experiment: onFile("good.npy, dimension: 3"), status: 78, says: ["data.dimension", "2 columns"]),
  Mistake(
    name: "held-out rows of another dimension", words: ["small.yaml"],
    experiment: onFile("good.npy, held_out: word.csv"), status: 78, says: ["data.held_out", "3 columns"]),
  Mistake(
    name: "fewer rows than shards", words: set("data.count=16"), status: 78,
    says: ["training.shards", "15 rows", "16 shards"]),
  Mistake(
    name: "a network beyond all memory", words: set("network.widths=[65536,65536,65536,65536,65536,65536]"), status: 78,
    says: ["network.widths: the run needs at least", "GB of memory", "make network.widths smaller"]),
  Mistake(
    name: "rows beyond all memory", words: set("data.count=1000000000", "data.dimension=1000000"), status: 78,
    says: ["data.count: the run needs at least", "make data.count smaller"]),
  Mistake(
    name: "samples beyond all memory", words: set("sampling.count=1000000000000"), status: 78,
    says: ["sampling.count: the run needs at least", "make sampling.count smaller"]),
  Mistake(
    name: "samples beyond all disks", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--count", "\(Int.max)"], status: 74,
    says: ["making room for 9223372036854775807 × 5 numbers", "no space left on device"]),
  Mistake(name: "all rows held out", words: set("data.held_out=1"), status: 78, says: ["data.held_out"]),
  Mistake(
    name: "one row held out", words: set("data.held_out=0.0005"), status: 78, says: ["data.held_out", "1 row"]),
  Mistake(
    name: "existing output", words: ["small.yaml", "--output", "full"], status: 73, says: ["full", "--overwrite"]),
  Mistake(
    name: "overwriting what is no run", words: ["small.yaml", "--output", "full", "--overwrite"], status: 73,
    says: ["full", "not a run"]),
  Mistake(
    name: "unwritable output", words: ["small.yaml", "--output", "/proc/runs/x"], status: 73, says: ["/proc/runs/x"]),
  Mistake(
    name: "dimension that a target lacks",
    words: ["small.yaml"], experiment: replacing("target: funnel", by: "target: eight-gaussians"), status: 78,
    says: ["small.yaml:2:", "data.dimension must be 2 for data.target eight-gaussians"]),
  Mistake(
    name: "funnel on a line", words: set("data.dimension=1"),
    status: 78, says: ["data.dimension must be at least 2"]),
  Mistake(
    name: "final time beyond the horizon", words: set("sampling.final_time=1"),
    status: 78, says: ["sampling.final_time"]),
  Mistake(
    name: "minimum time beyond the horizon", words: set("training.minimum_time=2"),
    status: 78, says: ["training.minimum_time"]),
  Mistake(
    name: "odd embedding", words: set("network.embedding_features=15"),
    status: 78, says: ["network.embedding_features"]),
  Mistake(
    name: "indivisible batch",
    words: set("training.batch=250"), status: 78, says: ["training.batch", "try 256"]),
  Mistake(name: "shards no power of two", words: set("training.shards=12"), status: 78, says: ["training.shards"]),
  Mistake(
    name: "output that the process lacks", words: set("network.output=velocity"), status: 78,
    says: ["network.output", "posterior-mean or noise or score"]),
  Mistake(name: "no samples", words: set("sampling.count=0"), status: 78, says: ["sampling.count"]),
  Mistake(name: "empty widths", words: set("network.widths=[]"), status: 78, says: ["network.widths"]),
  Mistake(name: "nothing to do", words: [], status: 64, says: ["--help"]),
  Mistake(name: "unknown option", words: ["small.yaml", "--untill", "3"], status: 64, says: ["--untill"]),
  Mistake(
    name: "no span of time", words: ["small.yaml", "--time-limit", "soon"], status: 64,
    says: ["--time-limit soon: a span such as 90s, 45m, 3h50m or 1d is expected"]),
  Mistake(
    name: "other data for a new run", words: ["small.yaml", "--allow-data-change"], status: 64,
    says: ["--allow-data-change is for --resume"]),
  Mistake(
    name: "no fault to make", words: ["small.yaml", "--inject-fault", "gradient:1"], status: 64,
    says: ["gradient:RANK:STEP"]),
  Mistake(name: "status of no run", words: ["--status", "none"], status: 66, says: ["none/experiment.yaml"]),
  Mistake(name: "no number", words: ["small.yaml", "--until", "soon"], status: 64, says: ["--until"]),
  Mistake(name: "until step 0", words: ["small.yaml", "--until", "0"], status: 64, says: ["--until"]),
  Mistake(
    name: "experiment and resume", words: ["small.yaml", "--resume", "full"], status: 64, says: ["--resume"]),
  Mistake(
    name: "resume and overwrite", words: ["--resume", "full", "--overwrite"], status: 64, says: ["--overwrite"]),
  Mistake(
    name: "hashes of a step that is not taken", words: ["small.yaml", "--hashes-at", "61"], status: 64,
    says: ["--hashes-at 61", "1 to 60"]),
  Mistake(name: "resuming what is no run", words: ["--resume", "full"], status: 66, says: ["full"]),
  Mistake(
    name: "beginning with what is no run", words: ["small.yaml", "--init-from", "full"], status: 66, says: ["full"]),
  Mistake(name: "sampling what is no run", program: "sgm-sample", words: ["full"], status: 66, says: ["full"]),
  Mistake(
    name: "exact score of a file", program: "sgm-sample", words: ["small.yaml", "--score", "exact"],
    experiment: onFile("good.npy"), status: 64, says: ["--score exact"]),
  Mistake(
    name: "exact score that is not known", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--set", "data.target=two-moons", "--set", "data.dimension=2"],
    status: 64, says: ["two-moons"]),
  Mistake(
    name: "a process beyond all scales", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--set", "process.a=1e-200"], status: 65,
    says: ["sample 0 is not finite", "sampling.steps"]),
  Mistake(
    name: "samples into no folder", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--output", "none/x.npy"], status: 73, says: ["none/x.npy"]),
  Mistake(
    name: "unknown sampler", program: "sgm-sample", words: ["small.yaml", "--score", "exact", "--sampler", "euler"],
    status: 78, says: ["sampling.sampler"]),
  Mistake(
    name: "minus one sample", program: "sgm-sample", words: ["small.yaml", "--score", "exact", "--count", "0"],
    status: 64, says: ["--count 0"]),
  Mistake(
    name: "missing samples", program: "sgm-evaluate", words: ["none.npy", "--against", "funnel"],
    status: 66, says: ["none.npy"]),
  Mistake(name: "against nothing", program: "sgm-evaluate", words: ["good.npy"], status: 64, says: ["--against"]),
  Mistake(
    name: "against no target", program: "sgm-evaluate", words: ["good.npy", "--against", "funel"],
    status: 64, says: ["--against funel", "funnel"]),
  Mistake(
    name: "against another dimension", program: "sgm-evaluate", words: ["good.npy", "--against", "three.csv"],
    status: 65,
    says: ["good.npy", "2 columns", "three.csv", "3"]),
  Mistake(
    name: "unknown metric", program: "sgm-evaluate",
    words: ["good.npy", "--against", "diamond", "--metrics", "slicd-w2"],
    status: 78, says: ["evaluation.metrics", "did you mean sliced-w2?"]),
  Mistake(
    name: "metric twice", program: "sgm-evaluate", words: ["good.npy", "--against", "diamond", "--metrics", "w2,w2"],
    status: 78, says: ["evaluation.metrics names w2 twice"]),
  Mistake(
    name: "modes of no mixture", program: "sgm-evaluate",
    words: ["good.npy", "--against", "funnel", "--metrics", "modes"], status: 64, says: ["modes", "diamond"]),
  Mistake(
    name: "a score that is not known", program: "sgm-evaluate",
    words: ["good.npy", "--against", "checkerboard", "--metrics", "ksd"], status: 64, says: ["ksd", "funnel"]),
  Mistake(
    name: "nearest to no training rows", program: "sgm-evaluate",
    words: ["good.npy", "--against", "funnel", "--metrics", "nearest"], status: 64, says: ["nearest", "run"]),
  Mistake(
    name: "likelihood without a network", program: "sgm-evaluate",
    words: ["good.npy", "--against", "funnel", "--metrics", "nll"], status: 64, says: ["nll needs a run"]),
  Mistake(
    name: "decimal commas", words: ["small.yaml"], experiment: onFile("comma.csv"), status: 65,
    says: ["comma.csv:1: holds \"-0,5\", a number with a decimal comma", "write decimals with a point"]),
  Mistake(
    name: "an array of no axis", words: ["small.yaml"], experiment: onFile("scalar.npy"), status: 65,
    says: ["scalar.npy: holds one number without axes; save an array of rows and columns"]),
  Mistake(
    name: "an array of text", words: ["small.yaml"], experiment: onFile("text.npy"), status: 65,
    says: ["text.npy: holds text; save a.astype('float64')"]),
  Mistake(
    name: "names that are denied", words: ["small.yaml"], experiment: onFile("word.csv, header: false"), status: 65,
    says: ["word.csv:1: is not a row of numbers, but data.header is false; set it to auto or true"]),
  Mistake(
    name: "a number beyond double precision", words: set("training.learning_rate=1e400"), status: 78,
    says: ["training.learning_rate is \"1e400\", beyond the largest number of double precision, 1.8e308"]),
  Mistake(
    name: "a negative seed", program: "sgm-sample", words: ["small.yaml", "--score", "exact", "--seed", "-1"],
    status: 78,
    says: ["sampling.seed must be 0 to 18446744073709551615, found \"-1\""]),
  Mistake(
    name: "a negative number of samples", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--count", "-5"], status: 64, says: ["--count -5: at least 1 is expected"]
  ),
  Mistake(
    name: "samples of no known format", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--output", "s.txt"], status: 64,
    says: ["--output s.txt: end the name in .npy, .csv, .tsv or .json"]),
  Mistake(
    name: "samples over another's file", program: "sgm-sample",
    words: ["small.yaml", "--score", "exact", "--output", "good.npy"], status: 73,
    says: ["good.npy: exists already; name another file, or let --overwrite replace it"]),
  Mistake(
    name: "figures into a folder", program: "sgm-evaluate",
    words: ["good.npy", "--against", "diamond", "--output", "full"], status: 73,
    says: ["full: exists already; it is a folder; name a file in it"]),
  Mistake(
    name: "plots into a file", program: "sgm-theory", words: ["schedule", "gaussian", "--plots", "good.npy"],
    status: 73,
    says: ["good.npy: exists already; it is no folder"]),
  Mistake(
    name: "a page over another's file", program: "sgm-report", words: ["full", "--output", "full/note.txt"], status: 73,
    says: ["full/note.txt: exists already; name another file, or let --overwrite replace it"]),
  Mistake(
    name: "too few rows for the only metric", program: "sgm-evaluate",
    words: ["good.npy", "--against", "diamond", "--metrics", "knn-kl", "--set", "evaluation.count=4"], status: 65,
    says: ["knn-kl needs at least 6 rows on either side, and evaluation.count and evaluation.pair_count take 4"]),
]
