import Communication
import Foundation
import LinearAlgebra
import Metrics
import Networks
import Randomness
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Reports
@testable import Runs

@Suite struct LikelihoodTests {
  private static func network(
    _ settings: [String] = [], constantColumns: [Bool] = [false, false], parameter: Float = 0
  ) throws -> NetworkLikelihood {
    let experiment = try Experiment(
      yaml: "data: {target: gaussian, dimension: 2}\nnetwork: {widths: [8]}\n", file: "a.yaml", settings: settings)
    let (model, conditions) = (experiment.model(dimension: 2), experiment.conditionCount)
    let data = DataSet.Description(
      dimension: 2, conditions: conditions, rows: 10, columnNames: nil,
      standardisation: Standardisation(
        mean: [1, -2] + [5, 6].prefix(conditions), scale: [0.1, 3] + [7, 8].prefix(conditions)),
      constantColumns: constantColumns + [Bool](repeating: false, count: conditions), fingerprint: "")
    var parameters = Matrix(rows: 1, columns: ParameterLayout(model.network).count)
    for k in 0..<parameters.columns { parameters[0, k] = parameter }
    return NetworkLikelihood(experiment, MatrixBox(parameters), data, file: "")
  }

  @Test(
    "an untrained network's NLL is that of the Gaussian of the data's moments, in the data's units",
    arguments: [
      ["process.kind=variance-preserving"], ["process.kind=critically-damped-langevin"],
      // Off critical damping the signal-to-noise ratio stands still on its way; 97 % of the rows had no value.
      [
        "process.kind=third-order-langevin", "process.coupling=2", "process.friction=3.5", "process.beta=12",
        "evaluation.likelihood_steps=2000",
      ],
    ])
  func untrained(settings: [String]) throws {
    let network = try Self.network(settings)
    var rows = Matrix(rows: 300, columns: 2)
    RandomStream(seed: 1, purpose: .benchmark).fillNormals(&rows, firstIndex: 0)
    Standardisation(mean: [1, -2], scale: [0.1, 3]).invert(&rows)
    let values = try network.values(of: rows, .single)
    let errors = values.indices.map { r in
      let (x, y) = ((Double(rows[r, 0]) - 1) / 0.1, (Double(rows[r, 1]) + 2) / 3)
      return values[r].mean - 0.5 * (x * x + y * y) - log(0.1 * 3) - log(2 * Double.pi)
    }
    // The blur at the first time is 4e-6 of the variance; the prior's lack of data and the draws of velocities err by
    // more in single rows.
    #expect(abs(errors.reduce(0, +) / 300) < 1e-2, "\(errors.reduce(0, +) / 300)")
    #expect(values.count == 300)
    #expect(values.allSatisfy { $0.mean.isFinite && (settings[0].hasSuffix("preserving") == ($0.deviation == 0)) })
  }

  @Test("the scales of conditions have no part in an NLL")
  func scalesOfConditions() throws {
    let network = try Self.network(["data.target=two-moons-simulator"])
    var rows = Matrix(rows: 3, columns: 4)
    for r in 0..<3 { for j in 0..<4 { rows[r, j] = [1, -2, 9, 40][j] } }
    // θ at its mean, under the Gaussian of scales 0.1 and 3, whatever x is.
    for value in try network.values(of: rows, .single) {
      #expect(abs(value.mean - log(0.1 * 3) - log(2 * Double.pi)) < 1e-2, "\(value.mean)")
    }
  }

  @Test("what has no density is refused, with what is needed in its place")
  func refusals() throws {
    func text(_ network: NetworkLikelihood) -> String { errorText { try network.check() } }
    #expect(text(try Self.network()) == "no error was thrown")
    #expect(text(try Self.network(["data.target=two-moons-simulator"])) == "no error was thrown")
    #expect(text(try Self.network(constantColumns: [false, true])).contains("column 1 (counted from 0) is constant"))
    let studentT = ["process.kind=annealed", "process.base=student-t", "network.output=score"]
    #expect(text(try Self.network(studentT)).contains("process.base gaussian in place of student-t"))
    let whole = Truth(rows: Matrix(rows: 4, columns: 2))
    #expect(
      errorText { _ = try whole.unseenRows(2, for: .likelihood, less: [0, 0], seed: 1) }.contains("set data.held_out"))
  }

  @Test("a likelihood that hardly any row has is left out, and the other metrics stay")
  func leftOut() throws {
    func verdicts(_ metrics: String) throws -> [Judging.Verdict] {
      let experiment = try Experiment(
        yaml: "data: {target: gaussian, dimension: 2}", file: "a.yaml",
        settings: ["evaluation.metrics=\(metrics)", "evaluation.count=50", "evaluation.repeats=2"])
      var judging = Judging(communicator: .single, section: experiment.evaluation, seed: 1)
      judging.network = try Self.network(parameter: .nan)
      let truth = try Truth(target: try #require(try experiment.target()), experiment)
      return try judging.judge(Matrix(rows: 50, columns: 2), against: truth)
    }
    #expect(try verdicts("nll,energy").map(\.judgements.count) == [1])
    #expect(
      errorText { _ = try verdicts("nll") }.contains("nll still changes at the most steps tried for nearly every row"))
  }
}
