import Foundation
import Metrics
import Testing

@testable import Files
@testable import Reports

/// The kinds of pictures beside those of one run's clouds and curves.
@Suite struct ReportPanelTests {
  static let hostile = "<i>'x'</i> `date` \"; system 'touch /tmp/sgm-hostile' # \\ $HOME @m\n"

  static func errorBars(_ values: [Spread?]) -> ErrorBarPanel {
    ErrorBarPanel(
      title: hostile, note: hostile, x: hostile, y: hostile, places: values.map { _ in hostile },
      series: [.init(name: hostile, values: values), .init(name: "b", values: values.reversed())],
      lines: [(name: hostile, value: 0.1)],
      table: TextTable(title: hostile, header: [hostile], rows: [[hostile]]))
  }

  static func contents() -> ReportContents {
    var contents = ReportContents(title: hostile, experiment: hostile)
    contents.texts = [TextTable(title: hostile, note: hostile, header: [hostile, "b"], rows: [[hostile, "1"]])]
    contents.errorBars = [errorBars([Spread(mean: 1, deviation: 0.1), nil, Spread(mean: 0.5, deviation: 2)])]
    let points = (0..<200).map { SIMD2(Float($0 % 13), Float($0 % 17)) }
    contents.pairs = [
      PointPanels(
        title: hostile, note: hostile, hasCommonFrame: false, colours: [2, 0],
        panels: [.init(caption: hostile, sets: [points, points], paths: [points, [], Array(points.prefix(3))])])
    ]
    contents.clouds = [
      CloudPair(
        names: [hostile, hostile, String(repeating: "long ", count: 100)], data: points.map { SIMD3($0, 1) },
        samples: [])
    ]
    contents.histograms = [
      CurvePanel(
        title: hostile, x: hostile, y: hostile, logarithmic: true, logarithmicX: true,
        series: [.init(name: hostile, points: [(0, 1), (1, 1), (3, 0.5)], style: .steps)])
    ]
    return contents
  }

  @Test("hostile names reach neither the page's markup nor gnuplot's commands, and every picture is drawn")
  func hostile() throws {
    let folder = try ReportTests.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = try Report(Self.contents()).page(plots: folder)
    let rest = text.replacing(/<img [^>]*>/, with: "<img>")
    #expect(!rest.contains("<i>") && rest.contains("&lt;i&gt;&#39;x&#39;"))
    #expect(text.components(separatedBy: "<img src=\"data:image/png").count - 1 == 5)
    #expect(!text.contains("Picture missing"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/sgm-hostile"))
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".gp") {
      let script = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      // Everything that was given stands between single quotes: outside there is no part of it.
      let outside = script.split(separator: "'", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 0 }.map(\.element).joined()
      #expect(!outside.contains("date") && !outside.contains("system") && !outside.contains("HOME"), "\(name)")
    }
  }

  @Test("figures without values, points or spread are drawn too", arguments: [true, false])
  func degenerate(pixels: Bool) throws {
    let folder = try ReportTests.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var gnuplot = Gnuplot()
    gnuplot.pixels = pixels
    let bars: [[Spread?]] = [[], [nil], [Spread(mean: 0)], [Spread(mean: -1, deviation: 3)], [Spread(mean: .nan)]]
    let panels: [[SIMD2<Float>]] = [[], [SIMD2(1, 1)], [SIMD2(.nan, .infinity)], [SIMD2(1e30, 0), SIMD2(-1e30, 0)]]
    let plots =
      bars.enumerated().map { Self.errorBars($1).plot(name: "sweep-\($0)") }
      + panels.enumerated().flatMap { i, points in
        PointPanels(
          title: "", note: "", hasCommonFrame: true, colours: [], panels: [.init(caption: "", sets: [points])]
        ).plots(name: "panels-\(i)")
          + CloudPair(names: [], data: points.map { SIMD3($0, 0) }, samples: []).plots(name: "cloud-\(i)")
      }
    for plot in plots {
      guard case .missing(let reason) = try gnuplot.draw(plot, in: folder) else { continue }
      let log = try String(contentsOf: folder.appendingPathComponent("\(plot.name).log"), encoding: .utf8)
      Issue.record("\(plot.name): \(reason): \(log)")
    }
  }

  @Test("a density integrates to 1, on equal and on logarithmic bins", arguments: [true, false])
  func density(isLogarithmic: Bool) {
    let values = (1...1000).map { Double($0) * 0.01 }
    let bins = Bins(values, isLogarithmic: isLogarithmic)
    #expect(bins.isLogarithmic == isLogarithmic)
    let points = bins.density(of: values)
    let ratio = points[1].x / points[0].x
    let mass = points.reduce(0) { sum, point in
      // Edges lie at the geometric or arithmetic middle between bins.
      let width = isLogarithmic ? point.x * (ratio.squareRoot() - 1 / ratio.squareRoot()) : points[1].x - points[0].x
      return sum + point.y * width
    }
    // Empty bins stand at half a value of a thousand each.
    #expect(abs(mass - 1) < 0.02)
    #expect(!Bins([-1, 1], isLogarithmic: true).isLogarithmic, "a norm of 0 has no logarithm")
    #expect(Bins([], isLogarithmic: false).density(of: []).allSatisfy { $0.y.isFinite })
  }
}
