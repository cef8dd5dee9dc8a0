internal import Communication
internal import Configuration
internal import Diffusion
internal import Files
internal import LinearAlgebra
internal import Reports
internal import Targets
internal import Training

/// The map of some columns to trained coordinates, and which of them never change.
struct Scaling {
  let standardisation: Standardisation
  let constant: [Bool]
}

/// What all ranks know of some columns.
struct LoadedColumns {
  let statistics: ColumnStatistics
  /// The first rows, row after row.
  let shown: [Double]
  let scaling: Scaling
}

/// This rank's rows in trained coordinates, and what all ranks know of their columns.
struct OwnRows: ~Copyable {
  var rows: Matrix
  var parts: [LoadedColumns]
  /// How many rows of all ranks are held-out rows too.
  let shared: Int
}

extension DataLoader {
  /// What all ranks know of some columns, once each has gone through its rows.
  func loaded(
    _ columns: Range<Int>, _ own: borrowing LoadedRows, _ digests: [UInt32], _ shards: Range<Int>, _ kept: Scaling?,
    _ communicator: Communicator
  ) throws -> LoadedColumns {
    let partials = try communicator.allGather(
      zip(shards, digests).flatMap { partial(of: $0, own, $1, shards) })
    let statistics = ColumnStatistics(
      partials: partials, dimension: columns.count, tree: CanonicalTree(shards: experiment.training.shards))
    let shown = try communicator.allGather(shards.flatMap { firstRows(of: $0, own, shards) })
    let scaling = try communicator.agree { try self.scaling(columns, statistics) }
    return LoadedColumns(
      statistics: statistics, shown: shown,
      scaling: kept.map { kept in
        Scaling(
          standardisation: Standardisation(
            mean: Array(kept.standardisation.mean[columns]), scale: Array(kept.standardisation.scale[columns])),
          constant: Array(kept.constant[columns]))
      } ?? scaling)
  }

  /// The few rows by which columns are looked at, whole again.
  static func shown(_ parts: [LoadedColumns]) -> [Double] {
    guard parts.count > 1 else { return parts[0].shown }
    let widths = parts.map(\.statistics.means.count)
    let rows = parts[0].shown.count / max(widths[0], 1)
    return (0..<rows).flatMap { r in
      zip(parts, widths).flatMap { part, width in part.shown[r * width..<(r + 1) * width] }
    }
  }

  private func scaling(_ columns: Range<Int>, _ statistics: ColumnStatistics) throws -> Scaling {
    let (target, standardise) = (data.target, experiment.data.standardise)
    let constant = statistics.isConstant
    if let target, standardise, data.kinds.isEmpty {
      return Scaling(standardisation: target.standardisation, constant: constant.map { _ in false })
    }
    let d = columns.count
    // Discrete states are their own coordinates, whatever values occur.
    if experiment.process.chain != nil {
      guard data.kinds.count == source.dimension, data.kinds.allSatisfy({ $0.levels == experiment.data.levels }) else {
        throw ToolError.configuration(
          Place(data.name),
          "holds words or missing cells, but process.kind \(experiment.process.words) needs whole numbers from 0 to "
            + "data.levels − 1 in every column; number the words")
      }
      return Scaling(standardisation: .identity(d), constant: [Bool](repeating: false, count: d))
    }
    for j in 0..<d where target == nil {
      // Samples are around the data, and distances compute in single precision too.
      let reach = abs(statistics.means[j]) + 4 * statistics.variances[j].squareRoot()
      let largest = max(abs(statistics.least[j]), abs(statistics.largest[j]), reach)
      guard largest > Double(Float.greatestFiniteMagnitude) else { continue }
      let column = columnTitle(columns.lowerBound + j, source.columnNames)
      throw ToolError.configuration(
        Place(data.name),
        "column \(column) lies between \(statistics.least[j]) and \(statistics.largest[j]): numbers about it are beyond "
          + "single precision (3.4e38), in which samples are judged; measure it in a larger unit")
    }
    if standardise {
      for j in 0..<d where !constant[j] && !statistics.variances[j].isNormal {
        let column = columnTitle(columns.lowerBound + j, source.columnNames)
        throw ToolError.configuration(
          Place(data.name),
          "column \(column) lies between \(statistics.least[j]) and \(statistics.largest[j]), and the square of its "
            + "width is beyond double precision; measure it in another unit")
      }
    }
    // A constant column is centred in any case: its trained coordinate is then 0, and adding the mean is exact. Levels that
    // nothing else scales lie in [−1, 1], and indicators always: a rare word would lie far from all others.
    let half = columns.map { data.kinds.isEmpty ? nil : data.kinds[$0].halfWidth }
    let isScaled = columns.map { standardise && (data.kinds.isEmpty || data.kinds[$0] != .indicator) }
    let mean = (0..<d).map { isScaled[$0] || constant[$0] ? statistics.means[$0] : half[$0] ?? 0 }
    let scale = (0..<d).map { isScaled[$0] && !constant[$0] ? statistics.variances[$0].squareRoot() : half[$0] ?? 1 }
    return Scaling(standardisation: Standardisation(mean: mean, scale: scale), constant: constant)
  }

  /// A shard's count, digest, means, sums of squared deviations (Welford's recurrence: exact for constants), least and
  /// largest numbers.
  private func partial(
    of shard: Int, _ rows: borrowing LoadedRows, _ digest: UInt32, _ shards: Range<Int>
  ) -> [Double] {
    let local = self.local(shard, shards)
    var means = [Double](repeating: 0, count: rows.columns)
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
    return [Double(local.count), Double(digest)] + means + squares + least + largest
  }

  /// A shard's part of the few rows by which columns are looked at, row after row; none where they would be too many
  /// numbers.
  private func firstRows(of shard: Int, _ rows: borrowing LoadedRows, _ shards: Range<Int>) -> [Double] {
    let each = min(2048, 4_194_304 / source.dimension) / assignment.shards
    return local(shard, shards).prefix(each).flatMap { r in (0..<rows.columns).map { rows[r, $0] } }
  }
}
