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
/// NLL(x) = −log p((y − mean)/scale) + Σ_j ln scale_j − Σ_j ln |dy_j/dx_j|,   y_j = x_j unless its kind bends it
/// ```
/// With conditions it is −log q(θ|x) of the data columns θ given the conditions x. Columns of levels are dequantised in each
/// draw: the mean over draws is then an upper bound of −log P of the levels, whose cells have width 1. The bound of a chain needs
/// no such noise where levels are close: its last step gives each level a mass. For discrete states it is the variational bound of
/// −log P, by `StateBound`.
struct NetworkLikelihood {
  /// The model of a process of real numbers; nil for discrete states.
  package let model: ScoreModel?
  /// The model of discrete states; nil for a process of real numbers.
  let states: StateModel?
  /// The averaged parameters, `[1, layout count]`.
  package let parameters: MatrixBox
  package let data: DataSet.Description
  package let section: JudgingOptions
  let firstTime: Double
  /// The reverse chain whose bound is taken in place of the flow's density.
  private var chain: (states: ReverseChain, variance: ReverseVariance)?
  private let chainSteps: Int
  private let reverseVariance: ReverseVariance
  package let seed: UInt64
  /// Where every row's values are to go.
  package let file: String
  /// Every row's values, once they are known.
  package let kept = KeptRows()

  /// The density that parameters give under an experiment.
  package init(
    _ experiment: Experiment, _ parameters: MatrixBox, _ data: DataSet.Description, file: String
  ) {
    states = experiment.stateModel(dimension: data.dimension)
    model = states == nil ? experiment.model(of: data) : nil
    (self.parameters, self.data, self.file) = (parameters, data, file)
    (section, firstTime, seed) = (experiment.evaluation, experiment.firstTrainedTime, experiment.seed)
    (chainSteps, reverseVariance) = (experiment.process.chainSteps, experiment.sampling.reverseVariance)
  }

  /// The same network with the bound of its reverse chain.
  var ofChain: NetworkLikelihood {
    var changed = self
    // Discrete states have one bound, that of their chain.
    changed.chain = model.map { (ReverseChain($0.process, steps: chainSteps), reverseVariance) }
    return changed
  }

  /// The newest network of a run.
  package static func newest(
    in folder: RunFolder, _ experiment: Experiment, _ communicator: Communicator
  ) throws -> NetworkLikelihood {
    let checkpoint = try Checkpoint.newest(in: folder, communicator)
    return NetworkLikelihood(
      experiment, MatrixBox(checkpoint.state.average.head(1)), checkpoint.header.data, file: folder.likelihood)
  }

  /// The width of a level's cell in deviations of x_1's noise above which the chain's bound takes dequantised rows and a density: √(2πe).
  ///
  /// The network has learned a density that is flat in a cell of width w. Rows at the centres then cost ln(w/(σ√(2πe))) more than
  /// dequantised ones, as −ln w + ln σ√(2πe) is what a flat cell and the noise of x_1 differ by in entropy.
  private static let widestCell = 4.13

  /// Whether values differ from draw to draw.
  private var isRandom: Bool { isBound || data.dimension > FlowLikelihood.exactDimension }

  /// How often a row's value is computed.
  var draws: Int { isRandom ? section.likelihoodDraws : 1 }

  /// How many dequantised rows stand for a row: one for each draw; 1 where there are no levels.
  var copies: Int { isDequantised ? draws : 1 }

  /// Whether rows hold levels, and probabilities are what is bounded.
  private var isDequantised: Bool { data.dequantisation != nil }

  /// Whether what is computed is an upper bound: velocities, the states of a chain, latents and the noise of levels are
  /// averaged outside the logarithm.
  private var isBound: Bool {
    chain != nil || isDequantised || model.map { $0.process.blocks > 1 || $0.autoencoder != nil } ?? true
  }

  /// The mean NLL of rows; where all columns hold levels, in bits per dimension as well: NLL / (d ln 2).
  func judgements(
    _ value: Spread, floor: Spread? = nil, baseline: Spread? = nil, count: Int, rowsOfSamples: Int? = nil
  ) -> [Judgement] {
    func judgement(_ name: String, _ unit: String, per divisor: Double) -> Judgement {
      func scaled(_ spread: Spread) -> Spread {
        Spread(mean: spread.mean / divisor, deviation: spread.deviation / divisor)
      }
      return Judgement(
        name: name + (chain != nil ? ", upper bound of the chain" : isBound ? ", upper bound" : ""),
        value: scaled(value), floor: floor.map(scaled),
        baseline: baseline.map(scaled), repeats: 1, count: count, unit: unit, rowsOfSamples: rowsOfSamples)
    }
    let nats = judgement("NLL", Judgement.likelihoodUnit, per: 1)
    guard data.kinds.prefix(data.dimension).allSatisfy({ $0.levels != nil }), isDequantised else { return [nats] }
    return [nats, judgement("bits per dimension", "bits", per: Double(data.dimension) * log(2))]
  }

  /// The metric, for messages.
  private var metric: Metric { chain == nil ? .likelihood : .chainBound }

