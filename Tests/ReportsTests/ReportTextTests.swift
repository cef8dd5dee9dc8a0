import Metrics
import Testing

@testable import Files
@testable import Reports

@Suite struct ReportTextTests {
  @Test("marked-up and control characters are escaped")
  func escaping() {
    let text = escapedHTML("<a href=\"x\">'&'\u{0}\u{7F}\n")
    #expect(text == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\u{FFFD}\u{FFFD}\n")
    #expect(escapedHTML("é 数 🎲") == "é 数 🎲")
  }

  @Test(
    "a figure says where it stands",
    arguments: [
      (0.05, "as good as true samples"), (0.15, "50&nbsp;% of the way from floor to Gaussian"),
      (0.25, "no better than a Gaussian"), (3, "no better than a Gaussian"),
    ])
  func verdicts(value: Double, words: String) {
    let figure = Judgement(
      name: "d", value: Spread(mean: value), floor: Spread(mean: 0.05, deviation: 0.001),
      baseline: Spread(mean: 0.25, deviation: 0.001))
    #expect(figure.html.contains("<em>\(words)</em>"))
    #expect(figure.html.contains("class=\"bar\""))
  }

  @Test(
    "where floor and Gaussian are alike, a figure far above both is said to be worse",
    arguments: [
      (0.11, "floor and Gaussian cannot be told apart"), (0.73, "worse than true samples and a Gaussian"),
    ])
  func worse(value: Double, words: String) {
    let figure = Judgement(
      name: "d", value: Spread(mean: value, deviation: 0.02), floor: Spread(mean: 0.105, deviation: 0.011),
      baseline: Spread(mean: 0.113, deviation: 0.019))
    #expect(figure.html.contains("<em>\(words)</em>"))
  }

  @Test("a figure without floor or baseline, or without a number, has no bar")
  func noBar() {
    #expect(!Judgement(name: "p", value: Spread(mean: 0.3)).html.contains("class=\"bar\""))
    let broken = Judgement(
      name: "p", value: Spread(mean: .nan), floor: Spread(mean: 1), baseline: Spread(mean: 2))
    #expect(!broken.html.contains("class=\"bar\"") && broken.html.contains("not a number"))
  }

  @Test("images need one square number of pixels in all rows")
  func images() {
    #expect(ImagePair(data: [[1, 2, 3, 4]], samples: [[0, 0, 0, 0]])?.side == 2)
    #expect(ImagePair(data: [[1, 2, 3]], samples: []) == nil)
    #expect(ImagePair(data: [[1, 2, 3, 4]], samples: [[1]]) == nil)
    #expect(ImagePair(data: [], samples: []) == nil)
  }

  @Test("the frame holds the data's bulk, and counts what lies outside")
  func frame() {
    let data = (0...1000).map { SIMD2(Float($0), Float(3)) } + [SIMD2(1e9, 3), SIMD2(.nan, 3)]
    let pair = ScatterPair(x: "a", y: "b", data: data, samples: [])
    #expect(pair.frame.low.x < 2 && pair.frame.high.x < 1200)
    #expect(pair.frame.low.y == 2 && pair.frame.high.y == 4, "a constant coordinate has a frame too")
    #expect(pair.outside(data) == 2)
  }
}
