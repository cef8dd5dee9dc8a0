/// What is known of a number.
public enum Certainty: String, Sendable, CaseIterable {
  /// A closed form, or a computation whose error is rounding.
  case exact
  /// The quantity is at most this.
  case upperBound = "upper bound"
  /// The quantity is at least this.
  case lowerBound = "lower bound"
  /// A numerical or Monte-Carlo value whose error is estimated, not bounded.
  case estimate
}

/// A number with its certainty and the theorem or method behind it.
public struct MarkedValue: Sendable, Equatable {
  /// What it is a value of, for instance `Poincaré constant`.
  public var quantity: String
  /// The number.
  public var value: Double
  /// What is known of it.
  public var certainty: Certainty
  /// The theorem or the method.
  public var source: String

  /// A value from its parts.
  public init(_ quantity: String, _ value: Double, _ certainty: Certainty, _ source: String) {
    self.quantity = quantity
    self.value = value
    self.certainty = certainty
    self.source = source
  }
}
