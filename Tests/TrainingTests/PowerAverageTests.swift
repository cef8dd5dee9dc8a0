import Foundation
import Testing

@testable import Training

@Suite struct PowerAverageTests {
  @Test("exponents are those that Karras et al. give for their lengths")
  func exponents() {
    // Section 3.1 of arXiv 2312.02696: 6.94 for 10 % and 16.97 for 5 %.
    #expect(abs(PowerAverage(length: 0.1).exponent - 6.94) < 0.005)
    #expect(abs(PowerAverage(length: 0.05).exponent - 16.97) < 0.005)
  }

  /// The average of values θ_1 … θ_t by the recursion.
  private func average(_ length: Double, steps: Int, _ theta: (Double) -> Double) -> Double {
    let power = PowerAverage(length: length)
    return (1...steps).reduce(0.0) { $0 + Double(power.rate(at: $1)) * (theta(Double($1)) - $0) }
  }

  @Test("the recursion has the weight's mean and standard deviation over the steps", arguments: [0.02, 0.05, 0.1, 0.2])
  func moments(length: Double) {
    let steps = 20_000
    let t = Double(steps)
    let gamma = PowerAverage(length: length).exponent
    let mean = average(length, steps: steps) { $0 / t }
    let square = average(length, steps: steps) { $0 * $0 / (t * t) }
    // Sums over 20,000 steps stand for integrals, with rates rounded to Float: 1e-4 of values of size 1.
    #expect(abs(mean - (gamma + 1) / (gamma + 2)) < 2e-4)
    #expect(abs((square - mean * mean).squareRoot() - length) < 0.02 * length)
  }

  @Test("a length that is kept is its own average, and weights add up to 1")
  func kept() {
    let known = [0.05, 0.1, 0.2]
    for (k, length) in known.enumerated() {
      let (weights, error) = PowerAverage.weights(of: length, from: known)
      for i in known.indices { #expect(abs(weights[i] - (i == k ? 1 : 0)) < 1e-8) }  // a system of condition 1e3
      #expect(error < 1e-6)
    }
    let between = PowerAverage.weights(of: 0.07, from: known).weights
    #expect(abs(between.reduce(0, +) - 1) < 1e-12)
  }

  @Test("an average put together is near the one that training would have kept")
  func combined() {
    let steps = 5_000
    let theta = { (x: Double) in sin(3 * x / Double(steps)) + exp(-x / 800) }
    let (weights, error) = PowerAverage.weights(of: 0.07, from: [0.05, 0.1])
    let direct = average(0.07, steps: steps, theta)
    let parts = [0.05, 0.1].map { average($0, steps: steps, theta) }
    let together = zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(error < 0.15)
    // Beside the difference of the two kept ones, of which two weights cannot take away all.
    #expect(abs(together - direct) < 0.25 * abs(parts[0] - parts[1]))
    #expect(abs(parts[0] - direct) > 0.2 * abs(parts[0] - parts[1]))
  }
}
