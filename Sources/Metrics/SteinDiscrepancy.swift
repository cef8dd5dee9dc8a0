public import LinearAlgebra

/// The kernelised Stein discrepancy of samples from a law whose score s = ∇ log p is known, without any true sample.
///
/// ```
/// KSD² = mean_{i,j} (s_i·s_j q^{−½} + (s_i − s_j)·(x_i − x_j) q^{−3/2} + d q^{−3/2} − 3r² q^{−5/2}),   q = 1 + r², r = ‖x_i − x_j‖
/// ```
/// The kernel is the inverse multiquadric q^{−½}, which unlike a Gaussian one sees mass that escapes to infinity.
/// Coordinates are scaled to the reference's mean and standard deviations, so the value has no unit. All pairs count,
/// i = j included: the value of true samples falls like n^{−½} and is the floor. It hardly sees wrong weights of distant
/// modes. Sums are in Double. Cost: 3n² products of d.
///
/// Source: Gorham, Mackey, "Measuring sample quality with kernels", ICML 2017, arXiv 1703.01717.
public struct SteinDiscrepancy: SampleDistance, ~Copyable {
  /// The name of the value.
  public var names: [String] { ["kernel Stein discrepancy"] }
  private let score: (borrowing Matrix, inout Matrix) throws -> Void
  private var mean: [Double] = []
  private var scale: [Double] = []

  /// A discrepancy from the law with this score.
  /// - Parameter score: writes ∇ log p for every row, in the coordinates of the sets.
  public init(score: @escaping (_ rows: borrowing Matrix, _ score: inout Matrix) throws -> Void) {
    self.score = score
  }

  /// Without unit, as coordinates are standardised.
  public func units(coordinates: String) -> [String] { ["standardised"] }

  /// Takes the reference's means and standard deviations.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: 2)
    mean = columnMeans(reference)
    scale = mean.indices.map { j in
      let squares = (0..<reference.rows).reduce(0.0) { sum, r in
        let difference = Double(reference[r, j]) - mean[j]
        return sum + difference * difference
      }
      return squares > 0 ? (squares / Double(reference.rows - 1)).squareRoot() : 1
    }
  }

  /// KSD of `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, dimension: mean.count)
    let n = samples.rows
    var scores = Matrix(rows: n, columns: samples.columns)
    try score(samples, &scores)
    var scaled = Matrix(rows: n, columns: samples.columns)
    for i in 0..<n {
      for j in 0..<samples.columns {
        scaled[i, j] = Float((Double(samples[i, j]) - mean[j]) / scale[j])
        scores[i, j] = Float(Double(scores[i, j]) * scale[j])
      }
    }
    return [(Self.sum(scaled, scores) / (Double(n) * Double(n))).squareRoot()]
  }

  /// The sum over all pairs: twice those with i < j, and the diagonal.
  private static func sum(_ rows: borrowing Matrix, _ scores: borrowing Matrix) -> Double {
    let (n, d) = (rows.rows, Double(rows.columns))
    let (x, s) = (RowPanels(rows), RowPanels(scores))
    // s_i·x_i, needed for every pair of i.
    let own = (0..<n).map { i in zip(x.point(i), s.point(i)).reduce(0) { $0 + $1.0 * $1.1 } }
    var (squares, scoreProducts) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var (fromScore, fromRow) = (squares, squares)
    var total = 0.0
    for i in 0..<n {
      let (point, slope) = (x.point(i), s.point(i))
      x.squaredDistances(from: point, into: &squares)
      s.products(with: slope, into: &scoreProducts)
      x.products(with: slope, into: &fromScore)
      s.products(with: point, into: &fromRow)
      var sum = 0.0
      for j in i..<n {
        let q = 1 + squares[j]
        let root = 1 / q.squareRoot()
        let cube = root / q
        // (s_i − s_j)·(x_i − x_j)
        let change = own[i] - fromScore[j] - fromRow[j] + own[j]
        let value = scoreProducts[j] * root + change * cube + d * cube - 3 * squares[j] * cube / q
        sum += j == i ? value : 2 * value
      }
      total += sum
    }
    return max(total, 0)
  }
}
