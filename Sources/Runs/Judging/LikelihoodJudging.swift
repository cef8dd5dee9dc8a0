internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import RealFunctions
internal import Reports
internal import Sampling
internal import Targets
internal import Training

/// A run's network as a density of rows in original units.
///
/// ```
/// NLL(x) = −log p((x − mean)/scale) + Σ_j ln scale_j
/// ```
struct NetworkLikelihood {
  package let model: ScoreModel
  /// The averaged parameters, `[1, layout count]`.
  package let parameters: MatrixBox
  package let data: DataSet.Description
  package let section: JudgingOptions
  let firstTime: Double
  package let seed: UInt64
  /// Where every row's values are to go.
  package let file: String
  /// Every row's values, once they are known.
  package let kept = KeptRows()

  /// The newest network of a run.
  package static func newest(
    in folder: RunFolder, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> NetworkLikelihood {
    let checkpoint = try Checkpoint.newest(in: folder, communicator)
    let data = checkpoint.header.data
    return NetworkLikelihood(
      model: experiment.model(dimension: data.dimension), parameters: MatrixBox(checkpoint.state.average.head(1)),
      data: data, section: experiment.evaluation, firstTime: experiment.firstTrainedTime, seed: experiment.seed,
      file: folder.likelihood)
  }

  /// Whether values differ from draw to draw.
  private var isRandom: Bool { model.process.blocks > 1 || model.dimension > FlowLikelihood.exactDimension }

  /// What the mean over rows is called: with velocities it is an upper bound.
  package var name: String { model.process.blocks > 1 ? "NLL, upper bound" : "NLL" }

  /// Refuses what has no density, or none that is computed here.
  package func check() throws {
    guard model.conditions == 0 else {
      throw ExperimentError.usage(
        "the metric nll needs a run without data.conditions: it knows densities of whole rows")
    }
    guard model.process.noise == .gaussian else {
      throw ExperimentError.usage("the metric nll needs Gaussian noise: process.base gaussian in place of student-t")
    }
    if let column = data.constantColumns.firstIndex(of: true) {
      throw ExperimentError.usage(
        "the metric nll needs data whose columns all vary: column \(column) (counted from 0) is constant, "
          + "and rows have no density")
    }
  }

  /// NLL of every row and its standard error over draws, in nats, the same on every rank.
  ///
  /// - Parameters:
  ///   - rows: `[rows, dimension]` in original units less the data's origin.
  ///   - communicator: the ranks, all with the same rows.
  /// - Returns: one mean and error for each row; nan for a row that does not settle.
  /// - Throws: an error of MPI.
  package func values(of rows: borrowing Matrix, _ communicator: Communicator) throws -> [Spread] {
    let draws = isRandom ? section.likelihoodDraws : 1
    var trained = rows.head(rows.rows)
    data.mapFromOrigin.apply(to: &trained)
    let own = Array(communicator.share(of: rows.rows * draws))
    let all = try communicator.allGather(settledValues(own, draws: draws, trained))
    return (0..<rows.rows).map { row in
      return Spread(errorOf: Array(all[row * draws..<(row + 1) * draws]))
    }
  }

  /// The values of some tasks, row · draws + draw, each with as many steps as it needs.
  ///
  /// Steps are doubled for those that change by more than 0.01 nats: what is left is a fifteenth of that. Few do, where
  /// the score is steep between modes; there too few steps let the state run away. Those that have not settled after
  /// the last doubling are nan.
  private func settledValues(_ tasks: [Int], draws: Int, _ rows: borrowing Matrix) -> [Double] {
    var steps = (section.likelihoodSteps + 1) / 2
    var values = self.values(tasks, draws: draws, rows, steps: steps)
    var open = Array(tasks.indices)
    for _ in 0...Self.mostDoublings where !open.isEmpty {
      steps *= 2
      let finer = self.values(open.map { tasks[$0] }, draws: draws, rows, steps: steps)
      let moved = zip(open, finer).filter { !(abs($1 - values[$0]) <= 0.01) }.map(\.0)
      for (place, value) in zip(open, finer) { values[place] = value }
      open = moved
    }
    for place in open { values[place] = .nan }
    return values
  }

  private static let mostDoublings = 4

  /// The values of some tasks with a number of steps, 256 at a time.
  private func values(_ tasks: [Int], draws: Int, _ rows: borrowing Matrix, steps: Int) -> [Double] {
    guard !tasks.isEmpty else { return [] }
    var score = NetworkScore(model: model, parameters: parameters.value.head(1))
    var flow = FlowLikelihood(
      process: model.process, dimension: model.dimension, firstTime: firstTime, steps: steps, seed: seed)
    let logScales = data.standardisation.scale.reduce(0) { $0 + log($1) }
    var chunk = Matrix(rows: FlowLikelihood.rows, columns: model.dimension)
    var values: [Double] = []
    for first in stride(from: 0, to: tasks.count, by: FlowLikelihood.rows) {
      // A chunk always has 256 rows: the last task stands in for those that are missing.
      let taken = (0..<FlowLikelihood.rows).map { tasks[min(first + $0, tasks.count - 1)] }
      for (r, task) in taken.enumerated() { chunk.copyRow(r, from: rows, task / draws) }
      let keys = taken.map { FlowLikelihood.Key(index: $0 / draws, draw: $0 % draws) }
      let found = flow.logDensities(chunk, keys: keys, score: &score)
      values += found.prefix(tasks.count - first).map { logScales - $0 }
    }
    return values
  }
}

extension Judging {
  /// The mean NLL of held-out rows, beside that of the Gaussian fit and, where it is known, of the law itself.
  ///
  /// The same rows are behind all three, and errors are standard errors of means over rows. Every row's values are
  /// kept, in the rows' order.
  package func likelihood(_ truth: Truth, _ gaussian: GaussianFit?) throws -> [Judgement] {
    let (network, rows, known) = try communicator.agree { () throws -> (NetworkLikelihood, MatrixBox, [Double]?) in
      guard let network = self.network else {
        throw ExperimentError.usage("the metric nll needs a run: it is the likelihood of the run's network")
      }
      try network.check()
      let rows = MatrixBox(try truth.unseenRows(min(section.count, section.pairCount), seed: seed))
      return (network, rows, truth.logDensities(of: rows.value)?.map { -$0 })
    }
    let values = try network.values(of: rows.value, communicator)
    let fitted = gaussian?.logDensities(of: rows.value).map { -$0 }
    var table = Matrix(rows: values.count, columns: 4)
    for r in values.indices {
      let columns = [values[r].mean, values[r].deviation, fitted?[r] ?? .nan, known?[r] ?? .nan]
      for (k, value) in columns.enumerated() { table[r, k] = Float(value) }
    }
    network.kept.rows = MatrixBox(table)
    let settled = values.indices.filter { values[$0].mean.isFinite }
    try communicator.agree {
      guard settled.count < 2 else { return }
      throw ExperimentError.data(
        Place(network.file),
        "the NLL of rows not trained on still changes at the most steps tried; take more evaluation.likelihood_steps")
    }
    let judgement = Judgement(
      name: network.name, value: Spread(errorOf: settled.map { values[$0].mean }),
      floor: known.map { all in Spread(errorOf: settled.map { all[$0] }) },
      baseline: fitted.map { all in Spread(errorOf: settled.map { all[$0] }) }, repeats: 1, count: settled.count,
      unit: Judgement.likelihoodUnit)
    guard settled.count < values.count else { return [judgement] }
    let share = 1 - Double(settled.count) / Double(values.count)
    return [
      judgement,
      Judgement(
        name: "rows without an NLL", value: Spread(mean: share), floor: Spread(mean: 0), baseline: Spread(mean: 0),
        repeats: 1, count: values.count, unit: "share"),
    ]
  }
}

/// Rows that come of a judgement and are to be written after it.
final class KeptRows {
  package var rows: MatrixBox?
}
