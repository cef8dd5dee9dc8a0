internal import CMachine
internal import Communication
internal import Configuration
internal import Files
internal import LinearAlgebra
internal import Randomness
internal import Reports
internal import Targets
internal import Training

/// Decides which row goes where, then goes through the source once.
struct DataLoader {
  private let source: any RowSource
  private let separate: (any RowSource)?
  private let experiment: Experiment
  /// For each row: its position among the training rows, or −1 − its place among the held-out rows.
  private let places: [Int32]
  private let assignment: ShardAssignment
  private let heldOutCount: Int

  init(source: any RowSource, separate: (any RowSource)?, experiment: Experiment) throws {
    self.source = source
    self.separate = separate
    self.experiment = experiment
    let found = source.dimension - experiment.conditionCount
    if let dimension = experiment.data.dimension, dimension != found {
      let words = experiment.conditionCount > 0 ? "columns beside data.conditions" : "columns"
      throw ExperimentError.configuration(
        Place("data.dimension"), "is \(dimension), but the data file has \(found) \(words); remove the key")
    }
    if let separate, separate.dimension != source.dimension {
      throw ExperimentError.configuration(
        Place("data.held_out"), "has \(separate.dimension) columns where the data has \(source.dimension)")
    }
    if let separate, let names = source.columnNames, let others = separate.columnNames, names != others {
      throw ExperimentError.configuration(
        Place("data.held_out"),
        "has the columns \(shortened(others.joined(separator: ", "))) where the data has "
          + "\(shortened(names.joined(separator: ", "))): bring them into that order")
    }
    guard source.rows <= Int(Int32.max) else {
      throw ExperimentError.configuration(
        Place(experiment.data.file ?? "data.count"),
        "has \(source.rows) rows, more than \(Int32.max); take a part of them")
    }
    let isHeldOut = experiment.heldOutRows(of: source.rows)
    let training = (0..<source.rows).filter { !isHeldOut[$0] }
    let shards = experiment.training.shards
    guard training.count >= shards else {
      throw ExperimentError.configuration(
        Place("training.shards"),
        "\(training.count) rows to train on do not fill \(shards) shards: use fewer shards, or more rows")
    }
    // A run's end compares samples with these rows; it should not fail there.
    guard (separate?.rows ?? source.rows - training.count) != 1 else {
      throw ExperimentError.configuration(
        Place("data.held_out"),
        "is 1 row, but a distance needs at least 2: hold out more of the \(source.rows) rows, or 0")
    }
    guard experiment.conditionCount == 0 || separate != nil || training.count < source.rows else {
      throw ExperimentError.configuration(
        Place("data.held_out"),
        "is no row of \(source.rows), but the run's samples are drawn given the conditions of held-out rows: hold out "
          + "more")
    }
    assignment = ShardAssignment(rows: training.count, shards: shards, seed: experiment.seed)
    var places = [Int32](repeating: 0, count: source.rows)
    for (position, index) in assignment.order.enumerated() { places[training[Int(index)]] = Int32(position) }
    var next: Int32 = 0
    for row in isHeldOut.indices where isHeldOut[row] {
      next += 1
      places[row] = -next
    }
    self.places = places
    heldOutCount = Int(next)
  }

  package func load(
    tree: CanonicalTree, target: (any Target)?, standardise: Bool, keeping kept: DataSet.Description? = nil,
    _ communicator: Communicator
  ) throws -> DataSet {
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
    if let kept, kept.dimension + kept.conditions == d { scaling = (kept.standardisation, kept.constantColumns) }
    let description = DataSet.Description(
      dimension: d - experiment.conditionCount, conditions: experiment.conditionCount,
      rows: assignment.rows, columnNames: source.columnNames, isDouble: source.isDouble,
      standardisation: scaling.standardisation, constantColumns: scaling.constant,
      fingerprint: fingerprint(statistics.digests, heldOut))
    let training = own.standardised(by: scaling.standardisation)
    let held = heldOut.standardised(by: scaling.standardisation)
    try communicator.agree {
      try description.refuseNotFinite(training, file: name)
      try description.refuseNotFinite(held, file: name)
    }
    var remarks = source.remarks + (separate?.remarks ?? [])
    if target == nil {
      let isScaled = standardise && kept == nil
      remarks += description.warnings(statistics, sample: rowsShown, isScaled: isScaled).map { "warning: " + $0 }
    }
    return DataSet(
      training: ShardedRows(assignment: assignment, shards: shards, rows: training, seed: experiment.seed),
      heldOut: held, description: description, remarks: remarks)
  }

