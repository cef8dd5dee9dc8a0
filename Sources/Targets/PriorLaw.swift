public import Randomness

/// The law of one parameter before anything is observed.
///
/// ```
/// uniform [a, b]     θ = a + (b − a) U,   U uniform on (0, 1)
/// normal [m, s]      θ = m + s Z,         Z ~ N(0, 1)
/// ```
public enum PriorLaw: Sendable, Equatable {
  /// Every number from `low` to `high` alike.
  case uniform(low: Double, high: Double)
  /// N(`mean`, `deviation`²).
  case normal(mean: Double, deviation: Double)

  /// The law by its words; nil for other words, an empty interval, or a deviation that is not above 0.
  public init?(_ words: String) {
    guard let match = words.wholeMatch(of: /(uniform|normal) *\[ *([^, \[\]]+) *, *([^, \[\]]+) *\]/),
      let first = Double(match.2), let second = Double(match.3), first.isFinite, second.isFinite
    else { return nil }
    if match.1 == "uniform" {
      guard first < second, (second - first).isFinite else { return nil }
      self = .uniform(low: first, high: second)
    } else {
      guard second > 0 else { return nil }
      self = .normal(mean: first, deviation: second)
    }
  }

  /// The words that experiment files use.
  public var words: String {
    switch self {
    case .uniform(let low, let high): "uniform [\(low), \(high)]"
    case .normal(let mean, let deviation): "normal [\(mean), \(deviation)]"
    }
  }

  /// The kind of a column with this law.
  public var kind: ColumnKind {
    switch self {
    case .uniform(let low, let high): .bounded(low: low, high: high)
    case .normal: .number
    }
  }

  /// A draw, by one variate.
  public func draw(_ variates: inout VariateSequence) -> Double {
    switch self {
    // Rounding must not carry it over the bound.
    case .uniform(let low, let high): min(low + (high - low) * variates.nextUniform(), high)
    case .normal(let mean, let deviation): mean + deviation * variates.nextNormal()
    }
  }
}
