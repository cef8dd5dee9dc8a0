/// What a column of a table holds: numbers of a kind, or what is encoded as several trained columns.
///
/// ```
/// category            K words: one column of 0 and 1 for each word, or one column for two words
/// zero-or-positive    whether it is above 0, and the number where it is
/// atom-or-number      which of a few frequent numbers it is, its atoms, or another; and the number where it is another
/// ignored             nothing is trained
/// ```
/// Words become numbers as in STaSy (Kim, Lee and Park, ICLR 2023, arXiv 2210.04018): a sample's word is that of the largest
/// of its columns.
public enum ColumnContent: Sendable, Equatable {
  /// Numbers of a kind.
  case values(ColumnKind)
  /// Words, or numbers that are names.
  case category
  /// A share of exact zeros, and positive numbers.
  case zeroOrPositive
  /// Numbers of which some occur far more often than others, such as 40 hours a week.
  case atomOrNumber
  /// What is left out.
  case ignored

  /// The content by its words; nil for other words.
  public init?(_ words: String) {
    switch words {
    case "category": self = .category
    case "zero-or-positive": self = .zeroOrPositive
    case "atom-or-number": self = .atomOrNumber
    case "ignored": self = .ignored
    default:
      guard let kind = ColumnKind(words) else { return nil }
      self = .values(kind)
    }
  }

  /// The words that experiment files use.
  public var words: String {
    switch self {
    case .values(let kind): kind.words
    case .category: "category"
    case .zeroOrPositive: "zero-or-positive"
    case .atomOrNumber: "atom-or-number"
    case .ignored: "ignored"
    }
  }

  /// The kind of numbers; nil for what is encoded.
  public var kind: ColumnKind? { if case .values(let kind) = self { kind } else { nil } }
}
