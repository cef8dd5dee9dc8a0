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
    tree: CanonicalTree, target: (any Targets.Target)?, standardise: Bool, keeping kept: DataSet.Description? = nil,
    _ communicator: Communicator
  ) throws -> DataSet {
    let shards = tree.range(rank: communicator.rank, of: communicator.size)
    let rows = ShardedRows(assignment: assignment, shards: shards, dimension: source.dimension, seed: experiment.seed)
    var heldOut = try communicator.agree { try read(into: rows, shards: shards) }
    let partials = try communicator.allGather(shards.flatMap { partial(of: $0, rows, shards) })
    let statistics = ColumnStatistics(partials: partials, dimension: source.dimension, tree: tree)
    var scaling = scaling(statistics, target: target, standardise: standardise)
    // Of another dimension the old scaling is of no use; the resume will be refused.
    if let kept, kept.dimension + kept.conditions == source.dimension {
      scaling = (kept.standardisation, kept.constantColumns)
    }
    scaling.standardisation.apply(to: &rows.rows)
    let heldOutDigest = digest(heldOut, heldOut.rows > 0 ? 0..<heldOut.rows : 0..<0)
    if heldOut.rows > 0 { scaling.standardisation.apply(to: &heldOut) }
    let words: [UInt32] = statistics.digests + [UInt32(heldOut.rows), heldOutDigest]
    var digest = CRC32C()
    digest.update(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    return DataSet(
      training: rows, heldOut: heldOut,
      description: DataSet.Description(
        dimension: source.dimension - experiment.conditionCount, conditions: experiment.conditionCount,
        rows: assignment.rows, columnNames: source.columnNames,
        standardisation: scaling.standardisation, constantColumns: scaling.constant,
        fingerprint: "\(assignment.rows)x\(source.dimension)-" + digest.text))
  }

  /// One pass over the source, and one over the held-out file where there is one.
  private func read(into rows: ShardedRows, shards: Range<Int>) throws -> Matrix {
    let own = assignment.positions(of: shards)
    let count = separate?.rows ?? heldOutCount
    var heldOut = Matrix(rows: count, columns: source.dimension)
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
          rows.rows.copyRow(place - own.lowerBound, from: block, r)
        }
      }
    }
    try separate?.forEachBlock { first, block in
      for r in 0..<block.rows { heldOut.copyRow(first + r, from: block, r) }
    }
    return heldOut
  }

  /// A shard's count, digest, means and sums of squared deviations (Welford's recurrence: exact for constants).
  private func partial(of shard: Int, _ rows: ShardedRows, _ shards: Range<Int>) -> [Double] {
    let first = assignment.positions(of: shards).lowerBound
    let positions = assignment.positions(of: shard)
    let local = positions.lowerBound - first..<positions.upperBound - first
    var means = [Double](repeating: 0, count: source.dimension)
    var squares = means
    for (k, r) in local.enumerated() {
      let row = rows.rows.row(r)
      for j in 0..<row.count {
        let x = Double(row[j])
        let delta = x - means[j]
        means[j] += delta / Double(k + 1)
        squares[j] += delta * (x - means[j])
      }
    }
    return [Double(local.count), Double(digest(rows.rows, local))] + means + squares
  }

  private func digest(_ matrix: borrowing Matrix, _ rows: Range<Int>) -> UInt32 {
    var crc = CRC32C()
    for r in rows {
      let row = matrix.row(r)
      unsafe row.withUnsafeBytes { unsafe crc.update($0.bytes) }
    }
    return crc.value
  }

  private func scaling(
    _ statistics: ColumnStatistics, target: (any Targets.Target)?, standardise: Bool
  ) -> (standardisation: Standardisation, constant: [Bool]) {
    let constant = statistics.variances.map { $0 == 0 }
    if let target, standardise { return (target.standardisation, constant.map { _ in false }) }
    let d = source.dimension
    // A constant column is centred in any case: its trained coordinate is then 0, and adding the mean is exact.
    let mean = (0..<d).map { standardise || constant[$0] ? statistics.means[$0] : 0 }
    let scale = (0..<d).map { standardise && !constant[$0] ? statistics.variances[$0].squareRoot() : 1 }
    return (Standardisation(mean: mean, scale: scale), constant)
  }
}

/// Means and variances of all rows, joined along the canonical tree.
struct ColumnStatistics {
  package let means: [Double]
  package let variances: [Double]
  package let digests: [UInt32]

  /// Joins the shards' partials.
  ///
  /// - Parameters:
  ///   - partials: for each shard its count, digest, means and sums of squared deviations.
  ///   - d: the number of columns.
  ///   - tree: the order of joining.
  init(partials: [Double], dimension d: Int, tree: CanonicalTree) {
    let width = 2 + 2 * d
    var nodes = (0..<tree.shards).map { Array(partials[$0 * width..<($0 + 1) * width]) }
    digests = nodes.map { UInt32($0[1]) }
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map { Self.join(nodes[$0], nodes[$0 + 1], d) }
    }
    means = Array(nodes[0][2..<2 + d])
    variances = nodes[0][(2 + d)...].map { $0 / nodes[0][0] }
  }

  // Chan, Golub and LeVeque 1983.
  private static func join(_ a: [Double], _ b: [Double], _ d: Int) -> [Double] {
    var joined = a
    let n = a[0] + b[0]
    joined[0] = n
    for j in 0..<d {
      let delta = b[2 + j] - a[2 + j]
      joined[2 + j] = a[2 + j] + delta * b[0] / n
      joined[2 + d + j] = a[2 + d + j] + b[2 + d + j] + delta * delta * a[0] * b[0] / n
    }
    return joined
  }
}
