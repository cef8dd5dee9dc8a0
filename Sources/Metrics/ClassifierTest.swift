public import LinearAlgebra
internal import Randomness

/// The classifier two-sample test: how often a network tells samples from true rows that it has not seen.
///
/// The pooled rows are cut at random into five folds. For each, a network of two hidden layers of 64 SiLU units learns the
/// other four by Adam (30 epochs, batches of 128, rate 2e-3 falling to 0 along a cosine) and is asked about the fold.
/// `ClassifierFeatures` says what the network is shown of each column. The accuracy is averaged over both sets. It is ½ where both
/// have one law, with a standard error of about (8 n)^{−½}, and 1 where every row gives itself away. Cost: five trainings of 2n rows.
///
/// Source: Lopez-Paz, Oquab, "Revisiting classifier two-sample tests", ICLR 2017, arXiv 1610.06545.
public struct ClassifierTest: SampleDistance {
  /// The name of the value.
  public var names: [String] { ["classifier accuracy"] }
  private let seed: UInt64
  private var reference: [[Float]] = []
  private var dimension = 0

  private static let folds = 5

  /// A test whose folds, orders and initial weights are drawn by `seed`.
  public init(seed: UInt64) { self.seed = seed }

  /// A share.
  public func units(coordinates: String) -> [String] { ["share of rows"] }

  /// Takes the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: Self.folds)
    dimension = reference.columns
    self.reference = Self.rows(reference)
  }

  /// A row of each set for every fold.
  public var fewestRows: Int { Self.folds }

  /// The accuracy on rows of both sets that were held out.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: Self.folds, dimension: dimension)
    let pooled = ClassifierFeatures(reference + Self.rows(samples)).matrix
    let n = reference.count
    let order = RandomStream(seed: seed, purpose: .metric, step: 1 << 20).permutation(of: pooled.rows).map { Int($0) }
    var right = [0, 0]
    for fold in 0..<Self.folds {
      let learned = order.indices.filter { $0 % Self.folds != fold }.map { order[$0] }
      let asked = order.indices.filter { $0 % Self.folds == fold }.map { order[$0] }
      var classifier = Classifier(
        inputs: pooled.columns, classes: 2, widths: [64, 64], seed: seed &+ UInt64(fold),
        orders: RandomStream(seed: seed, purpose: .metric, step: 1 << 20 + 1 + UInt64(fold)))
      classifier.learn(pooled, rows: learned) { $0 >= n ? 1 : 0 }
      for (row, answer) in zip(asked, classifier.classes(of: pooled, rows: asked)) where (row >= n) == (answer == 1) {
        right[row >= n ? 1 : 0] += 1
      }
    }
    return [0.5 * (Double(right[0]) / Double(n) + Double(right[1]) / Double(samples.rows))]
  }

  private static func rows(_ matrix: borrowing Matrix) -> [[Float]] {
    var rows: [[Float]] = []
    for i in 0..<matrix.rows {
      let row = matrix.row(i)
      rows.append((0..<row.count).map { row[$0] })
    }
    return rows
  }
}
