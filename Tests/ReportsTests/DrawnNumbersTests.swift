import Foundation
import Metrics
import Testing

@testable import Files
@testable import Reports

/// What a picture or a card shows is what it was given: numbers computed by hand.
@Suite struct DrawnNumbersTests {
  private func command(_ plot: Plot, _ begin: String) -> String { plot.commands.first { $0.hasPrefix(begin) } ?? "" }

  @Test("a histogram counts each value in its own bin, and an empty bin stands at half a value")
  func bins() {
    // Bins of width 1 from 0 to 40; five values.
    let values = [0, 0.5, 1.5, 3.25, 40]
    let points = Bins(values, isLogarithmic: false).density(of: values)
    #expect(points.count == 40 && points[0].x == 0.5 && points[39].x == 39.5)
    for (place, height) in [(0, 2.0), (1, 1), (2, 0.5), (3, 1), (4, 0.5), (38, 0.5), (39, 1)] {
      #expect(points[place].y == height / 5, "bin \(place)")
    }
    // A bin of a logarithmic axis from 1 to e⁴: e^0.1 − 1 wide, its middle at e^0.05; of two values one is in it.
    let grown = Bins([1, exp(4)], isLogarithmic: true).density(of: [1, exp(4)])
    #expect(abs(grown[0].x - exp(0.05)) < 1e-14 && abs(grown[0].y - 0.5 / (exp(0.1) - 1)) < 1e-12)  // rounding
  }

  @Test("error bars are one deviation long, and the axis holds them and the lines")
  func errorBars() {
    func panel(_ values: [Spread?], _ lines: [(name: String, value: Double)] = []) -> Plot {
      ErrorBarPanel(
        title: "", note: "", x: "", y: "", places: values.map { _ in "" }, series: [.init(name: "", values: values)],
        lines: lines
      ).plot(name: "p")
    }
    let plot = panel([Spread(mean: 1, deviation: 0.25), nil, Spread(mean: 2, deviation: 0.5)])
    #expect(plot.blocks == [[[0, 1, 0.25], [2, 2, 0.5]]])
    // 2 + 0.5, and a little room; a line above all bars needs more.
    #expect(command(plot, "set yrange") == "set yrange [0.0:\(2.5 * 1.08)]")
    let lined = panel([Spread(mean: 1, deviation: 0.25)], [("floor", 4)])
    #expect(command(lined, "set yrange") == "set yrange [0.0:\(4 * 1.08)]")
    #expect(command(lined, "plot").contains("4.0 with lines"))
  }

  @Test("data and samples keep their colours, coordinates and frame")
  func scatter() {
    let plots = ScatterPair(x: "a", y: "b", data: [SIMD2(1, 5), SIMD2(2, 7)], samples: [SIMD2(3, 6)]).plots(name: "s")
    #expect(plots[0].blocks == [[[1, 5], [2, 7]]] && plots[1].blocks == [[[3, 6]]])
    #expect(command(plots[0], "plot").contains(Plot.colour(2)) && command(plots[1], "plot").contains(Plot.colour(0)))
    #expect(command(plots[0], "set xrange") == command(plots[1], "set xrange"))
    let cloud = CloudPair(names: ["up", "x", "y"], data: [SIMD3(1, 2, 3), SIMD3(1.5, 2.5, 3.5)], samples: [])
    #expect(cloud.plots(name: "c")[0].blocks == [[[1, 2, 3], [1.5, 2.5, 3.5]]])
    // Sets far apart: a frame of their own is the first's, a common one holds both.
    let sets = [[SIMD2<Float>(0, 0), SIMD2(1, 1)], [SIMD2(100, 100), SIMD2(101, 101)]]
    func ranges(isCommon: Bool) -> [String] {
      PointPanels(
        title: "", note: "", hasCommonFrame: isCommon, colours: [],
        panels: sets.map { .init(caption: "", sets: [$0]) }
      ).plots(name: "p").map { command($0, "set xrange") }
    }
    #expect(Set(ranges(isCommon: true)).count == 1 && Set(ranges(isCommon: false)).count == 2)
  }

