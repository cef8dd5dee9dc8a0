internal import CMachine
internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Sampling
internal import Targets
internal import Training

/// A run's network as a posterior: draws of the data columns θ given conditions x, for calibration.
struct NetworkPosterior {
  let experiment: Experiment
  /// The averaged parameters, `[1, layout count]`.
  let parameters: MatrixBox
  let data: DataSet.Description
  /// The ranks of all pairs, once they are known.
  let kept = KeptRows()

  /// The network that a run's own samples are drawn from.
  static func newest(
    in folder: RunFolder, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> NetworkPosterior {
    let step = try Checkpoint.newestHeader(in: folder, communicator).header.sampledStep
    let checkpoint = try Checkpoint.newest(in: folder, step: step, communicator)
    return NetworkPosterior(
      experiment: experiment, parameters: MatrixBox(checkpoint.state.average.head(1)), data: checkpoint.header.data)
  }

  /// The parameters' names.
  var names: [String] { (0..<data.dimension).map { data.columnNames?[$0] ?? "x\($0 + 1)" } }

  /// Pairs of θ and x, and what each θ's distance from is measured.
  private struct Pairs: ~Copyable {
    let theta, conditions, points: Matrix
  }

  /// Refuses data without conditions.
  static func check(_ metric: Metric, conditions: Int) throws(ToolError) {
    guard conditions == 0 else { return }
    throw .usage("the metric \(metric.rawValue) needs a run with data.conditions: it judges posteriors given these")
  }

  /// The ranks of every pair's θ among draws given its x, the same on every rank, `[pairs, dimension + 2]`.
  ///
  /// - Parameters:
  ///   - truth: gives pairs that the network was not trained on, and pairs that it was.
  ///   - metric: what needs them, for messages.
  ///   - communicator: the ranks, which share the pairs.
  /// - Returns: the rows of `PosteriorRanks.all`.
  /// - Throws: `ToolError` for a run without conditions or a draw that is not finite, the same on every rank.
  func ranks(_ truth: Truth, for metric: Metric, _ communicator: Communicator) throws -> MatrixBox {
    if let ranks = kept.rows { return ranks }
    let options = experiment.evaluation
    let (draws, width) = (options.calibrationDraws, data.dimension + 2)
    let network = NetworkScore(model: experiment.model(of: data), parameters: parameters.value.head(1))
    let (rows, trained, source) = try communicator.agree { () throws -> (MatrixBox, MatrixBox, SampleSource) in
      try Self.check(metric, conditions: data.conditions)
      let rows = try truth.unseenRows(
        options.calibrationPairs, for: metric, less: data.wholeOrigin, seed: experiment.seed)
      return (
        MatrixBox(rows), MatrixBox(try truth.trainedRows(Self.mostPoints, less: data.wholeOrigin)),
        try experiment.source(process: network.process, dimension: data.dimension)
      )
    }
    let pairs = self.pairs(rows.value, trained.value)
    // Each chunk of 256 draws holds whole pairs, so that a pair's ranks depend on its number alone.
    let each = max(1, Generator.rows / draws)
    let chunks = communicator.share(of: (rows.value.rows + each - 1) / each)
    var score = network
    var samples = Matrix(rows: Generator.rows, columns: data.dimension)
    var given = Matrix(rows: Generator.rows, columns: data.conditions)
    var own: [Double] = []
    try communicator.agree {
      for chunk in chunks {
        guard sgm_stop_signal() == 0 else { throw ToolError.stopped("stopped while posteriors were judged") }
        let numbers = chunk * each..<min((chunk + 1) * each, rows.value.rows)
        for r in 0..<given.rows {
          given.copyRow(r, from: pairs.conditions, min(numbers.lowerBound + r / draws, numbers.upperBound - 1))
        }
        network.setConditions(given, firstIndex: 0)
        source.generate(chunk: chunk, score: &score, into: &samples)
        for (i, number) in numbers.enumerated() {
          own += try ranks(number, pairs, samples, rows: i * draws..<(i + 1) * draws)
        }
      }
    }
    let all = try communicator.allGather(own)
    var table = Matrix(rows: rows.value.rows, columns: width)
    for r in 0..<table.rows { for k in 0..<width { table[r, k] = Float(all[r * width + k]) } }
    let found = MatrixBox(table)
    kept.rows = found
    return found
  }

  /// The most rows trained on among which the nearest x is sought.
  private static let mostPoints = 10_000

  private func pairs(_ rows: borrowing Matrix, _ trained: borrowing Matrix) -> Pairs {
    let theta = data.trainedData(rows)
    let known = data.trainedData(trained)
    var points = Matrix(rows: rows.rows, columns: data.dimension)
    let conditions = data.trainedConditions(rows)
    let others = data.trainedConditions(trained)
    for r in 0..<rows.rows { points.copyRow(r, from: known, nearest(conditions, r, among: others)) }
    return Pairs(theta: theta, conditions: conditions, points: points)
  }

  private func nearest(_ rows: borrowing Matrix, _ row: Int, among others: borrowing Matrix) -> Int {
    var (best, least) = (0, Float.infinity)
    let own = rows.row(row)
    for i in 0..<others.rows {
      let other = others.row(i)
      var square: Float = 0
      for k in own.indices {
        let away = own[k] - other[k]
        square.addProduct(away, away)
      }
      if square < least { (best, least) = (i, square) }
    }
    return best
  }

  private func ranks(
    _ number: Int, _ pairs: borrowing Pairs, _ samples: borrowing Matrix, rows: Range<Int>
  ) throws(ToolError) -> [Double] {
    let d = data.dimension
    for r in rows {
      for j in 0..<d where !samples[r, j].isFinite {
        throw .data(
          Place("calibration"),
          "a draw given the conditions of row \(number) is not finite; take more sampling.steps, or train longer")
      }
    }
    var uniforms = RandomStream(seed: experiment.seed, purpose: .metric, step: 1 << 33).row(UInt64(number))
    return PosteriorRanks(
      of: (0..<d).map { Double(pairs.theta[number, $0]) }, among: samples, rows: rows,
      point: (0..<d).map { Double(pairs.points[number, $0]) }, &uniforms
    ).all
  }
}

extension Calibration {
  /// The ranks that a run keeps, in the order of the pairs.
  init(_ rows: borrowing Matrix, names: [String]) {
    var ranks: [[Double]] = []
    for r in 0..<rows.rows { ranks.append((0..<rows.columns).map { Double(rows[r, $0]) }) }
    self.init(ranks, names: names)
  }
}

extension Metric {
  /// Whether it judges the run's network as a posterior.
  var judgesPosterior: Bool {
    switch self {
    case .simulationCalibration, .coverage, .randomPoints: true
    default: false
    }
  }
}

extension Judging {
  /// How often true rows lie where the posterior says that they do.
  func calibration(_ metric: Metric, _ order: Calibration.Order, _ truth: Truth) throws -> Verdict {
    let posterior = try communicator.agree { () throws -> NetworkPosterior in
      guard let posterior = self.posterior else {
        throw ToolError.usage("the metric \(metric.rawValue) needs a run: it judges the run's network")
      }
      return posterior
    }
    let calibration = Calibration(
      try posterior.ranks(truth, for: metric, communicator).value, names: posterior.names)
    return Verdict(judgements: calibration.judgements(order), notes: calibration.notes(order))
  }
}
