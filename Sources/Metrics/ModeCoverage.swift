public import LinearAlgebra
internal import RealFunctions

/// Whether samples of a Gaussian mixture visit all its modes, as often as they should, and nothing else.
///
/// ```
/// missed modes:       share of the modes with less than a tenth of the rows that their weight promises
/// mode weight error:  ½ Σ_k |share of rows in mode k − w_k|
/// outside modes:      share of rows further from their mode than 99.9 % of its own draws
/// mode width:         root mean square distance of rows that are not outside, over that of a mode's own draws
/// ```
/// The width is what noise at the end of sampling spoils first: below 1 modes are too narrow, above too wide, where no
/// distance in the data's own units shows anything.
/// A row belongs to the mode of the largest posterior probability. The reference is not used: the mixture is known.
/// Cost: n d times the number of modes.
public struct ModeCoverage: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["missed modes", "mode weight error", "outside modes", "mode width"] }
  private let weights: [Double]
  private let means: [[Double]]
  private let variances: [[Double]]
  private let radius: Double
  // E[χ² | χ² < radius], the mean squared distance of a mode's own draws that are not outside.
  private let expected: Double

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
    expected = Self.truncatedMean(degrees: Double(means[0].count), below: radius)
  }

  /// Shares, and a ratio.
  public func units(coordinates: String) -> [String] {
    ["share of modes", "total variation", "share of rows", "ratio"]
  }

  /// Checks the dimension; the mixture itself is the truth.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, dimension: means[0].count)
  }

  /// The three shares and the width; infinite where all rows are outside.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: means[0].count)
    var counts = [Int](repeating: 0, count: weights.count)
    var (outside, squares) = (0, 0.0)
    let offsets = zip(weights, variances).map { log($0) - 0.5 * $1.reduce(0) { $0 + log($1) } }
    for i in 0..<samples.rows {
      let (mode, square) = nearest(doubles(samples, i), offsets)
      counts[mode] += 1
      if square > radius { outside += 1 } else { squares += square }
    }
    let n = Double(samples.rows)
    let missed = zip(counts, weights).count { Double($0) < 0.1 * n * $1 }
    let error = zip(counts, weights).reduce(0) { $0 + abs(Double($1.0) / n - $1.1) }
    let inside = n - Double(outside)
    let width = inside > 0 ? (squares / inside / expected).squareRoot() : .infinity
    return [Double(missed) / Double(weights.count), 0.5 * error, Double(outside) / n, width]
  }

  /// E[χ² | χ² < r] of d degrees of freedom, by Simpson's rule over the square's root: to 1e-9.
  private static func truncatedMean(degrees d: Double, below r: Double) -> Double {
    let end = r.squareRoot()
    // The density of χ up to its constant, scaled by its summit so that no power overflows.
    let summit = max(d - 1, 0)
    func density(_ x: Double) -> Double {
      guard x > 0 else { return d == 1 ? 1 : 0 }
      let logarithm = (d - 1) * log(x) - 0.5 * x * x
      return exp(logarithm - (summit > 0 ? 0.5 * summit * (log(summit) - 1) : 0))
    }
    var (mass, moment) = (0.0, 0.0)
    for i in 0...4000 {
      let x = end * Double(i) / 4000
      let weight = (i == 0 || i == 4000 ? 1.0 : i % 2 == 1 ? 4 : 2) * density(x)
      mass += weight
      moment += weight * x * x
    }
    return moment / mass
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