  @Test("a curve on a logarithmic axis leaves out what has no logarithm, and nothing else")
  func curve() {
    let points: [(x: Double, y: Double)] = [(0, 1), (1, -1), (2, 0), (3, 4), (4, .nan)]
    func drawn(_ isLogarithmic: Bool) -> [[Double]] {
      CurvePanel(title: "", x: "", y: "", logarithmic: isLogarithmic, series: [.init(name: "", points: points)])
        .plot(name: "c").blocks[0]
    }
    #expect(drawn(true) == [[0, 1], [3, 4]] && drawn(false) == [[0, 1], [1, -1], [2, 0], [3, 4]])
    let plot = Plot(
      name: "p", description: "", width: 1, height: 1, commands: [], blocks: [[[1, .nan]], [[.infinity, 2]]])
    #expect(plot.data == "1.0 NaN\n\n\nNaN 2.0\n")
  }

  @Test("images are drawn row by row from the top, in the data's grey values")
  func images() throws {
    let pair = try #require(ImagePair(data: [[1, 2, 3, 4], [5, 6, 7, 8]], samples: [[-100, 0, 0, 100]]))
    let plots = pair.plots(name: "i")
    // Two pixels and a gap for each image.
    #expect(plots[0].blocks[0][0].prefix(2) == [1, 2] && plots[0].blocks[0][1].prefix(2) == [3, 4])
    #expect(plots[0].blocks[0][0][2].isNaN && plots[0].blocks[0][0][3...4] == [5, 6])
    for plot in plots {
      #expect(plot.commands.contains("set cbrange [1.0:8.0]") && plot.commands.contains("set yrange [] reverse"))
    }
  }

  @Test("a card says how far a figure is from floor and Gaussian, and its bands are one deviation each way")
  func cards() {
    func card(_ value: Double, floor: Spread? = Spread(mean: 1, deviation: 0.25)) -> String {
      Judgement(
        name: "<d>", value: Spread(mean: value, deviation: 0.5), floor: floor, baseline: Spread(mean: 5, deviation: 1)
      ).html
    }
    #expect(card(4).contains("<em>75&nbsp;% of the way from floor to Gaussian</em>"))
    // One deviation of the floor is a sixteenth of the way.
    #expect(card(1.2).contains("<em>as good as true samples</em>") && card(1.3).contains("<em>8&nbsp;% of the way"))
    #expect(card(2, floor: nil).contains("<em>3.00 below the Gaussian</em>"))
    #expect(card(6, floor: nil).contains("<em>no better than a Gaussian</em>"))
    #expect(card(4).contains("&lt;d&gt;") && !card(4).contains("<d>"))
    // The largest end, 5 + 1, stands at 94 %: the value's band goes from 3.5 to 4.5.
    #expect(card(4).contains("<i class=\"band value\" style=\"left:54.83%;width:15.67%\"></i>"), "\(card(4))")
  }

  @Test("kinds of work are shares of their sum")
  func shares() {
    let html = ReportTimings(stepsPerSecond: 2, gigaflops: 1, shares: [("compute", 30), ("exchange", 10)]).html
    #expect(html.contains("30.0&nbsp;s, 75.0&nbsp;%") && html.contains("10.0&nbsp;s, 25.0&nbsp;%"), "\(html)")
    #expect(html.contains("<dt>seconds</dt><dd>40.0</dd>") && html.contains("width:25.0%"))
  }

  @Test("columns of a table are as wide as their widest cell; an experiment that is cut says so")
  func texts() throws {
    let table = TextTable(title: "", header: ["a", "b"], rows: [["long", "1"], ["x", "<2>"]])
    #expect(table.plain == "a     b\nlong  1\nx     <2>\n")
    #expect(table.body.contains("<td>&lt;2&gt;</td>"))
    let folder = try ReportTests.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    func page(_ count: Int) throws -> String {
      let contents = ReportContents(title: "t", experiment: String(repeating: "x", count: count))
      return try Report(contents, gnuplot: Gnuplot(path: "/nowhere")).page(plots: folder)
    }
    let isCut = try page(Report.mostExperimentCharacters + 1).contains("… (cut)")
    let isWhole = try !page(Report.mostExperimentCharacters).contains("… (cut)")
    #expect(isCut && isWhole)
  }
}
