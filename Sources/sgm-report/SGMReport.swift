import ArgumentParser
import Communication
import Experiments

/// `sgm-report`: one page of one run, of several side by side, or of a sweep.
@main
struct SGMReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-report",
    abstract: "Make the report of a run or sweep again, or one page of several runs side by side.",
    discussion: """
      sgm-report runs/NAME                 runs/NAME/report.html
      sgm-report runs/A runs/B             comparison.html, with scripts and data in comparison-plots
      """)

  @Argument(help: "Run folders, or one sweep's folder.")
  var runs: [String]

  @Option(help: "The page; by default the run's own report.html, or comparison.html for several runs.")
  var output: String?

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
    runTool("sgm-report") { communicator in
      var request = ReportRequest(runs: runs)
      request.output = output
      let page = try report(request, communicator)
      if communicator.isRoot { print("report: \(page)") }
      return .success
    }
  }
}