  /// Refuses what has no density, or none that is computed here.
  package func check() throws(ToolError) {
    try Self.check(metric, model?.process.noise, kinds: data.kinds.prefix(data.dimension), data.columnNames)
    let constant = data.constantColumns.prefix(data.dimension).indices.first {
      data.constantColumns[$0] && data.kind($0).levels == nil
    }
    guard model != nil, let constant else { return }
    throw .usage(
      "the metric \(metric.rawValue) needs data whose columns all vary: column \(constant) (counted from 0) is constant, "
        + "and rows have no density")
  }

  /// What of that is known before rows are read; `noise` is nil for discrete states, which have probabilities.
  static func check(
    _ metric: Metric, _ noise: NoiseLaw?, kinds: ArraySlice<ColumnKind>, _ names: [String]?
  ) throws(ToolError) {
    guard let noise else { return }
    guard noise == .gaussian else {
      throw .usage(
        "the metric \(metric.rawValue) needs Gaussian noise: process.base gaussian in place of student-t")
    }
    guard let column = kinds.firstIndex(of: .integer) else { return }
    throw .usage(
      "the metric \(metric.rawValue) needs data with a density: column \(columnTitle(column, names)) is of whole numbers in "
        + "data.columns")
  }

  /// NLL of every row and its standard error over draws, in nats, the same on every rank.
  ///
  /// - Parameters:
  ///   - rows: `[rows, dimension + conditions]` in original units less the data's whole origin.
  ///   - communicator: the ranks, all with the same rows.
  /// - Returns: one mean and error for each row; nan for a row that does not settle.
  /// - Throws: an error of MPI.
  package func values(of rows: borrowing Matrix, _ communicator: Communicator) throws -> [Spread] {
    try values(of: rows, clouds: clouds(of: rows), communicator)
  }

  /// `copies` rows for each row, which differ by the noise of levels.
  func clouds(of rows: borrowing Matrix) -> Matrix { data.dequantised(rows, draws: copies, seed: seed) }

  /// This rank's part of all draws of all rows.
  func tasks(of rows: borrowing Matrix, _ communicator: Communicator) -> [SettledLikelihood.Task] {
    communicator.share(of: rows.rows * draws).map { SettledLikelihood.Task(row: $0 / draws, draw: $0 % draws) }
  }

  /// The same, of rows whose `clouds(of:)` are known.
  func values(
    of rows: borrowing Matrix, clouds: borrowing Matrix, _ communicator: Communicator
  ) throws -> [Spread] {
    guard let model else { return try bounds(of: rows, communicator) }
    if model.autoencoder != nil { return try latentBounds(of: rows, clouds: clouds, model, communicator) }
    let conditions = data.trainedConditions(rows)
    let cells = chain.map { data.levels(within: Self.widestCell * $0.states.firstNoise) } ?? []
    var trained = data.trainedData(clouds)
    let hasCells = cells.contains { $0 != nil }
    let densities = hasCells ? nil : dequantise(rows, into: &trained)
    let tasks = self.tasks(of: rows, communicator)
    if chain != nil {
      let whole = data.trainedData(rows)
      for k in cells.indices where cells[k] != nil {
        for r in 0..<trained.rows { trained[r, k] = whole[r / copies, k] }
      }
    }
    let own = communicator.threads.mapRanges(of: tasks.count, block: FlowLikelihood.rows) { _, part in
      logDensities(Array(tasks[part]), of: trained, given: conditions, model, cells: cells)
    }
    let all = try communicator.allGather(
      zip(tasks, own).map { task, value in
        -value + (densities?[task.place(copies: copies)] ?? 0) - data.logJacobian(rows, task.row, cells: cells)
      })
    return (0..<rows.rows).map { row in
      return Spread(errorOf: Array(all[row * draws..<(row + 1) * draws]))
    }
  }
}

extension NetworkLikelihood {
  /// The log-density of some tasks, or its bound by the chain, in trained coordinates, by a network of the thread's own.
  private func logDensities(
    _ tasks: [SettledLikelihood.Task], of trained: borrowing Matrix, given conditions: borrowing Matrix,
    _ model: ScoreModel, cells: [ChainBound.Levels?]
  ) -> [Double] {
    let network = NetworkScore(model: model, parameters: parameters.value.head(1))
    var score = network
    var given = Matrix(rows: FlowLikelihood.rows, columns: model.conditions)
    func prepare(_ numbers: [Int]) {
      guard model.conditions > 0 else { return }
      for (r, number) in numbers.enumerated() { given.copyRow(r, from: conditions, number) }
      network.setConditions(given, firstIndex: 0)
    }
    guard let chain else {
      return SettledLikelihood(
        process: model.process, dimension: model.dimension, firstTime: firstTime, steps: section.likelihoodSteps,
        seed: seed
      ).logDensities(tasks, of: trained, copies: copies, score: &score, prepare: prepare)
    }
    var bound = ChainBound(
      chain.states, dimension: model.dimension, variance: chain.variance, levels: cells, seed: seed)
    return bound.values(tasks, of: trained, copies: copies, score: &score, prepare: prepare).map { -$0 }
  }
}

/// Rows that come of a judgement and are to be written after it.
final class KeptRows {
  package var rows: MatrixBox?
}
