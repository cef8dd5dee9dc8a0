public import LinearAlgebra
public import Randomness

/// Where a true θ stands among draws of its posterior, by three orders; each number is uniform on (0, 1) where the draws
/// come of the true posterior.
///
/// ```
/// u = (#{l : s(θ_l) < s(θ*)} + U (1 + #{l : s(θ_l) = s(θ*)})) / (L + 1),    U uniform on (0, 1)
///
/// parameters   s = θ_j                          simulation-based calibration
/// region       s = distance to the k-th nearest of the other points, k = ⌈√L⌉:   the share of mass above θ*'s density
/// distance     s = |θ − r|, r the θ of the training pair whose x is nearest       tests of accuracy with random points
/// ```
/// θ* and the L draws have one law given x where the posterior is right, so their order is any of (L + 1)! with the same
/// chance, as long as s treats all L + 1 points alike: that is why k-th neighbours are sought among all of them, and why
/// coordinates are measured in the standard deviations of all of them. U makes the discrete rank a continuous number. So
/// each u is uniform exactly, for any L and whatever the number of ties.
///
/// The density in `region` is the neighbours' estimate, and the regions are those of highest density by it: log q itself
/// costs a thousand evaluations of the network for each draw. Regions by any order have the right coverage under the right
/// posterior; the estimate only decides which wrong posteriors are seen best.
///
/// Sources: Talts et al. 2018, arXiv 1804.06788 (calibration); Hermans et al. 2022, arXiv 2110.06581 (expected coverage);
/// Lemos et al. 2023, arXiv 2302.03026 (TARP: r must depend on x, else the prior passes for the posterior).
public struct PosteriorRanks: Sendable, Equatable {
  /// u of each parameter.
  public let parameters: [Double]
  /// u of the density: the share of the posterior in the smallest region of highest density that holds θ*.
  public let region: Double
  /// u of the distance from a point that knows nothing of θ* but x.
  public let distance: Double

  /// All of them: the parameters', `region`, `distance`.
  public var all: [Double] { parameters + [region, distance] }

  /// The ranks of one pair.
  ///
  /// - Parameters:
  ///   - truth: θ*, d numbers.
  ///   - draws: the rows `range` are the L draws given its x, shape `[any, d]`.
  ///   - range: the draws' rows.
  ///   - point: r, d numbers.
  ///   - uniforms: the source of U; d + 2 numbers are taken.
  public init(
    of truth: [Double], among draws: borrowing Matrix, rows range: Range<Int>, point: [Double],
    _ uniforms: inout VariateSequence
  ) {
    let d = truth.count
    precondition(draws.columns == d && point.count == d && !range.isEmpty, "\(draws.columns) columns, \(range)")
    let count = range.count
    // Point 0 is θ*.
    var points = [truth]
    for r in range { points.append((0..<d).map { Double(draws[r, $0]) }) }
    parameters = (0..<d).map { j in Self.rank(points.map { $0[j] }, &uniforms) }
    let scales = (0..<d).map { j in Spread(of: points.map { $0[j] }).deviation }
    func squared(_ a: [Double], _ b: [Double]) -> Double {
      var sum = 0.0
      for j in 0..<d where scales[j] > 0 {
        let away = (a[j] - b[j]) / scales[j]
        sum.addProduct(away, away)
      }
      return sum
    }
    var distances = [Double](repeating: 0, count: (count + 1) * (count + 1))
    for i in 0...count {
      for k in 0..<i {
        let square = squared(points[i], points[k])
        (distances[i * (count + 1) + k], distances[k * (count + 1) + i]) = (square, square)
      }
    }
    // A point's distance from itself, 0, comes first.
    let neighbour = Int(Double(count).squareRoot().rounded(.up))
    region = Self.rank(
      (0...count).map { i in
        smallest(of: distances[i * (count + 1)..<(i + 1) * (count + 1)], count: neighbour + 1)[neighbour]
      }, &uniforms)
    distance = Self.rank(points.map { squared($0, point) }, &uniforms)
  }

  /// u of the first number among the others.
  private static func rank(_ values: [Double], _ uniforms: inout VariateSequence) -> Double {
    let others = values.dropFirst()
    let (below, ties) = (others.count { $0 < values[0] }, others.count { $0 == values[0] })
    return (Double(below) + uniforms.nextUniform() * Double(1 + ties)) / Double(values.count)
  }
}
