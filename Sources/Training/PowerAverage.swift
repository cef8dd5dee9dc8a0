internal import RealFunctions

/// An average of the parameters over training whose weight at step τ of t grows like a power of τ.
///
/// ```
/// θ̄_t = (γ + 1)/t^{γ+1} ∫₀ᵗ τ^γ θ_τ dτ,   θ̄ ← θ̄ + (1 − (1 − 1/t)^{γ+1})(θ − θ̄)
/// ```
/// Karras et al. 2024 (arXiv 2312.02696), eqs. 1 and 2 and appendix C. Its length is the standard deviation of the step under
/// that weight, as a share of t: (γ+1)^½ (γ+2)^{−1} (γ+3)^{−½}; 0.1 is γ = 6.94, 0.05 is γ = 16.97.
public struct PowerAverage: Sendable, Equatable {
  /// γ.
  public let exponent: Double

  /// The lengths that there are: at 12^{−½} all steps would count alike.
  public static let lengths = 0.001...0.28

  /// The average of a length; γ by bisection, as the length falls with γ.
  public init(length: Double) {
    precondition(Self.lengths.contains(length), "an average of the length \(length)")
    var (low, high) = (0.0, 1e4)
    for _ in 0..<200 {
      let middle = 0.5 * (low + high)
      if Self.length(middle) > length { low = middle } else { high = middle }
    }
    exponent = 0.5 * (low + high)
  }

  private static func length(_ gamma: Double) -> Double {
    ((gamma + 1) / (gamma + 3)).squareRoot() / (gamma + 2)
  }

  /// 1 − (1 − 1/t)^{γ+1}: how far the average moves at step t, from 1.
  func rate(at step: Int) -> Float {
    guard step > 1 else { return 1 }
    return Float(-expm1((exponent + 1) * log1p(-1 / Double(step))))
  }

  /// ∫ p q over the steps, for the weights p and q of two averages up to one step, which is taken for 1.
  private static func product(_ a: Double, _ b: Double) -> Double { (a + 1) * (b + 1) / (a + b + 1) }

  /// The weights with which averages of some lengths, added up, come nearest to one of another: least squares between the
  /// weights over the steps, divided by their sum.
  ///
  /// - Parameters:
  ///   - length: that of the wanted average.
  ///   - known: the lengths at hand, all different.
  /// - Returns: a weight for each, of sum 1, and the distance left beside the wanted weights' own size.
  public static func weights(of length: Double, from known: [Double]) -> (weights: [Double], error: Double) {
    let (target, basis) = (PowerAverage(length: length).exponent, known.map { PowerAverage(length: $0).exponent })
    let n = basis.count
    var rows = basis.map { a in basis.map { product(a, $0) } + [product(a, target)] }
    // The matrix is symmetric and positive definite: elimination needs no other order of rows.
    for k in 0..<n {
      for i in 0..<n where i != k {
        let factor = rows[i][k] / rows[k][k]
        for j in k...n { rows[i][j] -= factor * rows[k][j] }
      }
    }
    let raw = (0..<n).map { rows[$0][n] / rows[$0][$0] }
    let sum = raw.reduce(0, +)
    let weights = raw.map { $0 / sum }
    var square = product(target, target)
    for i in 0..<n {
      square -= 2 * weights[i] * product(basis[i], target)
      for j in 0..<n { square += weights[i] * weights[j] * product(basis[i], basis[j]) }
    }
    return (weights, (max(square, 0) / product(target, target)).squareRoot())
  }
}
