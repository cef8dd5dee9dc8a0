import Foundation
import Metrics
import TestSupport
import Testing

@testable import Files
@testable import Reports

@Suite struct ReportTests {
  /// A report with every kind of section, and hostile names.
  static func contents() -> ReportContents {
    var contents = ReportContents(title: "a <b> & 'c'", experiment: "name: \"x\" # <script>alert(1)</script>\n")
    contents.facts = [ReportFact("dimension", "2")]
    contents.tables = [
      FigureTable(
        title: "Distances",
        figures: [
          Judgement(
            name: "sliced W2", value: Spread(mean: 0.1, deviation: 0.01), floor: Spread(mean: 0.05, deviation: 0.005),
            baseline: Spread(mean: 0.25, deviation: 0.02), repeats: 5, count: 20_000, unit: "original units")
        ])
    ]
    contents.curves = [
      CurvePanel(
        title: "Loss", x: "step", y: "it's `date` \\ $HOME", logarithmic: true,
        series: [
          .init(name: "loss", points: [(0, 1), (1, 0.5), (2, .nan), (3, -1), (4, 0.1)]),
          .init(name: "'held' out", points: [(0, 1), (4, 0.2)], style: .marked), .init(name: "empty", points: []),
        ])
    ]
    let points = (0..<500).map { SIMD2(Float($0 % 23), Float($0 % 29)) }
    contents.scatters = [ScatterPair(x: "mu's", y: "tau\nlog", data: points, samples: points + [SIMD2(1e6, 0)])]
    let images = (0..<10).map { k in (0..<16).map { Float($0 * k) } }
    contents.images = ImagePair(data: images, samples: Array(images.prefix(3)))
    contents.timings = ReportTimings(
      stepsPerSecond: 31.5, gigaflops: 88, shares: [("compute", 90), ("exchange", 6), ("input", 0), ("checkpoint", 4)])
    return contents
  }

  /// A new empty folder.
  static func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  @Test("a gnuplot that hangs is killed and given up, and no other picture waits for it") func hang() throws {
    let folder = try TemporaryFolder()
    let program = folder.path + "/gnuplot"
    try "#!/bin/sh\ncase \"$1\" in -e) exit 0;; esac\nexec sleep 1000\n".write(
      toFile: program, atomically: true, encoding: .utf8)
    #expect(unsafe chmod(program, 0o755) == 0)
    let begin = Date()
    let text = try Report(Self.contents(), gnuplot: Gnuplot(path: folder.path, patience: 1)).page(
      plots: URL(fileURLWithPath: folder.path))
    // One second for the first picture, none for the others.
    #expect(Date().timeIntervalSince(begin) < 4)
    #expect(text.components(separatedBy: "gnuplot did not end within 1 s and was given up").count > 2)
  }

