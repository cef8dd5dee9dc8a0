internal import Communication
internal import Diffusion
internal import Glibc
internal import LinearAlgebra
internal import Metrics
internal import Sampling
internal import Targets
internal import Training

/// A run's network as a density of rows in original units.
///
/// ```
/// NLL(x) = −log p((x − mean)/scale) + Σ_j ln scale_j
/// ```
struct NetworkLikelihood {
  let model: ScoreModel
  /// The averaged parameters, `[1, layout count]`.
  let parameters: SampleBox
  let data: DataSet.Description
  let section: Experiment.EvaluationSection
  let firstTime: Double
  let seed: UInt64
  /// Where every row's values go.
  let file: String

  /// The newest network of a run.
  static func newest(
    in folder: RunFolder, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> NetworkLikelihood {
    let checkpoint = try Checkpoint.newest(in: folder, communicator)
    let data = checkpoint.header.data
    return NetworkLikelihood(
      model: experiment.model(dimension: data.dimension), parameters: SampleBox(checkpoint.state.average.head(1)),
      data: data, section: experiment.evaluation, firstTime: experiment.training.minimumTime, seed: experiment.seed,
      file: folder.likelihood)
  }

  /// Whether values differ from draw to draw.
  private var isRandom: Bool { model.process.blocks > 1 || model.dimension > FlowLikelihood.exactDimension }

  /// What the mean over rows is called: with velocities it is an upper bound.
  var name: String { model.process.blocks > 1 ? "NLL, upper bound" : "NLL" }

  /// Refuses what has no density, or none that is computed here.
  func check() throws {
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
  /// Chunks of 256 rows and draws go to ranks whole.
  ///
  /// - Parameters:
  ///   - rows: `[rows, dimension]` in original units.
  ///   - communicator: the ranks, all with the same rows.
  /// - Returns: one mean and error for each row.
  /// - Throws: an error of MPI.
  func values(of rows: borrowing Matrix, _ communicator: Communicator) throws -> [Spread] {
    let chunks = (rows.rows + FlowLikelihood.rows - 1) / FlowLikelihood.rows
    let draws = isRandom ? section.likelihoodDraws : 1
    let (rank, size) = (communicator.rank, communicator.size)
    let own = rank * chunks * draws / size..<(rank + 1) * chunks * draws / size
    let part = own.isEmpty ? [] : chunkValues(own, draws: draws, rows)
    let all = try communicator.allGather(part)
    return (0..<rows.rows).map { row in
      let (chunk, r) = row.quotientAndRemainder(dividingBy: FlowLikelihood.rows)
      let spread = Spread(of: (0..<draws).map { all[(chunk * draws + $0) * FlowLikelihood.rows + r] })
      return Spread(mean: spread.mean, deviation: spread.deviation / Double(draws).squareRoot())
    }
  }

  /// The values of some tasks, one after another; task chunk · draws + draw is a draw of a chunk.
  private func chunkValues(_ tasks: Range<Int>, draws: Int, _ rows: borrowing Matrix) -> [Double] {
    var score = NetworkScore(model: model, parameters: parameters.value.head(1))
    var flow = FlowLikelihood(
      process: model.process, dimension: model.dimension, firstTime: firstTime, steps: section.likelihoodSteps,
      seed: seed)
    let logScales = data.standardisation.scale.reduce(0) { $0 + log($1) }
    var chunkRows = Matrix(rows: FlowLikelihood.rows, columns: model.dimension)
    return tasks.flatMap { task in
      let (chunk, draw) = task.quotientAndRemainder(dividingBy: draws)
      let first = chunk * FlowLikelihood.rows
      // A chunk always has 256 rows: the last one stands in for those that are missing.
      for r in 0..<FlowLikelihood.rows { chunkRows.copyRow(r, from: rows, min(first + r, rows.rows - 1)) }
      data.standardisation.apply(to: &chunkRows)
      return flow.logDensities(chunkRows, firstIndex: UInt64(first), draw: draw, score: &score)
        .map { logScales - $0 }
    }
  }
}

extension Judging {
  /// The mean NLL of held-out rows, beside that of the Gaussian fit and, where it is known, of the law itself.
  ///
  /// The same rows are behind all three, and errors are standard errors of means over rows. Every row's values are
  /// written to a file, in the rows' order.
  func likelihood(_ truth: borrowing Truth, _ gaussian: GaussianFit) throws -> [Judgement] {
    guard let network else {
      throw ExperimentError.usage("the metric nll needs a run: it is the likelihood of the run's network")
    }
    let (rows, known) = try communicator.agree { () throws -> (SampleBox, [Double]?) in
      try network.check()
      let rows = SampleBox(try truth.unseenRows(min(section.count, section.pairCount), seed: seed))
      return (rows, truth.logDensities(of: rows.value)?.map { -$0 })
    }
    let values = try network.values(of: rows.value, communicator)
    let fitted = gaussian.logDensities(of: rows.value).map { -$0 }
    try communicator.agree {
      if let row = values.firstIndex(where: { !$0.mean.isFinite }) {
        throw ExperimentError.data(
          Place(network.file),
          "the NLL of held-out row \(row) is not finite; take more evaluation.likelihood_steps, or a later "
            + "training.minimum_time")
      }
      guard communicator.isRoot else { return }
      var table = Matrix(rows: values.count, columns: 4)
      for r in values.indices {
        let columns = [values[r].mean, values[r].deviation, fitted[r], known?[r] ?? .nan]
        for (k, value) in columns.enumerated() { table[r, k] = Float(value) }
      }
      try ArrayFileWriter.write(table, to: network.file)
    }
    return [
      Judgement(
        name: network.name, value: standardError(values.map(\.mean)),
        floor: known.map(standardError) ?? Spread(mean: .nan), baseline: standardError(fitted), repeats: 1,
        count: values.count, unit: Judgement.likelihoodUnit)
    ]
  }
}

extension Judgement {
  /// The unit of negative log-likelihoods, which unlike distances have no zero.
  static let likelihoodUnit = "nats a row"
}

/// A mean and its standard error.
private func standardError(_ values: [Double]) -> Spread {
  let spread = Spread(of: values)
  return Spread(mean: spread.mean, deviation: spread.deviation / Double(values.count).squareRoot())
}
