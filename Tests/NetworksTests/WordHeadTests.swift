import Foundation
import LinearAlgebra
import Networks
import Testing

@Suite struct WordHeadTests {
  /// The shares of a column of five words, one of them rare, and of a column of 0 and 1.
  private static let shares = [0.5, 0.3, 0.15, 0.0499, 0.0001, 0.02]

  private static let architecture = NetworkArchitecture(
    inputs: 7, outputs: 7, widths: [8],
    words: WordColumns(
      blocks: [1..<6, 6..<7], centre: [0] + [Float](repeating: 0.5, count: 6),
      scale: [1] + [Float](repeating: 0.5, count: 6),
      logPrior: [0] + shares.prefix(5).map { Float(log($0)) } + [Float(log(0.02 / 0.98))]),
    embedding: TimeEmbedding(kind: .sinusoidal, features: 4))

  /// E[x_0|y] of an untrained network, in columns of −1 and 1, from y = (number, five words, yes or no).
  private func mean(_ y: [Double], sigma: Double) -> (found: [Double], logs: [Double]) {
    let architecture = Self.architecture
    let pass = NetworkPass(
      architecture: architecture, frequencies: architecture.embedding.frequencies(seed: 1), rows: 1, use: .inference)
    let parameters = architecture.initialParameters(seed: 1)
    pass.setLevel(Float(log(sigma)))
    pass.setSignal(1 / (sigma * sigma))
    let norm = (1 + sigma * sigma).squareRoot()
    let x = y.map { Float($0 / norm) }
    for k in 0..<7 { unsafe pass.state(set: 0, row: 0)[k] = x[k] }
    unsafe pass.forward(parameters.pointer)
    return (
      (0..<7).map { unsafe (Double(x[$0]) + sigma * Double(pass.output(set: 0, row: 0)[$0])) / norm },
      (1..<7).map { unsafe Double(pass.logWords(set: 0, row: 0)[$0]) }
    )
  }

  @Test(
    "an untrained network has the posterior mean of independent columns",
    arguments: [0.002, 0.05, 0.4, 1, 3, 40, 150])
  func independent(sigma: Double) {
    // Noisy observations of the third word, and of a 1; at σ = 0.4 and above other words are as near.
    let noise = [0.3, -0.8, 1.1, 0.4, -0.2, 0.9, -0.5]
    let y = zip([0.7, -1, -1, 1, -1, -1, 1], noise).map { $0 + sigma * $1 }
    func weight(_ share: Double, _ e: [Double], _ columns: Range<Int>) -> Double {
      log(share) - zip(columns, e).reduce(0) { $0 + pow(y[$1.0] - $1.1, 2) } / (2 * sigma * sigma)
    }
    func shares(_ logs: [Double]) -> [Double] {
      let most = logs.max() ?? 0
      let all = logs.map { exp($0 - most) }
      return all.map { $0 / all.reduce(0, +) }
    }
    let words = shares((0..<5).map { k in weight(Self.shares[k], (0..<5).map { $0 == k ? 1 : -1 }, 1..<6) })
    let yes = shares([weight(0.02, [1], 6..<7), weight(0.98, [-1], 6..<7)])[0]
    let (found, logs) = mean(y, sigma: sigma)
    // What the Gaussian's preconditioning makes of F = 0.
    #expect(abs(found[0] - y[0] / (1 + sigma * sigma)) < 1e-6 * (1 + abs(y[0])))
    for (k, p) in (words + [yes]).enumerated() {
      // The mean is read from x + σF, in Float of size |x| + 1: a few units in the last place.
      #expect(abs(found[k + 1] - (2 * p - 1)) < 1e-6 * (1 + abs(y[k + 1])), "column \(k + 1)")
      let single = k == 5 ? 1 / (1 + exp(-logs[k])) : exp(logs[k])
      // Evidence of size |y|/σ² is rounded, and moves a share by so much where that share is neither 0 nor 1.
      #expect(abs(single - p) < 2e-6, "share \(k)")
    }
    #expect(abs(logs.prefix(5).reduce(0) { $0 + exp($1) } - 1) < 1e-6)
  }

  @Test("the word of a row is that of its largest column, and of a single column 0 where it is 1")
  func word() {
    let words = WordColumns(
      blocks: [0..<3, 4..<5], centre: [0.2, 0.5, 0.5, 0, 0.5], scale: [2, 0.5, 0.5, 1, 0.5],
      logPrior: [0, 0, 0, 0, 0])
    // 0 and 1 in column 0 lie at −0.1 and 0.4: the number counts, not the trained coordinate.
    let rows: [[Float]] = [[0.4, -1, -1, 9, 1], [-0.1, 1, -1, 9, -1], [-0.1, -1, 1, 9, 1]]
    #expect(rows.map { unsafe words.word(of: 0, in: $0) } == [0, 1, 2])
    #expect(rows.map { unsafe words.word(of: 1, in: $0) } == [0, 1, 0])
    #expect(words.others(of: 7) == [3..<4, 5..<7])
    #expect(WordColumns(blocks: [], centre: [0], scale: [1], logPrior: [0]).others(of: 2) == [0..<2])
  }
}
