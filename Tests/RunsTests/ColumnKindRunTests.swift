import Communication
import LinearAlgebra
import Networks
import Randomness
import RealFunctions
import Targets
import TestSupport
import Testing
import Training

@testable import Configuration
@testable import Files
@testable import Metrics
@testable import Runs

@Suite struct ColumnKindRunTests {
  private static let box = ColumnKind.bounded(low: -3, high: 5)

  private static func description(isDouble: Bool = false) -> DataSet.Description {
    DataSet.Description(
      dimension: 3, conditions: 1, rows: 10, columnNames: ["a", "b", "c", "x"], kinds: [box, .positive, .number, box],
      isDouble: isDouble, standardisation: Standardisation(mean: [0.2, 1, 100, 0.1], scale: [1.5, 0.4, 10, 0.9]),
      constantColumns: [false, false, false, false], fingerprint: "")
  }

  @Test(
    "samples in original units are trained coordinates again, and never leave their kind", arguments: [false, true])
  func samples(isDouble: Bool) {
    let data = Self.description(isDouble: isDouble)
    let trained = normals(500, 3, seed: 3, scale: 2)
    let restored = data.restored(trained, count: 500)
    var single = trained.head(.max)
    data.restore(&single)
    for r in 0..<500 {
      for j in 0..<3 {
        #expect(data.kind(j).contains(restored[r, j]) && data.kind(j).contains(Double(single[r, j])))
        // Single precision's 6e-8 of a width of 8 and the steep ends of the map.
        #expect(abs(Double(single[r, j]) - restored[r, j]) <= 1e-5 * max(1, abs(restored[r, j])))
        guard abs(trained[r, j]) < 2 else { continue }
        #expect(abs(data.trained(restored[r, j], j) - Double(trained[r, j])) < 1e-6)
      }
    }
  }

