internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Reports
internal import Targets
internal import Training

/// Goes through a source once: every rank takes the rows of its shards, and all held-out rows.
struct DataLoader {
  private let data: DataSource
  private let source: any RowSource
  private let separate: (any RowSource)?
  private var experiment: Experiment { data.experiment }

  private var places: [Int32] { data.places.places }
  private var assignment: ShardAssignment { data.places.assignment }

  /// A pass over a source, each column as its kind is trained.
  init(_ data: DataSource) {
    self.data = data
    source = KindedRows(data.source, data.kinds)
    separate = data.separate.map { KindedRows($0, data.kinds) }
  }

  /// This rank's rows and all held-out rows, in trained coordinates.
  package func load(
    keeping kept: DataSet.Description? = nil, _ communicator: Communicator
  ) throws -> DataSet {
    let tree = CanonicalTree(shards: experiment.training.shards)
    let (target, standardise) = (data.target, experiment.data.standardise)
    let shards = tree.range(rank: communicator.rank, of: communicator.size)
    let d = source.dimension
    var own = LoadedRows(rows: assignment.positions(of: shards).count, columns: d, isDouble: source.isDouble)
    var heldOut = emptyHeldOut
    try communicator.agree { () throws -> Void in try read(into: &own, &heldOut, shards: shards) }
    let partials = try communicator.allGather(shards.flatMap { partial(of: $0, own, shards) })
    let statistics = ColumnStatistics(partials: partials, dimension: d, tree: tree)
    let rowsShown = try communicator.allGather(shards.flatMap { firstRows(of: $0, own, shards) })
    var scaling = try communicator.agree { try self.scaling(statistics, target: target, standardise: standardise) }
    // Of another dimension the old scaling is of no use; the resume will be refused.
    let isKept = kept.map { $0.dimension + $0.conditions == d } ?? false
    if let kept, isKept { scaling = (kept.standardisation, kept.constantColumns) }
    var description = DataSet.Description(
      dimension: data.dimension, conditions: data.conditions,
      rows: assignment.rows, columnNames: source.columnNames, kinds: data.kinds, table: data.encoding,
      isDouble: source.isDouble,
      standardisation: scaling.standardisation, constantColumns: scaling.constant,
      fingerprint: fingerprint(statistics.digests, heldOut: (heldOut.rows, heldOut.digest(0..<heldOut.rows))))
    description.words = isKept ? kept?.words : description.words(shares: statistics.means)
    let shared = try separate.map { _ in try rowsAlso(in: heldOut, own, communicator) } ?? 0
    let training = own.standardised(by: scaling.standardisation)
    let held = heldOut.standardised(by: scaling.standardisation)
    try communicator.agree {
      if experiment.training.options.dequantisation.kind == .variational, description.dequantisation == nil {
        throw ToolError.configuration(
          Place("training.dequantisation"),
          "variational needs columns of levels: set data.levels, or levels K in data.columns, or take uniform")
      }
      try description.refuseNotFinite(training, file: data.name)
      try description.refuseNotFinite(held, file: data.name)
    }
    var remarks = source.remarks + (separate?.remarks ?? [])
    if shared > 0 {
      remarks.append(
        "warning: data.held_out: \(shared) of the \(assignment.rows) rows to train on stand among the held-out rows as "
          + "well: that samples come close to those does not show that anything was learned")
    }
    if target == nil {
      let isScaled = standardise && kept == nil
      remarks += description.warnings(statistics, sample: rowsShown, isScaled: isScaled).map { "warning: " + $0 }
    }
    return DataSet(
      training: ShardedRows(
        assignment: assignment, shards: shards, rows: training,
        dequantisation: experiment.process.chain == nil ? description.dequantisation : nil, seed: experiment.seed),
      heldOut: held, description: description, remarks: remarks)
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

  private func read(into rows: inout LoadedRows, _ heldOut: inout LoadedRows, shards: Range<Int>) throws {
    try forEachRow(of: shards) { isHeldOut, place, block, r in
      if isHeldOut { heldOut.copyRow(place, from: block, r) } else { rows.copyRow(place, from: block, r) }
    }
  }

  /// One pass over the source, and one over the held-out file where there is one: the rows of `shards`, with their places
  /// among these, and all held-out rows.
  private func forEachRow(
    of shards: Range<Int>,
    _ body: (_ isHeldOut: Bool, _ place: Int, _ block: borrowing RowBlock, _ row: Int) throws -> Void
  ) throws {
    let (own, places) = (assignment.positions(of: shards), places)
    try source.forEachBlock { first, block in
      try DataSource.refuseAfterSignal()
      for r in 0..<block.rows {
        let place = Int(places[first + r])
        if place < 0 {
          try body(true, -1 - place, block, r)
        } else if own.contains(place) {
          try body(false, place - own.lowerBound, block, r)
        }
      }
    }
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
  private func local(_ shard: Int, _ shards: Range<Int>) -> Range<Int> {
    let first = assignment.positions(of: shards).lowerBound
    let positions = assignment.positions(of: shard)
    return positions.lowerBound - first..<positions.upperBound - first
  }

  /// A shard's count, digest, means, sums of squared deviations (Welford's recurrence: exact for constants), least and
  /// largest numbers.
  private func partial(of shard: Int, _ rows: borrowing LoadedRows, _ shards: Range<Int>) -> [Double] {
    let local = self.local(shard, shards)
    var means = [Double](repeating: 0, count: source.dimension)
    var squares = means
    var least = [Double](repeating: .infinity, count: means.count)
    var largest = [Double](repeating: -.infinity, count: means.count)
    for (k, r) in local.enumerated() {
      for j in means.indices {
        let x = rows[r, j]
        let delta = x - means[j]
        means[j] += delta / Double(k + 1)
        squares[j] += delta * (x - means[j])
        least[j] = min(least[j], x)
        largest[j] = max(largest[j], x)
      }
    }
    return [Double(local.count), Double(rows.digest(local))] + means + squares + least + largest
  }

  /// A shard's part of the few rows by which columns are looked at, row after row; none where they would be too many
  /// numbers.
  private func firstRows(of shard: Int, _ rows: borrowing LoadedRows, _ shards: Range<Int>) -> [Double] {
    let each = min(2048, 4_194_304 / source.dimension) / assignment.shards
    return local(shard, shards).prefix(each).flatMap { r in (0..<source.dimension).map { rows[r, $0] } }
  }

  private func fingerprint(_ digests: [UInt32], heldOut: (rows: Int, digest: UInt32)) -> String {
    let words: [UInt32] = digests + [UInt32(heldOut.rows), heldOut.digest]
    var digest = CRC32C()
    digest.update(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    return "\(assignment.rows)x\(source.dimension)-" + digest.text
  }

  private func scaling(
    _ statistics: ColumnStatistics, target: (any Target)?, standardise: Bool
  ) throws -> (standardisation: Standardisation, constant: [Bool]) {
    let constant = statistics.isConstant
    if let target, standardise, data.kinds.isEmpty { return (target.standardisation, constant.map { _ in false }) }
    let d = source.dimension
    // Discrete states are their own coordinates, whatever values occur.
    if experiment.process.chain != nil {
      guard data.kinds.count == d, data.kinds.allSatisfy({ $0.levels == experiment.data.levels }) else {
        throw ToolError.configuration(
          Place(data.name),
          "holds words or missing cells, but process.kind \(experiment.process.words) needs whole numbers from 0 to "
            + "data.levels − 1 in every column; number the words")
      }
      return (.identity(d), [Bool](repeating: false, count: d))
    }
    for j in 0..<d where target == nil {
      // Samples are around the data, and distances compute in single precision too.
      let reach = abs(statistics.means[j]) + 4 * statistics.variances[j].squareRoot()
      let largest = max(abs(statistics.least[j]), abs(statistics.largest[j]), reach)
      guard largest > Double(Float.greatestFiniteMagnitude) else { continue }
      let column = source.columnNames.map { shortened($0[j]) } ?? String(j)
      throw ToolError.configuration(
        Place(data.name),
        "column \(column) lies between \(statistics.least[j]) and \(statistics.largest[j]): numbers about it are beyond "
          + "single precision (3.4e38), in which samples are judged; measure it in a larger unit")
    }
    if standardise {
      for j in 0..<d where !constant[j] && !statistics.variances[j].isNormal {
        let column = source.columnNames.map { shortened($0[j]) } ?? String(j)
        throw ToolError.configuration(
          Place(data.name),
          "column \(column) lies between \(statistics.least[j]) and \(statistics.largest[j]), and the square of its "
            + "width is beyond double precision; measure it in another unit")
      }
    }
    // A constant column is centred in any case: its trained coordinate is then 0, and adding the mean is exact. Levels that
    // nothing else scales lie in [−1, 1], and indicators always: a rare word would lie far from all others.
    let half = (0..<d).map { j in data.kinds.isEmpty ? nil : data.kinds[j].halfWidth }
    let isScaled = (0..<d).map { standardise && (data.kinds.isEmpty || data.kinds[$0] != .indicator) }
    let mean = (0..<d).map { isScaled[$0] || constant[$0] ? statistics.means[$0] : half[$0] ?? 0 }
    let scale = (0..<d).map { isScaled[$0] && !constant[$0] ? statistics.variances[$0].squareRoot() : half[$0] ?? 1 }
    return (Standardisation(mean: mean, scale: scale), constant)
  }
}
