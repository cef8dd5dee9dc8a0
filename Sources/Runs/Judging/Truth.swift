internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
internal import Targets

/// What samples are judged against.
///
/// Of data that a run has learned from, only the rows that are compared are held: the Gaussian fit and the nearest rows
/// go through the rest block by block.
final class Truth {
  package let samples: any TrueSamples
  /// The law, where it is built in.
  let target: (any Target)?
  /// The data that a network has learned from; nil for a target or file alone.
  let source: DataSource?
  /// What is taken from each column of rows before they are rounded to single precision.
  let origin: [Double]
  /// Rows to fit a Gaussian to where there is no source.
  let fitted: MatrixBox?
  private var looked: MatrixBox?
  /// The classes of `fitted`, where they are known.
  var classes: [Int]?
  /// The columns' names, where they have any.
  var columnNames: [String]?
  /// What columns of rows are divided by, where distances are not in units of the data.
  let scales: [Double]?

  private init(
    _ samples: any TrueSamples, target: (any Target)? = nil, source: DataSource? = nil, origin: [Double] = [],
    fitted: MatrixBox? = nil, scales: [Double]? = nil
  ) {
    self.scales = scales
    (self.samples, self.target, self.source, self.origin, self.fitted) = (samples, target, source, origin, fitted)
  }

  /// Fresh draws of a target.
  ///
  /// - Parameters:
  ///   - target: the law.
  ///   - experiment: the seed, and how many rows are judged.
  ///   - source: the draws that a network has learned from.
  /// - Throws: `ToolError` where the rows are beyond the machine's memory.
  package convenience init(target: any Target, _ experiment: Experiment, source: DataSource? = nil) throws {
    let count = max(experiment.evaluation.count, 2)
    try MemoryNeed.Part(rows: count, columns: target.dimension, from: "evaluation.count").check()
    var rows = Matrix(rows: count, columns: target.dimension)
    target.drawData(RandomStream(seed: experiment.seed, purpose: .bootstrap), firstIndex: 0, into: &rows)
    let samples = DrawnSamples(dimension: target.dimension) { stream, rows in
      target.drawData(stream, firstIndex: 0, into: &rows)
    }
    self.init(
      samples, target: target, source: source, origin: [Double](repeating: 0, count: target.dimension),
      fitted: MatrixBox(rows))
  }

  /// The rows of a file without a split; the floor compares its halves.
  ///
  /// - Parameters:
  ///   - rows: the rows.
  ///   - classes: the class of each row, where they are known.
  ///   - columnNames: the columns' names, where they have any.
  package convenience init(rows: consuming Matrix, classes: [Int]? = nil, columnNames: [String]? = nil) {
    let box = MatrixBox(rows)
    self.init(RowSamples(box.value.head(.max)), fitted: box)
    (self.classes, self.columnNames) = (classes, columnNames)
  }

  /// What a run's samples are judged against: fresh draws of its target, or its file's held-out rows.
  ///
  /// - Parameters:
  ///   - source: the run's data.
  ///   - origin: what is taken from a file's columns before they are rounded to single precision.
  ///   - judged: the rows that are judged.
  /// - Throws: `ToolError` where the rows cannot be read.
  package convenience init(_ source: DataSource, less origin: [Double], judged: Int) throws {
    if let target = source.target {
      try self.init(target: target, source.experiment, source: source)
    } else {
      self.init(try SourceSamples(source, less: origin, judged: judged), source: source, origin: origin)
    }
  }

  /// The most true rows that are looked at beside the judgements.
  private static let mostShown = 10_000

  /// True rows to look at: the first of the held-out ones, or fresh draws.
  func shown() throws -> MatrixBox {
    if let looked { return looked }
    let box: MatrixBox
    if let fitted {
      box = MatrixBox(fitted.value.head(Self.mostShown))
    } else if let source {
      let part = source.shownPart
      box = MatrixBox(try source.rows(part, 0..<min(Self.mostShown, source.count(part)), less: origin))
    } else {
      throw ToolError.fault("no true rows")
    }
    looked = box
    return box
  }

  /// The same truth with each column divided by a number.
  func divided(by scales: [Double]) -> Truth {
    Truth(
      Rescaled(samples, by: scales), target: target, source: source, origin: origin, fitted: fitted, scales: scales)
  }

  /// The moment-matched Gaussian, which a method must beat; its work is shared among the ranks.
  package func gaussian(_ communicator: Communicator) throws -> GaussianFit {
    try naming(communicator) {
      try GaussianFit(columns: samples.dimension, over: communicator, forEachBlock: forEachFittedBlock)
    }
  }

