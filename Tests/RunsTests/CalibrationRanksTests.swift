import Communication
import LinearAlgebra
import Networks
import Randomness
import Reports
import Sampling
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Metrics
@testable import Runs

@Suite struct CalibrationRanksTests {
  /// A network of random numbers, whose draws depend on x.
  private static func posterior() throws -> (NetworkPosterior, Experiment) {
    let experiment = try Experiment(
      yaml: """
        data: {target: two-moons-simulator, count: 400, columns: {0: "bounded [-1, 1]", 1: "bounded [-1, 1]"}}
        network: {widths: [16]}
        sampling: {steps: 4}
        evaluation: {calibration_pairs: 20, calibration_draws: 64}
        """, file: "a.yaml")
    let data = try DataSource(experiment, base: "").load(.single).description
    let model = experiment.model(dimension: 2)
    var parameters = Matrix(rows: 1, columns: ParameterLayout(model.network).count)
    RandomStream(seed: 3, purpose: .benchmark).fillNormals(&parameters, firstIndex: 0)
    return (NetworkPosterior(experiment: experiment, parameters: MatrixBox(parameters), data: data), experiment)
  }

  @Test("a pair's ranks are of its own θ among draws given its own x, on any number of ranks", arguments: [1, 3])
  func ranks(ranks: Int) throws {
    let (posterior, experiment) = try Self.posterior()
    let data = posterior.data
    let found = try onRanks(ranks) { communicator in
      let (own, _) = try Self.posterior()
      let source = try DataSource(experiment, base: "")
      let truth = try Truth(source, less: [0, 0], judged: 20)
      return array(try own.ranks(truth, for: .coverage, communicator).value)
    }
    for other in found { #expect(other == found[0]) }
    #expect(found[0].count == 20 * 4)
    // By hand: chunk 3 holds pairs 12 … 15, 64 draws each.
    let truth = try Truth(try DataSource(experiment, base: ""), less: [0, 0], judged: 20)
    let pairs = try truth.unseenRows(20, for: .coverage, less: [0, 0, 0, 0], seed: experiment.seed)
    let network = NetworkScore(model: experiment.model(dimension: 2), parameters: posterior.parameters.value.head(1))
    var given = Matrix(rows: 256, columns: 2)
    for r in 0..<256 {
      for k in 0..<2 { given[r, k] = Float(data.trained(Double(pairs[12 + r / 64, 2 + k]), 2 + k)) }
    }
    network.setConditions(given, firstIndex: 0)
    var score = network
    var samples = Matrix(rows: 256, columns: 2)
    try experiment.source(process: network.process, dimension: 2).generate(chunk: 3, score: &score, into: &samples)
    for pair in 12..<16 {
      for j in 0..<2 {
        let truth = data.trained(Double(pairs[pair, j]), j)
        let below = (0..<64).count { Double(samples[(pair - 12) * 64 + $0, j]) < truth }
        // Without ties u lies in the (below + 1)-th of 65 parts.
        let u = Double(found[0][pair * 4 + j])
        #expect(u >= Double(below) / 65 - 1e-6 && u <= Double(below + 1) / 65 + 1e-6, "\(u), \(below) of 64")
      }
    }
  }

  @Test("the figures that a run keeps are read back as those of calibration")
  func names() throws {
    let calibration = Calibration([[0.1, 0.2, 0.3, 0.4], [0.6, 0.7, 0.8, 0.9]], names: ["a", "b"])
    let figures = [Calibration.Order.parameters, .regions, .balls].flatMap { calibration.judgements($0) }
    #expect(figures.count == 9 && figures.allSatisfy { Calibration.isFigure($0.name) })
    #expect(!Calibration.isFigure("sliced W2") && !Calibration.isFigure("NLL"))
    #expect(figures[3].value.mean == 0.5 && figures[3].floor?.mean == 0.5 && figures[4].value.mean == 1)
    #expect(calibration.curves.count == 2 && calibration.curves[0].series.count == 4)
  }
}
