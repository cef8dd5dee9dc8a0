import ArgumentParser
import Commands
import Communication
import Files
import Runs

/// `sgm-sample`: draw samples from a run, or from a target's exact score.
@main
struct SGMSample: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-sample",
    abstract: "Draw samples from a run's network, or from a target's exact score, on any number of ranks.")

  @Argument(help: "A run folder; with --score exact an experiment file.")
  var source: String

  @Option(help: "network or exact.")
  var score = "network"

  @Option(
    parsing: .unconditional,
    help: "The number of samples, for each row of --condition where there are several, and of --complete.")
  var count: Int?

  @Option(help: "A sampler of docs/experiment-file.md, such as euler-maruyama or splitting.")
  var sampler: String?

  @Option(parsing: .unconditional, help: "The number of steps.")
  var steps: Int?

  @Option(help: "uniform, quadratic, edm or log-snr.")
  var grid: String?

  @Option(parsing: .unconditional, help: "The seed of the samples.")
  var seed: String?

  @Option(
    help: ArgumentHelp(
      "The file to write, .npy, .csv, .tsv or .json (for ArviZ); by default the run's own samples at the checkpoint's step.",
      valueName: "file"))
  var output: String?

  @Flag(help: "Replace the run's own samples, or a file of --output that no such command has made.")
  var overwrite = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Conditions: the numbers of one row with commas between them, or a file of rows of which each is given to --count samples.",
      valueName: "file or numbers"))
  var condition: String?

  @Flag(help: "Take the rows of --condition as independent observations of one θ, all given to each sample.")
  var together = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Keep the whole paths of the first K samples, at most 256.", valueName: "K"))
  var trajectory: Int?

  @Option(
    help: ArgumentHelp(
      "Draw given observations y = Hx + noise: a file with one row for each, H_1 … H_d, y and the noise's standard deviation.",
      valueName: "file"))
  var observe: String?

  @Option(
    help: ArgumentHelp(
      "Keep columns fixed: a file with one row for each, its number (from 0) and its value.", valueName: "file"))
  var fix: String?

  @Option(
    help: ArgumentHelp(
      "Fill in the missing cells of a table with the run's columns, --count times each row, given the row's other cells; those stay as they are.",
      valueName: "file"))
  var complete: String?

  @Option(
    help: ArgumentHelp(
      "A program that reads rows of parameters as CSV and writes a row of observations for each: it is given the samples of --output NAME.csv, and NAME-simulated.csv holds both.",
      valueName: "command"))
  var simulator: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seconds that one start of --simulator may take; by default 3600.", valueName: "seconds"))
  var simulatorTimeout: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The step of the checkpoint; by default the newest.", valueName: "step"))
  var checkpoint: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Draw from the average of this length, between those of training.averages.", valueName: "share"))
  var average: Double?

  @OptionGroup var overrides: Overrides

  @OptionGroup var threads: Threads

  func run() {
    printing(threads: threads.count) { communicator in
      try sample(communicator.agree { try request() }, communicator)
    }
  }

  private func request() throws -> SampleRequest {
    guard ["network", "exact"].contains(score) else {
      throw ToolError.usage("--score \(score): network or exact is expected")
    }
    if score == "exact", checkpoint != nil {
      throw ToolError.usage("--score exact and --checkpoint exclude each other; an exact score needs no run")
    }
    if score == "exact", average != nil {
      throw ToolError.usage("--score exact and --average exclude each other; an exact score has no parameters")
    }
    if score == "exact", let condition {
      throw ToolError.usage("--condition \(condition): exact scores know no conditions; leave one of the two out")
    }
    if together, condition == nil {
      throw ToolError.usage("--together: give the observations by --condition, a file of one row each")
    }
    if let count, count < 1 { throw ToolError.usage("--count \(count): at least 1 is expected") }
    if let trajectory, !(1...256).contains(trajectory) {
      throw ToolError.usage("--trajectory \(trajectory): 1 to 256 is expected")
    }
    if let simulatorTimeout, !(simulatorTimeout > 0 && simulatorTimeout.isFinite) {
      throw ToolError.usage("--simulator-timeout \(simulatorTimeout): a number above 0 is expected")
    }
    if simulatorTimeout != nil, simulator == nil {
      throw ToolError.usage("--simulator-timeout: is for --simulator; name the program, or leave it out")
    }
    if let simulator, score == "exact" || complete != nil {
      throw ToolError.usage("--simulator \(simulator): is for samples of a run; leave --score exact and --complete out")
    }
    var request = SampleRequest(source: source)
    request.simulator = simulator
    request.simulatorTimeout = simulatorTimeout
    request.isExact = score == "exact"
    request.count = count
    request.output = output
    request.overwrite = overwrite
    request.condition = condition
    request.together = together
    request.checkpoint = checkpoint
    request.average = average
    request.settings = overrides.settings
    request.trajectories = trajectory ?? 0
    request.observations = observe
    request.fixed = fix
    request.completed = complete
    if let sampler { request.settings.append("sampling.sampler=\(sampler)") }
    if let steps { request.settings.append("sampling.steps=\(steps)") }
    if let grid { request.settings.append("sampling.grid=\(grid)") }
    if let seed { request.settings.append("sampling.seed=\(seed)") }
    return request
  }
}
