public import LinearAlgebra
internal import RealFunctions

/// Distances between the Gaussian fits of two sets: what the first two moments alone can tell.
///
/// ```
/// W2² = ‖m_0 − m_1‖² + tr S_0 + tr S_1 − 2 tr (S_0^½ S_1 S_0^½)^½          (Bures)
/// KL  = ½ (tr S_1⁻¹S_0 + (m_1 − m_0)ᵀS_1⁻¹(m_1 − m_0) − d + ln det S_1 − ln det S_0),   0 the reference
/// ```
/// The root's trace is that of the eigenvalues of L_0ᵀ S_1 L_0, S_0 = L_0 L_0ᵀ. Columns constant in both sets and equal do
/// not count in KL; it is infinite where only one fit is degenerate. Accuracy: relative 1e-7 (roots of eigenvalues lost
/// in rounding). Cost: n d² + 4d³.
///
/// Source: Dowson, Landau 1982; Gelbrich 1990 (Bures between Gaussians).
public struct GaussianDistances: SampleDistance {
  /// The names of the values.
  public var names: [String] { ["Gaussian W2", "Gaussian KL"] }
  private var reference: GaussianFit?

  /// Distances without a reference.
  public init() {}

  /// The coordinates' unit, and nats.
  public func units(coordinates: String) -> [String] { [coordinates, "nats"] }

  /// Fits the reference.
  public mutating func setReference(_ reference: borrowing Matrix) throws {
    self.reference = try GaussianFit(reference)
  }

  /// W2 and KL between the fits.
  public mutating func values(to samples: borrowing Matrix) throws -> [Double] {
    guard let reference else { preconditionFailure("no reference has been set") }
    try checkSamples(samples, atLeast: 2, dimension: reference.dimension)
    let other = try GaussianFit(samples)
    return [reference.wasserstein(to: other), reference.divergence(from: other)]
  }
}

extension GaussianFit {
  /// The Wasserstein distance of order 2 between two Gaussians.
  func wasserstein(to other: GaussianFit) -> Double {
    let d = dimension
    var square = 0.0
    for j in 0..<d {
      let difference = mean[j] - other.mean[j]
      square += difference * difference + covariance[j * d + j] + other.covariance[j * d + j]
    }
    let roots = symmetricEigenvalues(product(with: other), size: d).reduce(0) { $0 + max($1, 0).squareRoot() }
    return max(square - 2 * roots, 0).squareRoot()
  }

  /// L_0ᵀ S_1 L_0, row-major.
  private func product(with other: GaussianFit) -> [Double] {
    let d = dimension
    // Row j of `factor` is column j of L_0.
    var half = [Double](repeating: 0, count: d * d)
    for j in 0..<d {
      for i in j..<d {
        let l = factor[j * d + i]
        for k in 0..<d { half[j * d + k].addProduct(l, other.covariance[i * d + k]) }
      }
    }
    var product = half
    for j in 0..<d {
      for i in 0...j {
        var sum = 0.0
        for k in i..<d { sum.addProduct(half[j * d + k], factor[i * d + k]) }
        product[j * d + i] = sum
        product[i * d + j] = sum
      }
    }
    return product
  }

  /// The size of a column's numbers.
  private func size(_ j: Int) -> Double { abs(mean[j]) + covariance[j * dimension + j].squareRoot() }

  /// KL(self ‖ other).
  func divergence(from other: GaussianFit) -> Double {
    let d = dimension
    var sum = 0.0
    var columns: [[Double]] = (0..<d).map { j in (0..<d).map { factor[j * d + $0] } }
    columns.append((0..<d).map { mean[$0] - other.mean[$0] })
    for j in 0..<d {
      let (own, its) = (factor[j * d + j], other.factor[j * d + j])
      if own == 0 && its == 0 { continue }
      guard own > 0 && its > 0 else { return .infinity }
      sum += 2 * log(its / own) - 1
    }
    // Forward substitution with L_1: ‖L_1⁻¹ L_0‖² is the trace, ‖L_1⁻¹ (m_0 − m_1)‖² the rest.
    for column in columns {
      var rest = column
      for j in 0..<d {
        let pivot = other.factor[j * d + j]
        if pivot == 0 {
          // What rounding leaves of a column that the other fit determines, beside that column's size.
          if abs(rest[j]) > 1e-6 * (size(j) + other.size(j)) { return .infinity }
          continue
        }
        let x = rest[j] / pivot
        sum += x * x
        for i in j..<d { rest[i].addProduct(-x, other.factor[j * d + i]) }
      }
    }
    return 0.5 * sum
  }
}
