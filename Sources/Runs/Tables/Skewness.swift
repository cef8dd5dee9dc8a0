/// The skewness of numbers that come one after another.
///
/// ```
/// g = √n M₃ / M₂^{3/2},   M_k = Σ (x_i − x̄)^k
/// ```
/// 0 for a symmetric law, 2 for an exponential one. The sums are brought up to date with each number: Pébay 2008, Sandia report
/// SAND2008-6212, equations 1.1 to 1.3.
struct Skewness {
  private(set) var count = 0
  private var (mean, squares, cubes) = (0.0, 0.0, 0.0)

  /// Takes a number.
  mutating func add(_ x: Double) {
    count += 1
    let n = Double(count)
    let step = (x - mean) / n
    let term = (x - mean) * step * (n - 1)
    mean += step
    cubes += term * step * (n - 2) - 3 * step * squares
    squares += term
  }

  /// g; 0 where nothing varies.
  var value: Double { squares > 0 ? Double(count).squareRoot() * cubes / (squares * squares.squareRoot()) : 0 }
}
