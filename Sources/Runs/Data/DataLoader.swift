internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Reports
internal import Targets
internal import Training

/// Goes through a source: every rank takes the rows of its shards, and all held-out rows.
struct DataLoader {
  let data: DataSource
  let source: any RowSource
  private let separate: (any RowSource)?
  var experiment: Experiment { data.experiment }

  private var places: [Int32] { data.places.places }
  var assignment: ShardAssignment { data.places.assignment }

  /// A pass over a source, each column as its kind is trained.
  init(_ data: DataSource) {
    self.data = data
    source = KindedRows(data.source, data.kinds)
    separate = data.separate.map { KindedRows($0, data.kinds) }
  }

  /// This rank's rows and all held-out rows, in trained coordinates.
  ///
  /// - Parameters:
  ///   - kept: other data whose scaling is kept.
  ///   - passes: how often the rows are read. Numbers in double precision take twice the room of the rows that they become. In
  ///     one pass they are all there at once. With k > 1 the first pass checks the rows, and each other one reads one of
  ///     k − 1 groups of columns. The result is the same.
  ///   - communicator: the ranks that share the shards.
  /// - Returns: this rank's training rows, all held-out rows, and what all ranks know of the data.
  /// - Throws: an error of the experiment or its files, the same on every rank, or one of MPI.
  package func load(
    keeping kept: DataSet.Description? = nil, passes: Int = 1, _ communicator: Communicator
  ) throws -> DataSet {
    let shards = CanonicalTree(shards: experiment.training.shards).range(rank: communicator.rank, of: communicator.size)
    let (target, standardise) = (data.target, experiment.data.standardise)
    let d = source.dimension
    let count = assignment.positions(of: shards).count
    // Of another dimension the old scaling is of no use; the resume will be refused.
    let scalingKept = kept.flatMap { kept -> Scaling? in
      guard kept.dimension + kept.conditions == d else { return nil }
      return Scaling(standardisation: kept.standardisation, constant: kept.constantColumns)
    }
    var heldOut = emptyHeldOut
    let own =
      passes == 1
      ? try loadAtOnce(count, &heldOut, shards, scalingKept, communicator)
      : try loadByColumns(passes - 1, count, &heldOut, shards, scalingKept, communicator)
    let parts = own.parts
    let statistics = ColumnStatistics(joining: parts.map(\.statistics))
    let scaling = Scaling(
      standardisation: Standardisation(
        mean: parts.flatMap(\.scaling.standardisation.mean), scale: parts.flatMap(\.scaling.standardisation.scale)),
      constant: parts.flatMap(\.scaling.constant))
    var description = DataSet.Description(
      dimension: data.dimension, conditions: data.conditions,
      rows: assignment.rows, columnNames: source.columnNames, kinds: data.kinds, table: data.encoding,
      isDouble: source.isDouble,
      standardisation: scaling.standardisation, constantColumns: scaling.constant,
      fingerprint: fingerprint(statistics.digests, heldOut: (heldOut.rows, heldOut.digest(0..<heldOut.rows))))
    // The words' shares are those of the data that a run began with, as its scaling is.
    description.words = scalingKept == nil ? description.words(shares: statistics.means) : kept?.words
    let held = heldOut.standardised(by: scaling.standardisation)
    try communicator.agree {
      if experiment.training.options.dequantisation.kind == .variational, description.dequantisation == nil {
        throw ToolError.configuration(
          Place("training.dequantisation"),
          "variational needs columns of levels: set data.levels, or levels K in data.columns, or take uniform")
      }
      try description.refuseNotFinite(own.rows, file: data.name)
      try description.refuseNotFinite(held, file: data.name)
    }
    var remarks = source.remarks + (separate?.remarks ?? [])
    if passes > 1 {
      remarks.append(
        "note: \(data.name) is read \(passes) times, a group of columns at a time: all of its numbers in double precision would "
          + "crowd the memory")
    }
    if own.shared > 0 {
      remarks.append(
        "warning: data.held_out: \(own.shared) of the \(assignment.rows) rows to train on stand among the held-out rows as "
          + "well: that samples come close to those does not show that anything was learned")
    }
    if target == nil {
      let isScaled = standardise && kept == nil
      remarks += description.warnings(statistics, sample: Self.shown(parts), isScaled: isScaled).map {
        "warning: " + $0
      }
    }
    return DataSet(
      training: ShardedRows(
        assignment: assignment, shards: shards, rows: own.rows,
        dequantisation: experiment.process.chain == nil ? description.dequantisation : nil,
        exchangeable: description.exchangeable(experiment.data.exchangeable), seed: experiment.seed),
      heldOut: held, description: description, remarks: remarks)
  }

  /// This rank's rows by a single pass.
  private func loadAtOnce(
    _ count: Int, _ heldOut: inout LoadedRows, _ shards: Range<Int>, _ kept: Scaling?, _ communicator: Communicator
  ) throws -> OwnRows {
    var own = LoadedRows(rows: count, columns: source.dimension, isDouble: source.isDouble)
    try communicator.agree { () throws -> Void in try read(into: &own, &heldOut, shards: shards) }
    let digests = shards.map { own.digest(local($0, shards)) }
    let part = try loaded(0..<source.dimension, own, digests, shards, kept, communicator)
    let shared = separate == nil ? 0 : try rowsAlso(in: heldOut, own, communicator)
    return OwnRows(rows: own.standardised(by: part.scaling.standardisation), parts: [part], shared: shared)
  }

