import Communication
import LinearAlgebra
import Metrics
import Targets
import TestSupport
import Testing

@testable import Configuration
@testable import Runs

/// Which rows are compared, and in which units.
@Suite struct JudgingTests {
  /// Judgements of 60 rows against a Gaussian, whose second column is `scale` times as wide as the first, as the rows' is.
  private func judgements(scale: Double, _ settings: String...) throws -> [Judgement] {
    let experiment = try Experiment(
      yaml: "data: {target: gaussian, dimension: 2}", file: "a.yaml",
      settings: ["evaluation.count=40", "evaluation.repeats=2"] + settings)
    let target = GaussianMixture(mean: [0, 0], variance: [1, scale * scale])
    var samples = normals(60, 2, seed: 4)
    for r in 0..<60 { (samples[r, 0], samples[r, 1]) = (samples[r, 0] + 1, samples[r, 1] * Float(scale)) }
    let judging = Judging(communicator: .single, section: experiment.evaluation, seed: 1)
    return try judging.judge(samples, against: Truth(target: target, experiment)).flatMap(\.judgements)
  }

  @Test("distances of pairs take pair_count rows, others count, and both tell how many of how many") func counts()
    throws
  {
    let found = try judgements(scale: 1, "evaluation.metrics=gaussian,w2,energy", "evaluation.pair_count=12")
    // W2 and KL of Gaussians, exact W2, energy.
    #expect(found.map(\.count) == [40, 40, 12, 12], "\(found.map(\.name))")
    #expect(found.allSatisfy { $0.rowsOfSamples == 60 && $0.repeats == 2 })
  }

  @Test(
    "in standard deviations a column's unit does not matter; in units of the data it does",
    arguments: ["w2", "sliced-w2"])
  func units(metric: String) throws {
    func values(_ units: String, scale: Double) throws -> [Double] {
      try judgements(scale: scale, "evaluation.metrics=\(metric)", "evaluation.units=\(units)").flatMap {
        [$0.value.mean, $0.floor?.mean ?? 0, $0.baseline?.mean ?? 0]
      }
    }
    let (one, other) = (try values("standardised", scale: 1), try values("standardised", scale: 1024))
    for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-5 * a, "\(one), \(other)") }  // single precision
    let raw = (try values("data", scale: 1), try values("data", scale: 1024))
    // A thousandfold column is most of every distance: 1,024 times as much but for what the other one had, 1 in ten or so.
    for (a, b) in zip(raw.0, raw.1) { #expect(b > 50 * a, "\(raw)") }
  }
}
