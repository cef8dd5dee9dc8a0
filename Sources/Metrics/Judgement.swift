/// A measured number, beside the two numbers without which a distance means nothing.
public struct Judgement: Sendable, Equatable {
  /// What was measured, for instance `sliced W2`.
  public var name: String
  /// The distance between true samples and the judged ones.
  public let value: Spread
  /// The same distance between two independent sets of true samples: no sampler can do better on average.
  ///
  /// nil where it is not known.
  public let floor: Spread?
  /// The same distance between true samples and draws from their Gaussian fit: two moments alone reach this.
  ///
  /// nil where it was not asked for.
  public let baseline: Spread?
  /// The number of repeats behind each spread; nil where it was not kept.
  public let repeats: Int?
  /// The number of rows in every set that was compared; nil where it was not kept.
  public let count: Int?
  /// The number of rows that the judged samples have, of which `count` were chosen at random; nil where it was not kept.
  public let rowsOfSamples: Int?
  /// The unit of all three, for instance `original units`; may be empty.
  public let unit: String

  /// A judgement from its parts.
  public init(
    name: String, value: Spread, floor: Spread? = nil, baseline: Spread? = nil, repeats: Int? = nil, count: Int? = nil,
    unit: String = "", rowsOfSamples: Int? = nil
  ) {
    self.name = name
    self.value = value
    self.floor = floor
    self.baseline = baseline
    self.repeats = repeats
    self.count = count
    self.unit = unit
    self.rowsOfSamples = rowsOfSamples
  }

  /// Where the value lies between the floor (0) and the Gaussian baseline (1).
  ///
  /// Also where less is worse, as with a p-value. nil where floor and baseline cannot be told apart: they are no further
  /// apart than their deviations' sum, or where one of them is missing.
  public var position: Double? {
    guard let floor, let baseline else { return nil }
    let width = baseline.mean - floor.mean
    return abs(width) > floor.deviation + baseline.deviation ? (value.mean - floor.mean) / width : nil
  }
}

extension Judgement {
  /// The unit of negative log-likelihoods, which unlike distances have no zero.
  public static let likelihoodUnit = "nats a row"
}