  /// The same by a pass for the rows' digests and the held-out rows, and one for each group of columns.
  private func loadByColumns(
    _ groups: Int, _ count: Int, _ heldOut: inout LoadedRows, _ shards: Range<Int>, _ kept: Scaling?,
    _ communicator: Communicator
  ) throws -> OwnRows {
    let d = source.dimension
    var checks = RowChecks(rows: count, columns: d)
    try communicator.agree { () throws -> Void in try read(into: &checks, &heldOut, shards: shards) }
    let digests = shards.map { checks.digest(local($0, shards)) }
    var own = OwnRows(rows: Matrix(rows: count, columns: d), parts: [], shared: 0)
    for group in 0..<groups {
      let columns = d * group / groups..<d * (group + 1) / groups
      var some = LoadedRows(rows: count, columns: columns.count, isDouble: source.isDouble)
      try communicator.agree { () throws -> Void in
        try forEachRow(of: shards, alsoHeldOut: false) { _, place, block, r in
          some.copyRow(place, from: block, r, columns: columns)
        }
      }
      let part = try loaded(columns, some, digests, shards, kept, communicator)
      some.standardise(into: &own.rows, columns, by: part.scaling.standardisation)
      own.parts.append(part)
    }
    return own
  }

  /// The fingerprint of the data alone: each rank reads its own rows, and keeps eight bytes of each.
  func fingerprint(_ communicator: Communicator) throws -> String {
    let tree = CanonicalTree(shards: experiment.training.shards)
    let shards = tree.range(rank: communicator.rank, of: communicator.size)
    let d = source.dimension
    var own = RowChecks(rows: assignment.positions(of: shards).count, columns: d)
    var heldOut = RowChecks(rows: data.count(.heldOut), columns: d)
    var row = LoadedRows(rows: 1, columns: d, isDouble: source.isDouble)
    var heldOutRow = LoadedRows(rows: 1, columns: d, isDouble: (separate ?? source).isDouble)
    try communicator.agree { () throws -> Void in
      try forEachRow(of: shards) { isHeldOut, place, block, r in
        if isHeldOut {
          heldOutRow.copyRow(0, from: block, r)
          heldOut.set(place, heldOutRow.check(ofRow: 0))
        } else {
          row.copyRow(0, from: block, r)
          own.set(place, row.check(ofRow: 0))
        }
      }
    }
    let digests = try communicator.allGather(shards.map { Double(own.digest(local($0, shards))) })
    return fingerprint(digests.map { UInt32($0) }, heldOut: (heldOut.rows, heldOut.digest(0..<heldOut.rows)))
  }

  private var emptyHeldOut: LoadedRows {
    LoadedRows(
      rows: data.count(.heldOut), columns: source.dimension, isDouble: (separate ?? source).isDouble)
  }

  /// The checks of this rank's rows, and all held-out rows.
  private func read(into own: inout RowChecks, _ heldOut: inout LoadedRows, shards: Range<Int>) throws {
    var row = LoadedRows(rows: 1, columns: source.dimension, isDouble: source.isDouble)
    try forEachRow(of: shards) { isHeldOut, place, block, r in
      if isHeldOut {
        heldOut.copyRow(place, from: block, r)
      } else {
        row.copyRow(0, from: block, r)
        own.set(place, row.check(ofRow: 0))
      }
    }
  }

  private func read(into rows: inout LoadedRows, _ heldOut: inout LoadedRows, shards: Range<Int>) throws {
    try forEachRow(of: shards) { isHeldOut, place, block, r in
      if isHeldOut { heldOut.copyRow(place, from: block, r) } else { rows.copyRow(place, from: block, r) }
    }
  }

  /// One pass over the source, and one over the held-out file where there is one: the rows of `shards`, with their places
  /// among these, and all held-out rows.
  private func forEachRow(
    of shards: Range<Int>, alsoHeldOut: Bool = true,
    _ body: (_ isHeldOut: Bool, _ place: Int, _ block: borrowing RowBlock, _ row: Int) throws -> Void
  ) throws {
    let (own, places) = (assignment.positions(of: shards), places)
    try source.forEachBlock { first, block in
      try DataSource.refuseAfterSignal()
      for r in 0..<block.rows {
        let place = Int(places[first + r])
        if place < 0 {
          if alsoHeldOut { try body(true, -1 - place, block, r) }
        } else if own.contains(place) {
          try body(false, place - own.lowerBound, block, r)
        }
      }
    }
    guard alsoHeldOut else { return }
    try separate?.forEachBlock { first, block in
      for r in 0..<block.rows { try body(true, first + r, block, r) }
    }
  }

  /// How many rows to train on, those of all ranks, are held-out rows too.
  private func rowsAlso(
    in heldOut: borrowing LoadedRows, _ own: borrowing LoadedRows, _ communicator: Communicator
  ) throws -> Int {
    let keys = Set(heldOut.keys())
    let found = own.keys().count { keys.contains($0) }
    return try communicator.allGather([Double(found)]).reduce(0) { $0 + Int($1) }
  }

  /// A shard's rows among those of `shards`.
  func local(_ shard: Int, _ shards: Range<Int>) -> Range<Int> {
    let first = assignment.positions(of: shards).lowerBound
    let positions = assignment.positions(of: shard)
    return positions.lowerBound - first..<positions.upperBound - first
  }

  private func fingerprint(_ digests: [UInt32], heldOut: (rows: Int, digest: UInt32)) -> String {
    let words: [UInt32] = digests + [UInt32(heldOut.rows), heldOut.digest]
    var digest = CRC32C()
    digest.update(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    return "\(assignment.rows)x\(source.dimension)-" + digest.text
  }
}
