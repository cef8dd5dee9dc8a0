import ArgumentParser
import Commands
import Runs

/// `sgm-evaluate`: distances of samples, each beside its floor and Gaussian baseline.
@main
struct SGMEvaluate: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-evaluate",
    abstract: "Judge samples by distances to the truth, each beside its floor and Gaussian baseline.",
    discussion: "docs/judging.md says what each metric sees, what it costs and when to choose it.")

  @Argument(help: "A run folder, a file of samples, or a target's name for exact draws of it.")
  var samples: String

  @Option(help: ArgumentHelp("A target's name or a file of true rows.", valueName: "target|file"))
  var against: String?

  @Option(
    help: ArgumentHelp("What to judge by: \(metricNames.joined(separator: ", ")).", valueName: "name,name…"))
  var metrics: String?

  @Option(
    help: ArgumentHelp(
      "A file of rows, conditions included, whose nll under the run's network is printed; --output writes that of each row.",
      valueName: "file"))
  var rows: String?

  @OptionGroup var overrides: Overrides

  @OptionGroup var threads: Threads

  @Flag(help: "Print JSON lines in place of the table.")
  var json = false

  @Option(help: "A file for the JSON lines, beside what is printed; with --rows .npy, .csv or .tsv.")
  var output: String?

  @Flag(help: "Replace a file of --output that no such command has made.")
  var overwrite = false

  @Flag(help: "Judge a run although its data changed since it was trained.")
  var allowDataChange = false

  func run() {
    onAllRanks(threads: threads.count) { communicator in
      var request = EvaluateRequest(samples: samples)
      request.against = against
      request.metrics = metrics
      request.rows = rows
      request.settings = overrides.settings
      request.output = output
      request.overwrite = overwrite
      request.allowsDataChange = allowDataChange
      let evaluation = try evaluate(request, communicator)
      // The figures are the result; their copies come after them.
      let status = printed(json ? evaluation.json : evaluation.table, communicator)
      try evaluation.keep(communicator)
      return status
    }
  }
}
