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

  @OptionGroup var overrides: Overrides

  @Flag(help: "Print JSON lines in place of the table.")
  var json = false

  func run() {
    printing { communicator in
      var request = EvaluateRequest(samples: samples)
      request.against = against
      request.metrics = metrics
      request.settings = overrides.settings
      let (table, lines) = try evaluate(request, communicator)
      return json ? lines : table
    }
  }
}
