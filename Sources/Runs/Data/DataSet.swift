package import Communication
internal import Configuration
internal import Diffusion
internal import Files
package import LinearAlgebra
internal import Metrics
internal import Networks
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
    /// What each column's numbers can be; empty where all are plain numbers.
    var kinds: [ColumnKind] = []
    /// How a mixed table became numbers; nil for tables of numbers and targets.
    var table: TableEncoding?
    /// The data columns of words, with the words' shares of the training rows; nil where there are none, or where the run began
    /// with a version whose networks had no head for them.
    var words: WordColumns?
    /// Whether the file holds numbers that single precision may not hold: samples then come in double precision.
    var isDouble = false
    /// The map to trained coordinates.
    package var standardisation: Standardisation
    /// Columns whose value never changes; samples reproduce it exactly.
    var constantColumns: [Bool]
    /// A digest of every row's bits and its place, the same for any number of ranks.
    var fingerprint: String
    /// The teacher whose pairs a student learns in place of the rows; nil for other runs.
    var teacher: TeacherRecord?
  }
}

extension DataSource {
  /// How often the rows are read: once where that leaves room in memory, or else a group of columns at a time.
  ///
  /// Only numbers in double precision take more room while they are read. Rows that are compared with those of a held-out file,
  /// and discrete states, are needed whole.
  private func passes(_ leavesRoom: (Int) -> Bool) -> Int {
    guard source.isDouble, source.dimension > 1, separate == nil, experiment.process.chain == nil else { return 1 }
    let groups = 2...min(8, source.dimension)
    return leavesRoom(1) ? 1 : 1 + (groups.first { leavesRoom(1 + $0) } ?? groups.upperBound)
  }

  /// Reads or draws the rows: each rank goes through them once, in sequence, and keeps its own.
  ///
  /// - Parameters:
  ///   - kept: other data whose scaling is kept in place of these data's own.
  ///   - communicator: the ranks that share the shards.
  /// - Returns: this rank's training rows, all held-out rows, and what all ranks know of the data.
  /// - Throws: an error of the experiment or its files, the same on every rank, or one of MPI.
  package func load(keeping kept: DataSet.Description? = nil, _ communicator: Communicator) throws -> DataSet {
    func need(_ passes: Int) -> MemoryNeed {
      MemoryNeed(
        self, passes: passes, ranks: communicator.size, ranksHere: ranksOnThisMachine(),
        threads: communicator.threads.count)
    }
    // Ranks of a machine with less memory decide for all.
    let own = passes { need($0).bytes * Double(ranksOnThisMachine()) < 0.5 * machineMemory() }
    let passes = Int(try communicator.allGather([Double(own)]).max() ?? 1)
    try communicator.agree { try need(passes).check() }
    return try DataLoader(self).load(keeping: kept, passes: passes, communicator)
  }

  /// Refuses data that are not those a run was trained on: rows that were trained on could be among those it is judged by.
  ///
  /// Draws of a target are a function of the experiment, and need no look. Every rank calls it.
  ///
  /// - Parameters:
  ///   - data: what the run was trained on.
  ///   - allowsChange: whether other data may stand in for it.
  ///   - remedy: what to do about it.
  ///   - communicator: the ranks.
  /// - Throws: `ToolError.configuration` that names both fingerprints, the same on every rank.
  package func refuseOthers(
    than data: DataSet.Description, allowsChange: Bool = false,
    remedy: String = "bring it back, or use it nevertheless by --allow-data-change", _ communicator: Communicator
  ) throws {
    guard target == nil, !allowsChange || dimension != data.dimension else { return }
    let found = try fingerprint(communicator)
    try communicator.agree {
      guard found != data.fingerprint else { return }
      throw ToolError.configuration(
        Place(experiment.data.origin),
        "is not the data that the run was trained on (fingerprint \(found), not \(data.fingerprint)); \(remedy)")
    }
  }

  /// The data's fingerprint, as checkpoints record it; every rank calls it.
  package func fingerprint(_ communicator: Communicator) throws -> String {
    try DataLoader(self).fingerprint(communicator)
  }
}
