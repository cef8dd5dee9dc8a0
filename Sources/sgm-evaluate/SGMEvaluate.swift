import ArgumentParser
import Communication
import Experiments

/// `sgm-evaluate`: distances of samples, each beside its floor and Gaussian baseline.
@main
struct SGMEvaluate: ParsableCommand {
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
    name: .customLong("set"),
    help: ArgumentHelp("Override a key, such as evaluation.repeats=10.", valueName: "key=value"))
  var settings: [String] = []

  @Flag(help: "Print JSON lines in place of the table.")
  var json = false

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // Every rank parses the same words: one of them says what is wrong, or helps.
      if Communicator.isFirstProcess { exit(withError: error) }
    }
  }

  func run() {
    runTool("sgm-evaluate") { communicator in
      var request = EvaluateRequest(samples: samples)
      request.against = against
      request.metrics = metrics
      request.settings = settings
      let (table, lines) = try evaluate(request, communicator)
      if communicator.isRoot { print(json ? lines : table, terminator: "") }
      return .success
    }
  }
}