  /// The standard deviation of each column, of the rows behind ``gaussian(_:)``.
  func deviations(_ communicator: Communicator) throws -> [Double] {
    try naming(communicator) {
      try communicator.agree { () throws -> [Double] in
        try columnDeviations(columns: samples.dimension, forEachBlock: forEachFittedBlock)
      }
    }
  }

  /// Refuses a truth of one row, which all ranks know of and one names, and words other errors alike on all ranks.
  private func naming<Result>(_ communicator: Communicator, _ body: () throws -> Result) throws -> Result {
    try communicator.agree {
      guard let fitted, fitted.value.rows < 2 else { return }
      throw ToolError.data(
        Place("--against"), "gives \(counted(fitted.value.rows, "true row")), but a distance needs at least 2")
    }
    do {
      return try body()
    } catch let error as MetricsError {
      return try communicator.agree { throw error }
    }
  }

  /// The rows that a Gaussian is fitted to: those that a network has learned from, where there are such.
  private func forEachFittedBlock(_ body: (borrowing Matrix) throws -> Void) throws {
    if let fitted { return try body(fitted.value) }
    guard let source else { throw ToolError.fault("no rows to fit a Gaussian to") }
    try source.forEachBlock(of: .training, less: origin, body)
  }

  /// The first whole rows, conditions included, that no network was trained on: held-out ones, or fresh draws.
  ///
  /// - Parameters:
  ///   - count: the most rows.
  ///   - metric: what needs them, for messages.
  ///   - origin: what is taken from each column, conditions included.
  ///   - seed: the key of fresh draws.
  /// - Returns: the rows in original units less `origin`.
  /// - Throws: `ToolError.usage` where no row is held out; an error of reading.
  func unseenRows(_ count: Int, for metric: Metric, less origin: [Double], seed: UInt64) throws -> Matrix {
    if let target {
      var rows = Matrix(rows: count, columns: target.dimension + target.conditions)
      target.draw(RandomStream(seed: seed, purpose: .likelihood), firstIndex: 0, into: &rows)
      return rows
    }
    let source = try Self.checkUnseen(source, for: metric)
    return try source.rows(.heldOut, 0..<min(count, source.count(.heldOut)), less: origin)
  }

  /// Refuses data whose rows are all trained on, unless a target draws fresh ones.
  @discardableResult
  static func checkUnseen(_ source: DataSource?, for metric: Metric) throws(ToolError) -> DataSource {
    guard let source, source.target != nil || source.hasHeldOut else {
      throw .usage("the metric \(metric.rawValue) needs rows that were not trained on: set data.held_out")
    }
    return source
  }

  /// The first whole rows that a network was trained on, conditions included.
  func trainedRows(_ count: Int, less origin: [Double]) throws -> Matrix {
    guard let source else { throw ToolError.fault("no rows that were trained on") }
    return try source.rows(.training, 0..<min(count, source.count(.training)), less: origin)
  }

  /// log N(data | conditions) of whole rows, under the Gaussian of the whole rows that a network was trained on, with the
  /// variance of each data column's cells added.
  func conditionalLogDensities(
    of rows: borrowing Matrix, cells: [Double], less origin: [Double], _ communicator: Communicator
  ) throws -> [Double] {
    guard let source else { throw ToolError.fault("no rows to fit a Gaussian to") }
    let conditions = origin.count - cells.count
    let whole = try GaussianFit(columns: origin.count, over: communicator) {
      try source.forEachBlock(of: .training, less: origin, $0)
    }
    let given = try GaussianFit(columns: conditions, over: communicator) { body in
      try source.forEachBlock(of: .training, less: origin) { try body($0.lastColumns(conditions)) }
    }
    let widened = whole.widened(by: cells + [Double](repeating: 0, count: conditions))
    return zip(widened.logDensities(of: rows), given.logDensities(of: rows.lastColumns(conditions))).map { $0 - $1 }
  }

  /// log p of rows in original units under the law itself; nil where it is not known.
  func logDensities(of rows: borrowing Matrix) -> [Double]? {
    guard let target, var density = target.density(in: .identity(target.dimension)) else { return nil }
    var values = [Double](repeating: 0, count: rows.rows)
    var gradient = Matrix(rows: rows.rows, columns: rows.columns)
    density.evaluate(rows, logDensity: &values, gradient: &gradient)
    return values
  }
}
