internal import RealFunctions

/// What the numbers of a column can be, and the map to numbers without bounds in which they are centred, scaled and trained.
///
/// ```
/// number             y = x
/// integer            y = x,                              samples are rounded
/// levels K           y = x in 0 … K − 1,                 samples are rounded, and cut at the ends
/// indicator          y = x in {0, 1},                    samples are 0 or 1, whichever is nearer
/// positive           y = ln x
/// bounded [a, b]     y = Φ⁻¹((x − a)/(b − a)),           Φ the normal distribution function
/// ```
/// A uniform law on [a, b] becomes N(0, 1), the law in which forward processes end; the logit would leave tails like e^{−|y|}.
/// A number at a bound stands for one 2⁻²⁴ of the width inside it. Levels are trained dequantised: see `Dequantisation`.
public enum ColumnKind: Sendable, Equatable {
  /// Any number.
  case number
  /// Whole numbers.
  case integer
  /// 0 or 1: no, or yes.
  case indicator
  /// The whole numbers from 0 to `count` − 1, such as 256 grey values.
  case levels(count: Int)
  /// Numbers above 0.
  case positive
  /// Numbers from `low` to `high`, both included.
  case bounded(low: Double, high: Double)

  /// The part of the width by which a number at a bound is moved inside.
  private static let margin = 0x1p-24

  /// How many levels a column can have.
  public static let levelCounts = 2...65_536

  /// The kind by its words; nil for other words, or bounds that hold nothing between them.
  public init?(_ words: String) {
    switch words {
    case "number": self = .number
    case "integer": self = .integer
    case "indicator": self = .indicator
    case "positive": self = .positive
    default:
      if let match = words.wholeMatch(of: /levels +([0-9]{1,5})/), let count = Int(match.1) {
        guard Self.levelCounts.contains(count) else { return nil }
        self = .levels(count: count)
        return
      }
      guard let match = words.wholeMatch(of: /bounded *\[ *([^, \[\]]+) *, *([^, \[\]]+) *\]/),
        let low = Double(match.1), let high = Double(match.2), low < high, (high - low).isFinite
      else { return nil }
      self = .bounded(low: low, high: high)
    }
  }

  /// The words that experiment files use.
  public var words: String {
    switch self {
    case .number: "number"
    case .integer: "integer"
    case .indicator: "indicator"
    case .levels(let count): "levels \(count)"
    case .positive: "positive"
    case .bounded(let low, let high): "bounded [\(low), \(high)]"
    }
  }

  /// What numbers of this kind are, for messages; nil where any will do.
  public var expectation: String? {
    switch self {
    case .number: nil
    case .integer: "a whole number"
    case .indicator: "0 or 1"
    case .levels(let count): "a whole number from 0 to \(count - 1)"
    case .positive: "a number above 0 (the kind zero-or-positive takes 0 too)"
    case .bounded(let low, let high): "a number from \(low) to \(high)"
    }
  }

  /// Whether a number is of this kind.
  public func contains(_ x: Double) -> Bool {
    switch self {
    case .number: true
    case .integer: x == x.rounded()
    case .indicator: x == 0 || x == 1
    case .levels(let count): x == x.rounded() && x >= 0 && x < Double(count)
    case .positive: x > 0
    case .bounded(let low, let high): x >= low && x <= high
    }
  }

  /// Whether y is x.
  public var isLinear: Bool {
    switch self {
    case .number, .integer, .indicator, .levels: true
    case .positive, .bounded: false
    }
  }

  /// The number of levels, where numbers are levels.
  public var levels: Int? {
    if case .levels(let count) = self { count } else { nil }
  }

  /// Half of the largest number, where numbers lie between 0 and that; nil where there is none.
  public var halfWidth: Double? {
    switch self {
    case .indicator: 0.5
    case .levels(let count): 0.5 * Double(count - 1)
    default: nil
    }
  }

  /// y of a number of this kind.
  public func inner(_ x: Double) -> Double {
    switch self {
    case .number, .integer, .indicator, .levels: x
    case .positive: log(x)
    case .bounded(let low, let high):
      normalQuantile(min(max((x - low) / (high - low), Self.margin), 1 - Self.margin))
    }
  }

  /// x of any y, always of this kind.
  public func outer(_ y: Double) -> Double {
    switch self {
    case .number: return y
    case .integer: return y.rounded()
    case .indicator: return y >= 0.5 ? 1 : 0
    case .levels(let count): return min(max(y.rounded(), 0), Double(count - 1))
    case .positive: return max(exp(y), Double.leastNormalMagnitude)
    case .bounded(let low, let high):
      return min(max(low.addingProduct(high - low, normalProbability(y)), low), high)
    }
  }

  /// x in single precision, of this kind as well: rounding does not carry it over a bound.
  public func outerSingle(_ y: Double) -> Float {
    let x = outer(y)
    switch self {
    case .number, .integer, .indicator, .levels: return Float(x)
    case .positive: return max(Float(x), Float.leastNormalMagnitude)
    case .bounded(let low, let high):
      let single = Float(x)
      return Double(single) > high ? single.nextDown : Double(single) < low ? single.nextUp : single
    }
  }

  /// ln |dy/dx| at a number of this kind: what a log-density of x has beside that of y.
  public func logDerivative(_ x: Double) -> Double {
    switch self {
    case .number, .integer, .indicator, .levels: return 0
    case .positive: return -log(x)
    case .bounded(let low, let high):
      let y = inner(x)
      return 0.5 * y * y + 0.5 * log(2 * Double.pi) - log(high - low)
    }
  }
}
