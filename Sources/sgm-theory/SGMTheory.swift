import ArgumentParser
import Commands
internal import Files
import Studies

/// `sgm-theory`: bounds, constants and counterexamples beside measurements.
@main
struct SGMTheory: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-theory",
    abstract: "Compute the theory's bounds and constants for a target, beside what is measured.",
    discussion: """
      errors [PROCESS] TARGET|RUN    mixing, discretisation, learning; bounds
      contract [PROCESS] TARGET      log-norms, adapted norms, couplings, curvature
      epsilon [PROCESS] TARGET|RUN…  what noise on the position changes
      schedule gaussian              bounds over the exponential noise schedules
      annealed TARGET                action and bias of annealed Langevin dynamics
      constants TARGET               Poincaré, log-Sobolev, Fisher, Lipschitz

      PROCESS and TARGET are words of experiment files, and RUN is the folder of a trained run. The target gaussian takes \
      --mean and --variance. There are three more targets. mixture is a mixture of Gaussians on the line, by --mean, \
      --variance and --weights. double-well is for constants. log-lipschitz, exp(−x²/2 − |x|), is for contract and \
      constants. docs/theory.md explains each study.
      """)

  @Argument(help: "The study, then a process where it takes one, then the target.")
  var words: [String]

  @Option(
    parsing: .unconditional, help: "Means of the Gaussian target or of a mixture's components, separated by commas.")
  var mean: String?

  @Option(
    parsing: .unconditional, help: "Variances of the Gaussian target or of a mixture's components, separated by commas."
  )
  var variance: String?

  @Option(parsing: .unconditional, help: "Weights of a mixture's components, separated by commas; equal by default.")
  var weights: String?

  @Flag(help: "Let epsilon train networks of one size, as --set training.steps and network.widths say.")
  var learned = false

  @OptionGroup var overrides: Overrides

  @Option(parsing: .unconditional, help: "Samples in each set, where a study draws them.")
  var count: Int?

  @Option(parsing: .unconditional, help: "Seeds, where a study draws samples.")
  var repeats: Int?

  @Option(parsing: .unconditional, help: "Steps of the sampler, where a study takes them.")
  var steps: Int?

  @Option(help: "A folder for the plots, their scripts and data.")
  var plots: String?

  @Flag(help: "Replace files of --plots that this program has not made.")
  var overwrite = false

  @Flag(help: "Use a run's data although they changed since it was trained.")
  var allowDataChange = false

  @Flag(help: "Print JSON lines in place of tables.")
  var json = false

  func run() {
    onAllRanks { communicator in
      var request = TheoryRequest(words: words)
      request.mean = mean
      request.variance = variance
      request.weights = weights
      request.isLearned = learned
      request.settings = overrides.settings
      request.count = count
      request.repeats = repeats
      request.steps = steps
      request.plots = plots
      request.overwrite = overwrite
      request.allowsDataChange = allowDataChange
      let answer = try theory(request, communicator)
      // What was computed is printed before pictures are tried.
      let status = printed(json ? answer.json : answer.text, communicator)
      let pictures = try answer.draw(communicator)
      return json || pictures.isEmpty || status != .success ? status : printed("\n" + pictures, communicator)
    }
  }
}