  @Test("a page with every section is self-contained and below 5 MB, and its scripts can be run again")
  func whole() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appendingPathComponent("report.html")
    try Report(Self.contents()).write(to: page.path, plots: folder.appendingPathComponent("plots").path)
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.utf8.count < 5_000_000)
    // Counted outside the macro, which would print the whole page.
    func count(_ part: String) -> Int { text.components(separatedBy: part).count - 1 }
    #expect(count("<script") == 0)
    #expect(count("a &lt;b&gt; &amp; &#39;c&#39;") == 2)
    #expect(count("http") == 0 && count("src=") == count("src=\"data:image/"))
    #expect(count("<img src=\"data:image/") == 5, "a curve, two clouds, two mosaics")
    #expect(count("Picture missing") == 0)
    #expect(count("1 of them outside the frame") == 1)
    let plots = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("plots").path)
    #expect(plots.filter { $0.hasSuffix(".gp") }.count == 5 && plots.filter { $0.hasSuffix(".dat") }.count == 5)
    #expect(!plots.contains { $0.hasSuffix(".log") }, "a log is left by failures only")
  }

  @Test("without gnuplot the page stands, says what is missing, and scripts are left")
  func withoutGnuplot() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = try Report(Self.contents(), gnuplot: Gnuplot(path: "/nowhere")).page(plots: folder)
    #expect(!text.contains("<img"))
    let line = "Picture missing: gnuplot was not found; with it (Debian: gnuplot-nox), run gnuplot curve-1.gp"
    #expect(text.contains(line))
    #expect(text.contains("sliced W2") && text.contains("Experiment"))
    #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("curve-1.gp").path))
  }

  @Test("a failing gnuplot leaves its log and a line that names it, never an old picture")
  func failing() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("old".utf8).write(to: folder.appendingPathComponent("bad.png"))
    let plot = Plot(name: "bad", description: "", width: 100, height: 100, commands: ["no such command"], blocks: [])
    let outcome = try Gnuplot().draw(plot, in: folder)
    let name = folder.lastPathComponent
    #expect(outcome == .missing(reason: "gnuplot ended with status 1; \(name)/bad.log says why"))
    let log = try String(contentsOf: folder.appendingPathComponent("bad.log"), encoding: .utf8)
    #expect(log.contains("bad.gp"))
  }

  @Test("names in a script are single-quoted strings in which nothing is replaced")
  func quoting() {
    #expect(Plot.quoted("it's `date` @x \"y\"\n$z") == "'it’s `date` @x \"y\" $z'")
    #expect(Plot.quoted("'held' out") == "'’held’ out'")
  }

  @Test("a folder or page that cannot be written is named with a remedy")
  func unwritable() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let plots = folder.appendingPathComponent("plots").path
    #expect(throws: ToolError.uncreatable(file: "/dev/null/plots", ENOTDIR)) {
      try Report(Self.contents()).write(to: "/dev/null/report.html", plots: "/dev/null/plots")
    }
    #expect(throws: ToolError.uncreatable(file: "/dev/null/report.html", ENOTDIR)) {
      try Report(Self.contents()).write(to: "/dev/null/report.html", plots: plots)
    }
  }

  @Test("where the page would grow too large, pictures are left out by name")
  func tooLarge() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var pictures = Pictures(gnuplot: Gnuplot(), folder: folder, bytesLeft: 100)
    let plot = CurvePanel(title: "t", x: "x", y: "y", series: [.init(name: "s", points: [(0, 0), (1, 1)])])
    let text = try pictures.section("Loss", [plot.plot(name: "curve-1")], captions: [""])
    #expect(text.contains("Picture left out for the page's size: plots/curve-1."))
  }

  @Test("an SVG has at most 3,000 points", arguments: [2999, 3000, 3001, 100_000])
  func thinned(count: Int) {
    let rows = (0..<count).map { [Double($0), 0] }
    let plot = Plot(name: "p", description: "", width: 1, height: 1, commands: [], blocks: [rows])
    #expect((count + plot.stride - 1) / plot.stride <= 3000)
    // And no fewer than there can be.
    #expect(plot.stride == 1 || (count + plot.stride - 2) / (plot.stride - 1) > 3000)
  }

  /// Plots with as little to show as there can be.
  static var degenerate: [Plot] {
    let curves: [[(x: Double, y: Double)]] = [
      [], [(0, 2)], [(0, 2), (1, 2)], [(0, -1), (1, -2)], [(0, .infinity)],
    ]
    let panels = curves.flatMap { points in
      [true, false].map { logarithmic in
        CurvePanel(title: "t", x: "", y: "", logarithmic: logarithmic, series: [.init(name: "", points: points)])
      }
    }
    let clouds: [[SIMD2<Float>]] = [[], [SIMD2(1, 1)], [SIMD2(.nan, 0)], [SIMD2(1e30, -1e30), SIMD2(-1e30, 1e30)]]
    let pairs = clouds.map { ScatterPair(x: "x", y: "y", data: $0, samples: $0) }
    let sets: [[[Float]]] = [Array(repeating: [3], count: 9), [[.nan, 0, 0, 0]]]
    let images = sets.compactMap { ImagePair(data: $0, samples: []) }
    return panels.enumerated().map { $1.plot(name: "curve-\($0)") }
      + pairs.enumerated().flatMap { $1.plots(name: "scatter-\($0)") }
      + images.enumerated().flatMap { $1.plots(name: "images-\($0)") }
  }

  @Test(
    "gnuplot draws empty, constant, single and non-finite contents, as pixels and as SVG",
    arguments: [true, false])
  func degeneratePlots(pixels: Bool) throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var gnuplot = Gnuplot()
    gnuplot.pixels = pixels
    for plot in Self.degenerate {
      guard case .missing(let reason) = try gnuplot.draw(plot, in: folder) else { continue }
      let log = try String(contentsOf: folder.appendingPathComponent("\(plot.name).log"), encoding: .utf8)
      Issue.record("\(plot.name): \(reason): \(log)")
    }
  }
}
