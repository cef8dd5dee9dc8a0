import ArgumentParser
import Commands
import Runs

/// `sgm-report`: one page of one run, of several side by side, or of a sweep.
@main
struct SGMReport: RankCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgm-report",
    abstract: "Make the report of a run or sweep again, or one page that shows several runs side by side.",
    discussion: """
      sgm-report runs/NAME                 runs/NAME/report.html
      sgm-report runs/A runs/B             comparison.html, with scripts and data in comparison-plots
      """)

  @Argument(help: "Run folders, or one sweep's folder.")
  var runs: [String]

  @Option(help: "The page; by default the run's own report.html, or comparison.html for several runs.")
  var output: String?

  @Flag(help: "Replace a page of --output that no such command has made.")
  var overwrite = false

  @Flag(help: "Show the data although they changed since the run was trained.")
  var allowDataChange = false

  func run() {
    printing { communicator in
      var request = ReportRequest(runs: runs)
      request.output = output
      request.overwrite = overwrite
      request.allowsDataChange = allowDataChange
      return "report: \(try report(request, communicator))"
    }
  }
}
