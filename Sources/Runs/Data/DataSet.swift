package import Communication
package import Configuration
internal import Files
package import LinearAlgebra
internal import Metrics
internal import Randomness
internal import Reports
package import Targets
package import Training

/// The rows that a run learns from, spread over shards, and those it is judged on.
package struct DataSet: ~Copyable {
  /// This rank's shards, in trained coordinates.
  package let training: ShardedRows
  /// The held-out rows in trained coordinates, on every rank; may be empty.
  package let heldOut: Matrix
  /// What the data is.
  package let description: Description
  /// What users should know of the data: lines to be shown once.
  let remarks: [String]

  /// What all ranks know of the data, and checkpoints record.
  package struct Description: Sendable, Equatable {
    /// d, without conditions.
    package var dimension: Int
    /// The number of columns after those that condition.
    package var conditions = 0
    /// The rows to train on.
    package var rows: Int
    /// The columns' names, where the file gives them.
    package var columnNames: [String]?
    /// Whether the file holds numbers that single precision may not hold: samples then come in double precision.
    var isDouble = false
    /// The map to trained coordinates.
    package var standardisation: Standardisation
    /// Columns whose value never changes; samples reproduce it exactly.
    var constantColumns: [Bool]
    /// A digest of every row's bits and its place, the same for any number of ranks.
    var fingerprint: String
  }
}

extension DataSet {
  /// Reads or draws the data: each rank goes through the rows once, in sequence, and keeps its own.
  ///
  /// - Parameters:
  ///   - experiment: says where the rows come from, how many shards there are and what is held out.
  ///   - base: the folder that relative paths start from.
  ///   - kept: other data whose scaling is kept in place of these data's own.
  ///   - communicator: the ranks that share the shards.
  /// - Returns: this rank's training rows, all held-out rows, and what all ranks know of the data.
  /// - Throws: an error of the experiment or its files, the same on every rank, or one of MPI.
  package static func load(
    _ experiment: Experiment, base: String, keeping kept: Description? = nil, communicator: Communicator
  ) throws -> DataSet {
    let target = try communicator.agree { try experiment.target() }
    let (source, separate) = try communicator.agree {
      (try rowSource(experiment, target: target, base: base), try heldOutSource(experiment, base: base))
    }
    let loader = try communicator.agree {
      try checkNames(source, experiment)
      try MemoryNeed(
        experiment, rows: source.rows, separate: separate?.rows ?? 0, dimension: source.dimension,
        isDouble: source.isDouble, ranks: communicator.size, ranksHere: ranksOnThisMachine()
      ).check()
      return try DataLoader(source: source, separate: separate, experiment: experiment)
    }
    let tree = CanonicalTree(shards: experiment.training.shards)
    return try loader.load(
      tree: tree, target: target, standardise: experiment.data.standardise, keeping: kept, communicator)
  }

  /// Refuses column names that would not fit into checkpoints, before the first of them is due.
  private static func checkNames(_ source: any RowSource, _ experiment: Experiment) throws {
    // The rest of the header is for the experiment and the tensors' places.
    let most = TensorFile.longestHeader / 2
    let bytes = JSONValue.string(JSONValue(source.columnNames ?? []).description).description.utf8.count
    guard bytes > most else { return }
    throw ExperimentError.configuration(
      Place(experiment.data.file ?? "data"),
      "has \(source.dimension) column names of \(bytes) bytes in all, but at most \(most) fit into a checkpoint; "
        + "shorten them, or remove the line of names")
  }

  static func rowSource(
    _ experiment: Experiment, target: (any Target)?, base: String
  ) throws -> any RowSource {
    if let target {
      return TargetRows(target: target, rows: experiment.data.count, seed: experiment.seed)
    }
    guard let file = experiment.data.file else { throw ExperimentError.fault("neither data.target nor data.file") }
    return try ordered(openRows(path(file, from: base), header: experiment.data.header), experiment)
  }

  /// A file's rows with its conditions last.
  private static func ordered(_ rows: any RowSource, _ experiment: Experiment) throws -> any RowSource {
    let conditions = experiment.data.conditions.names
    return conditions.isEmpty ? rows : try OrderedRows(rows, last: conditions, key: "data.conditions")
  }

