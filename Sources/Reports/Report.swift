internal import Files
package import Foundation

/// Makes one self-contained page of a run: no scripts, no other files, under 5 MB; for phone, screen and print.
package struct Report {
  /// Pictures together may have this many bytes; in base64 they grow by a third, and the page stays below 5 MB.
  static let mostPictureBytes = 3_400_000
  /// What tells the pages of this program from others.
  package static let mark = "<meta name=\"generator\" content=\"sgm-train\">"
  /// An experiment file longer than this is cut.
  static let mostExperimentCharacters = 100_000

  private let contents: ReportContents
  private let gnuplot: Gnuplot

  /// A report of `contents`.
  package init(_ contents: ReportContents) {
    self.init(contents, gnuplot: Gnuplot())
  }

  package init(_ contents: ReportContents, gnuplot: Gnuplot) {
    self.contents = contents
    self.gnuplot = gnuplot
  }

  /// Draws the plots into the folder `plots` and writes the page, replacing an earlier one only when it is complete.
  ///
  /// A missing or failing gnuplot is no error: the page says which pictures are missing.
  ///
  /// - Parameters:
  ///   - path: the page, usually `runs/NAME/report.html`.
  ///   - plots: the folder for scripts, data and pictures; made if missing.
  /// - Throws: ``ToolError`` where a file cannot be written.
  package func write(to path: String, plots: String) throws {
    try makeFolder(plots)
    try AtomicFile.write(page(plots: URL(fileURLWithPath: plots)), to: path)
  }

  /// The whole page.
  package func page(plots folder: URL) throws -> String {
    var pictures = Pictures(gnuplot: gnuplot, folder: folder, bytesLeft: Self.mostPictureBytes)
    var sections = [facts]
    sections += contents.texts.map(\.html)
    sections += contents.tables.map(section)
    sections += try pictureSections(&pictures)
    if let timings = contents.timings { sections.append(timings.html) }
    sections.append(experiment)
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      \(Self.mark)
      <meta name="viewport" content="width=device-width,initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(escapedHTML(contents.title))</title>
      <style>
      \(reportStyle)
      </style></head><body>
      <h1>\(escapedHTML(contents.title))</h1>
      \(sections.joined(separator: "\n"))
      </body></html>

      """
  }

  /// The sections of pictures in the order of the page.
  private func pictureSections(_ pictures: inout Pictures) throws -> [String] {
    var sections: [String] = []
    for (i, panel) in contents.errorBars.enumerated() {
      sections.append(
        try pictures.section(panel.title, note: panel.note, [panel.plot(name: "sweep-\(i + 1)")], captions: [""]))
      if let table = panel.table { sections.append(table.body) }
    }
    if !contents.calibration.isEmpty {
      let plots = contents.calibration.enumerated().map { $1.plot(name: "calibration-\($0 + 1)") }
      sections.append(
        try pictures.section(
          "Calibration of the posterior",
          note: "How much more often than it should a true row lies within a level; a right posterior stays inside the "
            + "band with a probability of 95 %.", plots, captions: contents.calibration.map(\.title)))
    }
    for (i, pair) in contents.scatters.enumerated() {
      sections.append(try section(pair, name: i == 0 ? "scatter" : "scatter-\(i + 1)", &pictures))
    }
    for (i, pair) in contents.clouds.enumerated() {
      let plots = pair.plots(name: "cloud-\(i + 1)")
      sections.append(
        try pictures.section(
          "Three coordinates: " + pair.names.joined(separator: ", "), plots, captions: ["data", "samples"]))
    }
    for (i, panels) in (contents.pairs + contents.snapshots).enumerated() {
      sections.append(try section(panels, name: "panels-\(i + 1)", &pictures))
    }
    if let images = contents.images {
      sections.append(try pictures.section("Images", images.plots(name: "images"), captions: ["data", "samples"]))
    }
    if !contents.histograms.isEmpty {
      let plots = contents.histograms.enumerated().map { $1.plot(name: "density-\($0 + 1)") }
      sections.append(
        try pictures.section(
          "Densities", note: "Logarithmic; a bin without rows stands at half a row.", plots,
          captions: contents.histograms.map(\.title)))
    }
    if !contents.curves.isEmpty {
      let plots = contents.curves.enumerated().map { $1.plot(name: "curve-\($0 + 1)") }
      sections.append(try pictures.section("Training", plots, captions: contents.curves.map(\.title)))
    }
    return sections
  }

  private func section(_ panels: PointPanels, name: String, _ pictures: inout Pictures) throws -> String {
    try pictures.section(
      panels.title, note: panels.note, panels.plots(name: name), captions: panels.panels.map(\.caption), isSmall: true)
  }

  private var facts: String {
    guard !contents.facts.isEmpty else { return "" }
    let items = contents.facts.map { "<div><dt>\(escapedHTML($0.name))</dt><dd>\(escapedHTML($0.value))</dd></div>" }
    return "<dl>" + items.joined() + "</dl>"
  }

  private func section(_ table: FigureTable) -> String {
    let note = table.note.isEmpty ? "" : "<p class=\"soft\">\(escapedHTML(table.note))</p>"
    return "<section><h2>\(escapedHTML(table.title))</h2>\(note)\n<div class=\"grid\">\n"
      + table.figures.map(\.html).joined(separator: "\n") + "\n</div></section>"
  }

  private func section(_ pair: ScatterPair, name: String, _ pictures: inout Pictures) throws -> String {
    let captions = [("data", pair.data), ("samples", pair.samples)].map { kind, points in
      let drawn = min(points.count, ScatterPair.mostPoints)
      let outside = pair.outside(Array(points.prefix(drawn)))
      let rest = outside > 0 ? ", \(grouped(outside)) of them outside the frame" : ""
      return "\(kind), \(grouped(drawn)) points\(rest)"
    }
    let title = "Data beside samples: \(pair.x), \(pair.y)"
    return try pictures.section(title, pair.plots(name: name), captions: captions)
  }

  private var experiment: String {
    let text = contents.experiment.prefix(Self.mostExperimentCharacters)
    let cut = text.count < contents.experiment.count ? "\n… (cut)" : ""
    return "<section><h2>Experiment</h2>\n<pre>\(escapedHTML(text + cut))</pre></section>"
  }
}

/// Draws plots and embeds them until the page's size is used up.
struct Pictures {
  package let gnuplot: Gnuplot
  package let folder: URL
  var bytesLeft: Int

  /// A section of plots beside one another, each with its caption.
  package mutating func section(
    _ title: String, note: String = "", _ plots: [Plot], captions: [String], isSmall: Bool = false
  ) throws -> String {
    var figures: [String] = []
    for (plot, caption) in zip(plots, captions) {
      let text = caption.isEmpty ? "" : "<figcaption>\(escapedHTML(caption))</figcaption>"
      figures.append("<figure>\(try image(plot))\(text)</figure>")
    }
    let line = note.isEmpty ? "" : "<p class=\"soft\">\(escapedHTML(note))</p>"
    return "<section><h2>\(escapedHTML(title))</h2>\(line)\n<div class=\"grid\(isSmall ? " small" : "")\">\n"
      + figures.joined(separator: "\n") + "\n</div></section>"
  }

  private mutating func image(_ plot: Plot) throws -> String {
    switch try gnuplot.draw(plot, in: folder) {
    case .missing(let reason):
      return "<p class=\"soft\">Picture missing: \(escapedHTML(reason)).</p>"
    case .picture(let bytes, _) where bytes.count > bytesLeft:
      return "<p class=\"soft\">Picture left out for the page's size: plots/\(escapedHTML(plot.name)).</p>"
    case .picture(let bytes, let type):
      bytesLeft -= bytes.count
      return "<img src=\"data:\(type);base64,\(bytes.base64EncodedString())\" alt=\"\(escapedHTML(plot.description))\" "
        + "width=\"\(plot.width)\" height=\"\(plot.height)\">"
    }
  }
}
