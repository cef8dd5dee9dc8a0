public import Communication

/// What can be wrong with the sample sets that a metric is given.
public enum MetricsError: StatusError, Equatable {
  /// The two sets do not live in the same space.
  case dimensionsDiffer(reference: Int, samples: Int)
  /// A set has fewer rows than the metric needs.
  case tooFewRows(rows: Int, needed: Int)
  /// A set has more rows than the metric can take.
  case tooManyRows(rows: Int, most: Int)
  /// The metric pairs rows, and the sets have different numbers of them.
  case countsDiffer(reference: Int, samples: Int)
  /// An element is infinite or not a number.
  case notFinite(row: Int, column: Int)
  /// The costs of all pairs do not fit into memory.
  case memory(rows: Int)
  /// The network simplex ended without an optimum.
  case unsolved(rows: Int)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .dimensionsDiffer(let reference, let samples):
      "the reference has \(reference) columns and the samples have \(samples): compare sets of one dimension"
    case .tooFewRows(let rows, let needed):
      "a distance needs at least \(needed) rows, and there are \(rows): give more samples"
    case .tooManyRows(let rows, let most):
      "an exact W2 takes at most \(most) rows, and there are \(rows): take fewer, or the sliced W2"
    case .countsDiffer(let reference, let samples):
      "the reference has \(reference) rows and the samples have \(samples): this distance pairs sets of one size"
    case .notFinite(let row, let column):
      "row \(row), column \(column) (counted from 0) is not finite: remove the row or find what produced it"
    case .memory(let rows):
      "the costs of \(rows) × \(rows) pairs do not fit into memory: lower evaluation.pair_count or start fewer ranks"
    case .unsolved(let rows):
      "the network simplex found no assignment of \(rows) rows: please report this with the two sets"
    }
  }
  /// EX_DATAERR: the samples cannot be judged.
  public var status: Int32 { 65 }
}
