package import Communication
internal import Configuration
internal import Files
internal import Foundation
internal import Reports

/// What a user asks of `sgm-report`.
package struct ReportRequest: Sendable {
  /// Run folders, or one sweep's folder.
  package var runs: [String]
  /// The page; by default the run's own, or `comparison.html` for several.
  package var output: String?
  /// Whether a page that no such command has made may be replaced.
  package var overwrite = false
  /// Whether data that changed since a run was trained are shown nevertheless.
  package var allowsDataChange = false

  /// A request with the defaults.
  package init(runs: [String]) { self.runs = runs }
}

/// Runs `sgm-report`: the root reads the folders and writes the page.
///
/// - Returns: the page's path.
package func report(_ request: ReportRequest, _ communicator: Communicator) throws -> String {
  try communicator.agree { communicator.isRoot ? try writeReport(request) : "" }
}

private func writeReport(_ request: ReportRequest) throws -> String {
  if let page = request.output ?? (request.runs.count > 1 ? "comparison.html" : nil) {
    let inputs = request.runs.flatMap { RunFolder($0).inputs }
    try OutputFile.check(page, overwrite: request.overwrite, inputs: inputs) { OutputFile.holds(Report.mark, $0) }
    try PlotFolder.check(plots(beside: page), overwrite: request.overwrite)
  }
  for run in request.runs {
    try RunFolder(run).refuseFile()
    guard FileManager.default.fileExists(atPath: RunFolder(run).experiment) else {
      throw ToolError.unreadable(file: RunFolder(run).experiment, ENOENT)
    }
    guard request.runs.count == 1 || !SweepFolder(run).isSweep else {
      throw ToolError.usage("\(run) is a sweep: report it alone, or name run folders in \(run)/cells")
    }
  }
  guard request.runs.count == 1, let run = request.runs.first else {
    let comparison = RunComparison(
      try request.runs.map { try RunRecord(RunFolder($0), allowsDataChange: request.allowsDataChange) })
    let page = request.output ?? "comparison.html"
    try Report(comparison.contents).write(to: page, plots: plots(beside: page))
    return page
  }
  let folder = RunFolder(run)
  let sweep = SweepFolder(run)
  let contents =
    sweep.isSweep
    ? SweepReport(sweep, try SweepTable(sweep)).contents
    : try RunRecord(folder, allowsDataChange: request.allowsDataChange).contents
  let page = request.output ?? folder.report
  try Report(contents).write(to: page, plots: request.output.map(plots(beside:)) ?? folder.plots)
  return page
}

/// `name-plots` for `name.html`.
private func plots(beside page: String) -> String {
  (page.hasSuffix(".html") ? String(page.dropLast(5)) : page) + "-plots"
}

extension RunFolder {
  /// The files that a look at the run reads, beside those that it has made: its experiment's and its data's.
  var inputs: [String] {
    guard let experiment = try? Experiment(contentsOf: self.experiment) else { return [] }
    return [self.experiment] + DataSource.files(of: experiment, base: base())
  }
}