  static func heldOutSource(_ experiment: Experiment, base: String) throws -> (any RowSource)? {
    guard case .file(let file) = experiment.data.heldOut else { return nil }
    return try ordered(openRows(path(file, from: base), header: experiment.data.header), experiment)
  }

  private static func path(_ file: String, from base: String) -> String {
    file.hasPrefix("/") || base.isEmpty ? file : base + "/" + file
  }
}

/// A target's draws as rows: row i is draw i, so any rank can make any row.
struct TargetRows: RowSource {
  package let target: any Target
  package let rows: Int
  package let seed: UInt64

  package var dimension: Int { target.dimension + target.conditions }
  package var columnNames: [String]? { nil }
  package var isDouble: Bool { false }

  package func forEachBlock(_ body: (_ firstRow: Int, _ block: borrowing RowBlock) throws -> Void) throws {
    let stream = RandomStream(seed: seed, purpose: .targetDraw)
    let size = 1024
    var block = Matrix(rows: size, columns: dimension)
    for first in stride(from: 0, to: rows, by: size) {
      if rows - first < size { block = Matrix(rows: rows - first, columns: dimension) }
      target.draw(stream, firstIndex: UInt64(first), into: &block)
      try body(first, RowBlock(block))
    }
  }
}

extension Experiment {
  /// Which of `count` rows are held out: a seeded choice that depends on nothing else.
  func heldOutRows(of count: Int) -> [Bool] {
    var isHeldOut = [Bool](repeating: false, count: count)
    guard case .fraction(let fraction) = data.heldOut else { return isHeldOut }
    let order = RandomStream(seed: seed, purpose: .heldOutSplit).permutation(of: count)
    for row in order.prefix(Int(fraction * Double(count))) { isHeldOut[Int(row)] = true }
    return isHeldOut
  }
}

/// A data file's rows, in original units less an origin, split as training splits them.
package struct DataSplit: ~Copyable {
  /// The rows to train on, in the file's order.
  package let training: Matrix
  /// The rows held out.
  package let heldOut: Matrix
  /// The fingerprint of the data.
  package let fingerprint: String

  /// Reads all rows.
  ///
  /// - Parameters:
  ///   - experiment: says where the rows come from and what is held out.
  ///   - base: the folder that relative paths start from.
  ///   - origin: what is taken from each column before it is rounded to single precision; 0 by default.
  /// - Throws: `ExperimentError` where a file cannot be read, or does not fit the experiment.
  package init(_ experiment: Experiment, base: String, less origin: [Double] = []) throws {
    let rows = try DataSet.rowSource(experiment, target: nil, base: base)
    try refuseBeyondMemory(rows.rows, rows.dimension, from: experiment.data.file ?? "data")
    let loader = try DataLoader(
      source: rows, separate: try DataSet.heldOutSource(experiment, base: base), experiment: experiment)
    let none = [Double](repeating: 0, count: rows.dimension)
    self = try loader.split(less: origin.isEmpty ? none : origin)
  }

  /// Parts that were read already.
  package init(training: consuming Matrix, heldOut: consuming Matrix, fingerprint: String) {
    self.training = training
    self.heldOut = heldOut
    self.fingerprint = fingerprint
  }

  package var hasHeldOut: Bool { heldOut.rows > 0 }

  /// The rows held out, or those to train on where none are.
  package consuming func shown() -> Matrix {
    if hasHeldOut { return heldOut }
    return training
  }
}

extension DataSet {
  /// The held-out loss, where rows are held out.
  func heldOutEvaluator(_ experiment: Experiment, model: ScoreModel, communicator: Communicator) throws -> HeldOutLoss?
  {
    guard heldOut.rows > 0 else { return nil }
    var rows = Matrix(rows: heldOut.rows, columns: heldOut.columns)
    rows.copy(from: heldOut)
    let options = experiment.training.options
    return HeldOutLoss(
      model: model, kind: try experiment.objective(in: description.standardisation), minimumTime: options.minimumTime,
      law: options.timeLaw, rows: rows, seed: experiment.seed, communicator: communicator)
  }
}
