import Randomness
import TestSupport
import Testing

@testable import Targets

@Suite struct PriorLawTests {
  @Test("a law is read back from its words", arguments: ["uniform [-1.0, 2.5]", "normal [0.0, 0.1]"])
  func words(words: String) { #expect(PriorLaw(words)?.words == words) }

  @Test(
    "other words are no law",
    arguments: ["uniform [1, 1]", "uniform [2, 1]", "normal [0, 0]", "normal [0, nan]", "uniform [0]", "gamma [1, 1]"])
  func refused(words: String) { #expect(PriorLaw(words) == nil) }

  @Test("draws have the law: Kolmogorov's distance of 20,000 draws is one that the law exceeds once in 100,000 times")
  func draws() throws {
    func distance(_ words: String, _ distribution: (Double) -> Double) throws -> Double {
      let law = try #require(PriorLaw(words))
      let stream = RandomStream(seed: 5, purpose: .prior)
      return kolmogorovSmirnov(
        (0..<20_000).map { i in
          var variates = stream.row(UInt64(i))
          return law.draw(&variates)
        }, distribution)
    }
    #expect(try distance("uniform [-1, 3]") { ($0 + 1) / 4 } < kolmogorovSmirnovBound)
    #expect(try distance("normal [2, 0.5]") { normalDistribution($0, 2, 0.25) } < kolmogorovSmirnovBound)
  }

  @Test("a uniform parameter is bounded, a normal one any number") func kinds() {
    #expect(PriorLaw("uniform [-1, 3]")?.kind == .bounded(low: -1, high: 3))
    #expect(PriorLaw("normal [-1, 3]")?.kind == .number)
  }
}