  @Test("an untrained network's NLL of bounded and positive columns has the maps' derivatives")
  func likelihood() throws {
    let experiment = try Experiment(
      yaml: "data: {file: a.csv, conditions: [x]}\nnetwork: {widths: [8]}\nprocess: {kind: variance-preserving}\n",
      file: "a.yaml")
    let data = Self.description()
    let model = experiment.model(dimension: 3)
    let network = NetworkLikelihood(
      experiment, MatrixBox(Matrix(rows: 1, columns: ParameterLayout(model.network).count)), data, file: "")
    let count = 200
    var rows = Matrix(rows: count, columns: 4)
    var expected: [Double] = []
    for r in 0..<count {
      var variates = RandomStream(seed: 8, purpose: .benchmark).row(UInt64(r))
      var value = 0.0
      for j in 0..<4 {
        let z = variates.nextNormal()
        rows[r, j] = data.kind(j).outerSingle(data.standardisation.mean[j] + data.standardisation.scale[j] * z)
        guard j < 3 else { continue }
        let (x, scale) = (Double(rows[r, j]), data.standardisation.scale[j])
        // Densities by hand: of Φ⁻¹ the Gaussian's over 8 φ(y), of the logarithm 1/x.
        let y = j == 0 ? normalQuantile((x + 3) / 8) : j == 1 ? log(x) : x
        let slope = j == 0 ? 1 / (8 * exp(-0.5 * y * y) / (2 * Double.pi).squareRoot()) : j == 1 ? 1 / x : 1
        let u = (y - data.standardisation.mean[j]) / scale
        value += 0.5 * u * u + 0.5 * log(2 * Double.pi) + log(scale) - log(slope)
      }
      expected.append(value)
    }
    let values = try network.values(of: rows, .single)
    // The blur of the first time, as in LikelihoodTests; errors of single rows grow with their distance from the mean.
    for r in 0..<count { #expect(abs(values[r].mean - expected[r]) < 2e-2, "\(values[r].mean) for \(expected[r])") }
    let bias = zip(values, expected).reduce(0.0) { $0 + $1.0.mean - $1.1 } / Double(count)
    #expect(abs(bias) < 3e-3, "\(bias)")
  }

  @Test("an untrained network's NLL of levels is the mean over their noise of a Gaussian's, and a bound")
  func levels() throws {
    let experiment = try Experiment(
      yaml: "data: {file: a.csv, levels: 8}\nnetwork: {widths: [8]}\nprocess: {kind: variance-preserving}\n"
        + "evaluation: {likelihood_draws: 400}\n",
      file: "a.yaml")
    let (mean, scale) = (3.2, 1.7)
    let data = DataSet.Description(
      dimension: 1, rows: 10, kinds: [.levels(count: 8)],
      standardisation: Standardisation(mean: [mean], scale: [scale]),
      constantColumns: [false], fingerprint: "")
    let model = experiment.model(dimension: 1)
    let network = NetworkLikelihood(
      experiment, MatrixBox(Matrix(rows: 1, columns: ParameterLayout(model.network).count)), data, file: "")
    var rows = Matrix(rows: 8, columns: 1)
    for x in 0..<8 { rows[x, 0] = Float(x) }
    let values = try network.values(of: rows, .single)
    for x in 0..<8 {
      // ∫ −ln N(y) dy over the cell, y = x + U − ½: the square's mean is that of its centre + 1/12.
      let centre = (Double(x) - mean) / scale
      let square = centre * centre + 1 / (12 * scale * scale)
      let expected = 0.5 * square + 0.5 * log(2 * Double.pi) + log(scale)
      // Four standard errors of the mean over draws, and the blur of the first time.
      #expect(abs(values[x].mean - expected) < 4 * values[x].deviation + 3e-3, "\(values[x]) for \(expected)")
      let (low, high) = (centre - 0.5 / scale, centre + 0.5 / scale)
      let probability = normalProbability(high) - normalProbability(low)
      #expect(expected > -log(probability))
      #expect(values[x].mean > -log(probability) - 4 * values[x].deviation - 3e-3)
    }
    let judgements = network.judgements(Spread(mean: 2, deviation: 0.5), baseline: Spread(mean: 3), count: 8)
    #expect(judgements.map(\.name) == ["NLL, upper bound", "bits per dimension, upper bound"])
    #expect(judgements[1].value.mean == 2 / log(2) && judgements[1].baseline?.mean == 3 / log(2))
  }

  @Test("an untrained network's NLL of levels with noise of a learned law has the law's density in it")
  func learnedNoise() throws {
    let experiment = try Experiment(
      yaml: "data: {file: a.csv, levels: 8}\nnetwork: {widths: [8]}\nprocess: {kind: variance-preserving}\n"
        + "training: {dequantisation: variational, dequantiser_widths: [8]}\nevaluation: {likelihood_draws: 400}\n",
      file: "a.yaml")
    let (mean, scale) = (3.2, 1.7)
    let data = DataSet.Description(
      dimension: 1, rows: 10, kinds: [.levels(count: 8)],
      standardisation: Standardisation(mean: [mean], scale: [scale]), constantColumns: [false], fingerprint: "")
    // A dequantiser whose parameters are all 0 but the last biases: u = S(μ + σe) for every row.
    let layout = experiment.model(dimension: 1).layout
    let bias = try #require(layout.entries.last { $0.name.hasPrefix("dequantiser.") })
    var parameters = Matrix(rows: 1, columns: layout.count)
    let (centre, logDeviation) = (0.7, -0.9)
    // ln σ = 5 tanh(ℓ/5).
    let share = logDeviation / 5
    (parameters[0, bias.offset], parameters[0, bias.offset + 1]) = (
      Float(centre), Float(2.5 * log((1 + share) / (1 - share)))
    )
    let network = NetworkLikelihood(experiment, MatrixBox(parameters), data, file: "")
    var rows = Matrix(rows: 8, columns: 1)
    for x in 0..<8 { rows[x, 0] = Float(x) }
    let values = try network.values(of: rows, .single)
    for x in 0..<8 {
      // Midpoints of v; ln q(u) = ln(dv/du), v = S((logit u − μ)/σ).
      let (count, sigma) = (100_000, exp(logDeviation))
      let expected =
        (0..<count).reduce(0.0) { sum, i in
          let v = (Double(i) + 0.5) / Double(count)
          let u = 1 / (1 + exp(-centre - sigma * log(v / (1 - v))))
          let y = (Double(x) + u - 0.5 - mean) / scale
          return sum + 0.5 * y * y + 0.5 * log(2 * Double.pi) + log(scale) + log(v * (1 - v) / (sigma * u * (1 - u)))
        } / Double(count)
      // Four standard errors of the mean over draws, and the blur of the first time.
      #expect(abs(values[x].mean - expected) < 4 * values[x].deviation + 3e-3, "\(values[x]) for \(expected)")
    }
  }

  @Test("a row outside of its box is refused by row, column and kind")
  func refusals() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("a,b\n0.5,1\n1.5,2\n", to: folder.path + "/t.csv")
    let source = try openRows(folder.path + "/t.csv")
    func text(_ kinds: [ColumnKind]) -> String { errorText { try KindedRows(source, kinds).forEachBlock { _, _ in } } }
    #expect(
      text([.bounded(low: 0, high: 1), .number]).contains(
        "row 1 (from 0) holds 1.5 in column a, which data.columns calls bounded [0.0, 1.0]"))
    #expect(text([.integer, .number]).contains("row 0 (from 0) holds 0.5 in column a"))
    #expect(text([.positive, .bounded(low: 1, high: 2)]) == "no error was thrown")
    #expect(try source.kinds([("b", .positive)], rest: [.number, .number], order: [0, 1]) == [.number, .positive])
    #expect(try source.kinds([("1", .positive)], rest: [.number, .number], order: [1, 0]) == [.positive, .number])
    #expect(try source.kinds([("a", .number)], rest: [.number, .number], order: [0, 1]).isEmpty)
    #expect(
      errorText { _ = try source.kinds([("z", .positive)], rest: [.number, .number], order: [0, 1]) }.contains(
        "\"z\" is no column of the data; its columns are a, b"))
    #expect(
      errorText {
        _ = try source.kinds([("b", .positive), ("1", .integer)], rest: [.number, .number], order: [0, 1])
      }.contains("twice"))
  }

  @Test("data.columns is read, written and read again, and set on the command line")
  func experiment() throws {
    let text = "data:\n  file: a.csv\n  columns:\n    theta: bounded [-3, 3]\n    2: positive\n"
    let file = try Experiment(yaml: text, file: "a.yaml")
    #expect(file.data.columns.entries.map(\.name) == ["theta", "2"])
    #expect(file.data.columns.entries.map(\.item) == [.values(.bounded(low: -3, high: 3)), .values(.positive)])
    #expect(try Experiment(yaml: file.yaml, file: "b.yaml") == file)
    let set = try Experiment(
      yaml: "data: {file: a.csv}", file: "a.yaml", settings: ["data.columns=theta: bounded [-3, 3]; 2: positive"])
    #expect(set.data.columns == file.data.columns)
    #expect(!(try Experiment(yaml: "data: {file: a.csv}", file: "a.yaml").yaml.contains("columns")))
    func refusal(_ kinds: String) -> String {
      errorText { _ = try Experiment(yaml: "data: {file: a.csv, columns: \(kinds)}", file: "a.yaml") }
    }
    #expect(refusal("{a: bound}").contains("\"a\" must be number, integer, indicator, levels K"))
    #expect(refusal("{a: \"bounded [3, -3]\"}").contains("or ignored, found \"bounded [3, -3]\""))
    #expect(refusal("positive").contains("columns and their kinds"))
    #expect(refusal("[a, b]").contains("columns and their kinds"))
  }
}
