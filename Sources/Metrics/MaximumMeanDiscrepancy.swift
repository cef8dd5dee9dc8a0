public import LinearAlgebra
internal import Randomness
internal import RealFunctions

/// The squared maximum mean discrepancy of a Gaussian kernel, without bias, and its permutation p-value.
///
/// ```
/// MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) − 2 mean k(x_i, y_j),   k = exp(−r² / 2h²)
/// ```
/// h is the median distance of the pooled pairs: all of them up to 1,000 pooled rows, beyond that those of the first 500
/// rows of each set. The p-value is the share, one counted for the observed value, of random relabellings of the pooled
/// rows whose MMD² is at least the observed one. It is one valid test of the hypothesis that both sets have one law: at
/// most α in probability below any α where they do. MMD² may be below zero.
/// Accuracy: 1e-12 for MMD²; the relabelled values are sums in Float, to 1e-6. Cost: 2n² kernels, and 4n² products for
/// each relabelling.
///
/// Source: Gretton et al., "A kernel two-sample test", JMLR 13, 2012.
public struct MaximumMeanDiscrepancy: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["MMD²", "MMD p-value"] }
  private let permutations: Int
  private let seed: UInt64
  private var reference = RowPanels(Matrix(rows: 0, columns: 0))

  /// A discrepancy whose p-value is taken over `permutations` relabellings drawn by `seed`.
  public init(permutations: Int = 200, seed: UInt64) {
    precondition(permutations > 0, "\(permutations) permutations")
    self.permutations = permutations
    self.seed = seed
  }

  /// The mean of a kernel, and a probability.
  public func units(coordinates: String) -> [String] { ["kernel mean", "probability, one test of equal laws"] }

  /// The second value is the p-value of a single test.
  public var singleTests: Set<Int> { [1] }

  /// Takes the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    try checkSamples(reference, atLeast: 2)
    self.reference = RowPanels(reference)
  }

  /// MMD² and p-value of `samples`.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    try checkSamples(samples, atLeast: 2, dimension: reference.dimension)
    let n = reference.count
    let m = samples.rows
    let pooled = Pooled(reference, RowPanels(samples))
    let bandwidth = pooled.medianDistance
    // All rows alike: nothing tells the sets apart.
    guard bandwidth > 0 else { return [0, 1] }
    var kernel = Matrix(rows: n + m, columns: n + m)
    let observed = pooled.discrepancy(bandwidth: bandwidth, kernel: &kernel)
    return [observed, pValue(kernel, first: n, observed: observed)]
  }

  /// The share of relabellings, the observed one among them, with at least the observed discrepancy.
  private func pValue(_ kernel: borrowing Matrix, first n: Int, observed: Double) -> Double {
    let all = kernel.rows
    var labels = Matrix(rows: all, columns: permutations)
    for p in 0..<permutations {
      let order = RandomStream(seed: seed, purpose: .metric, step: UInt64(p)).permutation(of: all)
      for row in order.prefix(n) { labels[Int(row), p] = 1 }
    }
    var sums = Matrix(rows: all, columns: permutations)
    MatrixProduct(
      rows: all, columns: permutations, inner: all, left: .plain(stride: all), rightStride: permutations,
      stride: permutations)(kernel, labels, into: &sums)
    let rowSums = (0..<all).map { i in
      let row = kernel.row(i)
      return (0..<all).reduce(0.0) { $0 + Double(row[$1]) }
    }
    let total = rowSums.reduce(0, +)
    // Rounding in Float must not make the very labelling that was observed look smaller than itself.
    let bar = observed - 1e-6
    var reached = 1
    for p in 0..<permutations {
      var within = 0.0
      var touching = 0.0
      for i in 0..<all where labels[i, p] == 1 {
        within += Double(sums[i, p])
        touching += rowSums[i]
      }
      let across = touching - within
      let (a, b) = (Double(n), Double(all - n))
      let value = within / (a * (a - 1)) + (total - within - 2 * across) / (b * (b - 1)) - 2 * across / (a * b)
      if value >= bar { reached += 1 }
    }
    return Double(reached) / Double(permutations + 1)
  }
}

/// Two sets as one list of rows.
private struct Pooled {
  let sets: [RowPanels]

  init(_ first: RowPanels, _ second: RowPanels) { sets = [first, second] }

  /// The median over pairs i < j; of an even number of them, the mean of the middle two.
  var medianDistance: Double {
    let parts = sets[0].count + sets[1].count > 1_000 ? 500 : Int.max
    var squares: [Double] = []
    for (s, set) in sets.enumerated() {
      for i in 0..<min(set.count, parts) {
        let point = set.point(i)
        for (o, other) in sets.enumerated() where o >= s {
          var distances = [Double](repeating: 0, count: other.count)
          other.squaredDistances(from: point, into: &distances)
          squares += distances[(o == s ? i + 1 : 0)..<max(min(other.count, parts), o == s ? i + 1 : 0)]
        }
      }
    }
    squares.sort()
    let middle = squares.count / 2
    let upper = squares[middle].squareRoot()
    return squares.count % 2 == 1 ? upper : 0.5 * (squares[middle - 1].squareRoot() + upper)
  }

  /// MMD²; fills the kernel matrix of all rows, its diagonal zero.
  func discrepancy(bandwidth: Double, kernel: inout Matrix) -> Double {
    let n = sets[0].count
    let factor = -0.5 / (bandwidth * bandwidth)
    var sums = [[0.0, 0.0], [0.0, 0.0]]
    for (s, set) in sets.enumerated() {
      for i in 0..<set.count {
        let point = set.point(i)
        for (o, other) in sets.enumerated() {
          var distances = [Double](repeating: 0, count: other.count)
          other.squaredDistances(from: point, into: &distances)
          var sum = 0.0
          for j in 0..<other.count where s != o || i != j {
            let value = exp(factor * distances[j])
            sum += value
            kernel[s * n + i, o * n + j] = Float(value)
          }
          sums[s][o] += sum
        }
      }
    }
    let (a, b) = (Double(n), Double(sets[1].count))
    return sums[0][0] / (a * (a - 1)) + sums[1][1] / (b * (b - 1)) - 2 * sums[0][1] / (a * b)
  }
}