  /// The file, or what stands for it in messages.
  private var name: String { experiment.data.file ?? "data" }

  private var emptyHeldOut: LoadedRows {
    LoadedRows(
      rows: separate?.rows ?? heldOutCount, columns: source.dimension, isDouble: (separate ?? source).isDouble)
  }

  /// All rows on this process alone, in original units less `origin`, as training splits them.
  ///
  /// - Returns: both parts in the order of their files, and the fingerprint of the data.
  func split(less origin: [Double]) throws -> DataSplit {
    let d = source.dimension - experiment.conditionCount
    let shards = 0..<assignment.shards
    var own = LoadedRows(rows: assignment.rows, columns: source.dimension, isDouble: source.isDouble)
    var held = emptyHeldOut
    try read(into: &own, &held, shards: shards)
    let digests = shards.map { own.digest(assignment.positions(of: $0)) }
    let fingerprint = self.fingerprint(digests, held)
    var training = Matrix(rows: own.rows, columns: d)
    var next = 0
    for place in places where place >= 0 {
      own.copyRow(Int(place), into: &training, next, less: origin)
      next += 1
    }
    var heldOut = Matrix(rows: held.rows, columns: d)
    for r in 0..<held.rows { held.copyRow(r, into: &heldOut, r, less: origin) }
    return DataSplit(training: training, heldOut: heldOut, fingerprint: fingerprint)
  }

  /// One pass over the source, and one over the held-out file where there is one.
  private func read(into rows: inout LoadedRows, _ heldOut: inout LoadedRows, shards: Range<Int>) throws {
    let own = assignment.positions(of: shards)
    try source.forEachBlock { first, block in
      // Signals only set a flag: a long file must not make them wait.
      guard sgm_stop_signal() == 0 else {
        throw ExperimentError.stopped("stopped while the data was read, before the first step; start it again")
      }
      for r in 0..<block.rows {
        let place = Int(places[first + r])
        if place < 0 {
          heldOut.copyRow(-1 - place, from: block, r)
        } else if own.contains(place) {
          rows.copyRow(place - own.lowerBound, from: block, r)
        }
      }
    }
    try separate?.forEachBlock { first, block in
      for r in 0..<block.rows { heldOut.copyRow(first + r, from: block, r) }
    }
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

  private func fingerprint(_ digests: [UInt32], _ heldOut: borrowing LoadedRows) -> String {
    let words: [UInt32] = digests + [UInt32(heldOut.rows), heldOut.digest(0..<heldOut.rows)]
    var digest = CRC32C()
    digest.update(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    return "\(assignment.rows)x\(source.dimension)-" + digest.text
  }

  private func scaling(
    _ statistics: ColumnStatistics, target: (any Target)?, standardise: Bool
  ) throws -> (standardisation: Standardisation, constant: [Bool]) {
    let constant = statistics.isConstant
    if let target, standardise { return (target.standardisation, constant.map { _ in false }) }
    let d = source.dimension
    if standardise {
      for j in 0..<d where !constant[j] && !statistics.variances[j].isNormal {
        let column = source.columnNames.map { shortened($0[j]) } ?? String(j)
        throw ExperimentError.configuration(
          Place(name),
          "column \(column) lies between \(statistics.least[j]) and \(statistics.largest[j]), and the square of its "
            + "width is beyond double precision; measure it in another unit")
      }
    }
    // A constant column is centred in any case: its trained coordinate is then 0, and adding the mean is exact.
    let mean = (0..<d).map { standardise || constant[$0] ? statistics.means[$0] : 0 }
    let scale = (0..<d).map { standardise && !constant[$0] ? statistics.variances[$0].squareRoot() : 1 }
    return (Standardisation(mean: mean, scale: scale), constant)
  }
}
