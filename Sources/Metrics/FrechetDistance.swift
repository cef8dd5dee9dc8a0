public import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// The Fréchet distance between two sets as a classifier sees them.
///
/// ```
/// d² = ‖m_0 − m_1‖² + tr (S_0 + S_1 − 2 (S_0^½ S_1 S_0^½)^½)
/// ```
/// m and S are mean and covariance of the 64 units of a classifier's last hidden layer. It is the distance that the field
/// reports for pictures, with a classifier of ours in place of Inception: values of different classifiers cannot be compared.
///
/// The classifier has hidden layers of 256 and 64 units. It learns nine tenths of the labelled rows, each column shifted and
/// scaled to mean 0 and variance 1 and cut at five deviations; a tenth tells its accuracy. Cost: one training, then n d² of
/// 64 features.
///
/// Source: Heusel and others, "GANs trained by a two time-scale update rule", 2017, arXiv 1706.08500.
public struct FrechetDistance: SampleDistance, ~Copyable {
  /// The name of the value.
  public var names: [String] { ["Fréchet distance"] }
  /// The share of the labelled rows kept apart whose class was found.
  public let accuracy: Double
  /// How many labelled rows were kept apart.
  public let asked: Int
  private let means, scales: [Double]
  private var classifier: Classifier
  private var reference: GaussianFit?

  /// Trains the classifier.
  ///
  /// - Parameters:
  ///   - rows: `[rows, dimension]`, at least 20.
  ///   - classes: the class of each row, from 0; at least two occur.
  ///   - seed: of first weights and orders.
  public init(rows: borrowing Matrix, classes: [Int], seed: UInt64) {
    precondition(rows.rows == classes.count && rows.rows >= 20, "\(classes.count) classes of \(rows.rows) rows")
    var means = [Double](repeating: 0, count: rows.columns)
    var scales = means
    for j in means.indices {
      let values = (0..<rows.rows).map { Double(rows[$0, j]) }
      let spread = Spread(of: values)
      (means[j], scales[j]) = (spread.mean, spread.deviation > 0 ? 1 / spread.deviation : 0)
    }
    (self.means, self.scales) = (means, scales)
    let order = RandomStream(seed: seed, purpose: .metric, step: 1 << 21).permutation(of: rows.rows).map { Int($0) }
    let asked = Array(order.prefix(rows.rows / 10))
    classifier = Classifier(
      inputs: rows.columns, classes: (classes.max() ?? 0) + 1, widths: [256, 64], seed: seed,
      orders: RandomStream(seed: seed, purpose: .metric, step: 1 << 21 + 1))
    let inputs = Self.inputs(rows, means, scales)
    classifier.learn(inputs, rows: Array(order.dropFirst(asked.count))) { classes[$0] }
    let found = zip(asked, classifier.classes(of: inputs, rows: asked)).count { classes[$0] == $1 }
    (accuracy, self.asked) = (Double(found) / Double(asked.count), asked.count)
  }

  /// Features have no unit of the data.
  public func units(coordinates: String) -> [String] { ["classifier's features, squared"] }

  /// Fits the reference's features.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    self.reference = try fit(reference)
  }

  /// The distance to the reference.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    guard let reference else { preconditionFailure("no reference has been set") }
    let distance = reference.wasserstein(to: try fit(samples))
    return [distance * distance]
  }

  /// The Gaussian fit of rows as the classifier sees them.
  mutating func fit(_ rows: borrowing Matrix) throws -> GaussianFit {
    try checkSamples(rows, atLeast: 2, dimension: means.count)
    return try GaussianFit(classifier.features(of: Self.inputs(rows, means, scales)))
  }

  private static func inputs(_ rows: borrowing Matrix, _ means: [Double], _ scales: [Double]) -> Matrix {
    var inputs = Matrix(rows: rows.rows, columns: rows.columns)
    for r in 0..<rows.rows {
      for j in means.indices { inputs[r, j] = Float(min(max((Double(rows[r, j]) - means[j]) * scales[j], -5), 5)) }
    }
    return inputs
  }
}
