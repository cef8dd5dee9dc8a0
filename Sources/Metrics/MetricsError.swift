public import Communication

/// What can be wrong with the sample sets that a metric is given.
public enum MetricsError: StatusError, Equatable {
  /// The two sets do not live in the same space.
  case dimensionsDiffer(reference: Int, samples: Int)
  /// A set has fewer rows than the metric needs.
  case tooFewRows(rows: Int, needed: Int)
  /// An element is infinite or not a number.
  case notFinite(row: Int, column: Int)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .dimensionsDiffer(let reference, let samples):
      "the reference has \(reference) columns and the samples have \(samples): compare sets of one dimension"
    case .tooFewRows(let rows, let needed):
      "a distance needs at least \(needed) rows, and there are \(rows): give more samples"
    case .notFinite(let row, let column):
      "row \(row), column \(column) (counted from 0) is not finite: remove the row or find what produced it"
    }
  }
  /// EX_DATAERR: the samples cannot be judged.
  public var status: Int32 { 65 }
}
