public import LinearAlgebra
internal import RealFunctions

/// Whether samples of a Gaussian mixture visit all its modes, as often as they should, and nothing else.
///
/// ```
/// missed modes:       share of the modes with less than a tenth of the rows that their weight promises
/// mode weight error:  ½ Σ_k |share of rows in mode k − w_k|
/// outside modes:      share of rows further from their mode than 99.9 % of its own draws
/// ```
/// A row belongs to the mode of the largest posterior probability. The reference is not used: the mixture is known.
/// Cost: n d times the number of modes.
public struct ModeCoverage: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["missed modes", "mode weight error", "outside modes"] }
  private let weights: [Double]
  private let means: [[Double]]
  private let variances: [[Double]]
  private let radius: Double

  /// Coverage of the mixture of N(means_k, diag(variances_k)) with weights of sum 1; all variances positive.
  public init(weights: [Double], means: [[Double]], variances: [[Double]]) {
    precondition(weights.count == means.count && weights.count == variances.count, "\(weights.count) weights")
    precondition(variances.joined().allSatisfy { $0 > 0 }, "a mode without width")
    self.weights = weights
    self.means = means
    self.variances = variances
    // Wilson and Hilferty 1931: the cube root of χ²/d is nearly normal; 3.0902 is the normal's 99.9 % point.
    let spread = 2 / (9 * Double(means[0].count))
    radius = Double(means[0].count) * pow(1 - spread + 3.0902 * spread.squareRoot(), 3)
  }

  /// All are shares.
  public func units(coordinates: String) -> [String] { ["share of modes", "total variation", "share of rows"] }

  /// Checks the dimension; the mixture itself is the truth.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, dimension: means[0].count)
  }

  /// The three shares.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: means[0].count)
    var counts = [Int](repeating: 0, count: weights.count)
    var outside = 0
    let offsets = zip(weights, variances).map { log($0) - 0.5 * $1.reduce(0) { $0 + log($1) } }
    for i in 0..<samples.rows {
      let (mode, square) = nearest(doubles(samples, i), offsets)
      counts[mode] += 1
      if square > radius { outside += 1 }
    }
    let n = Double(samples.rows)
    let missed = zip(counts, weights).count { Double($0) < 0.1 * n * $1 }
    let error = zip(counts, weights).reduce(0) { $0 + abs(Double($1.0) / n - $1.1) }
    return [Double(missed) / Double(weights.count), 0.5 * error, Double(outside) / n]
  }

  /// The mode of the largest posterior, and the squared distance to it in its standard deviations.
  private func nearest(_ point: [Double], _ offsets: [Double]) -> (mode: Int, square: Double) {
    var best = (mode: 0, square: Double.infinity)
    var highest = -Double.infinity
    for k in weights.indices {
      var square = 0.0
      for j in point.indices {
        let difference = point[j] - means[k][j]
        square += difference * difference / variances[k][j]
      }
      let posterior = offsets[k] - 0.5 * square
      if posterior > highest { (highest, best) = (posterior, (k, square)) }
    }
    return best
  }
}
