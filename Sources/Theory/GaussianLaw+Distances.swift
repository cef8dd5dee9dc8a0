internal import LinearAlgebra
internal import RealFunctions

extension GaussianLaw {
  /// KL(self‖other), exact; infinite where `other` is singular.
  ///
  /// ```
  /// ½ Σ (λ − 1 − ln λ) + ½ |L⁻¹(m − n)|²,   λ the eigenvalues of L⁻¹ A L⁻ᵀ, other = N(n, LLᵀ)
  /// ```
  /// λ − 1 are the eigenvalues of L⁻¹(A − B)L⁻ᵀ, and λ − 1 − ln λ has a series, so nearby laws lose no digits.
  public func divergence(from other: GaussianLaw) -> Double {
    pairs(other).reduce(0) { sum, pair in
      let inverse = pair.1.covariance.cholesky().inverse
      let excess = (inverse * (pair.0.covariance - pair.1.covariance) * inverse.transpose).symmetricPart
      let shift = inverse * (pair.0.mean - pair.1.mean)
      let values = excess.symmetricEigen().values
      return (0..<values.size).reduce(sum + 0.5 * shift.dot(shift)) { $0 + 0.5 * excessOverLogarithm(values[$1]) }
    }
  }

  /// W2(self, other), exact to 1e-15 times the larger deviation (Bures; Dowson and Landau 1982).
  ///
  /// ```
  /// W2² = |m − n|² + tr (T − I) A (T − I),   T = A^{−½}(A^½ B A^½)^½ A^{−½}
  /// ```
  /// This is the cost of the optimal map T; tr A + tr B − 2 tr(A^½ B A^½)^½ would cancel for nearby laws.
  public func wasserstein(to other: GaussianLaw) -> Double {
    pairs(other).reduce(0) { $0 + squaredWasserstein($1.0, $1.1) }.squareRoot()
  }

  /// The total variation distance where it has a closed form: one coordinate of one block, or equal covariances.
  public func totalVariation(from other: GaussianLaw) -> Double? {
    let pairs = pairs(other)
    if pairs.allSatisfy({ $0.0.covariance == $0.1.covariance }) {
      let square = pairs.reduce(0) { sum, pair in
        let shift = pair.0.covariance.cholesky().inverse * (pair.0.mean - pair.1.mean)
        return sum + shift.dot(shift)
      }
      return erf((square / 8).squareRoot())
    }
    guard pairs.count == 1, pairs[0].0.mean.size == 1 else { return nil }
    return overlapDefect(pairs[0].0, pairs[0].1)
  }

  /// Bounds on the total variation distance from the Bhattacharyya coefficient ρ = ∫√(pq).
  ///
  /// ```
  /// 1 − ρ ≤ TV ≤ √(1 − ρ²)        (Le Cam 1986)
  /// ```
  public func totalVariationBounds(from other: GaussianLaw) -> ClosedRange<Double> {
    let exponent = pairs(other).reduce(0) { sum, pair in
      let (a, b) = (pair.0.covariance, pair.1.covariance)
      let middle = (a + b).scaled(by: 0.5)
      let shift = pair.0.mean - pair.1.mean
      let determinants = middle.determinant / (a.determinant * b.determinant).squareRoot()
      return sum + shift.dot(middle.inverse * shift) / 8 + 0.5 * log(determinants)
    }
    let affinity = exp(-max(exponent, 0))
    return (1 - affinity)...max(1 - affinity, (1 - affinity * affinity).squareRoot())
  }

  private func pairs(_ other: GaussianLaw) -> [(GaussianMoments, GaussianMoments)] {
    precondition(coordinates.count == other.coordinates.count, "\(coordinates.count), \(other.coordinates.count)")
    return Array(zip(coordinates, other.coordinates))
  }
}

private func squaredWasserstein(_ a: GaussianMoments, _ b: GaussianMoments) -> Double {
  let shift = a.mean - b.mean
  let eigenvalues = a.covariance.symmetricEigen().values
  let smallest = (0..<eigenvalues.size).reduce(Double.infinity) { min($0, eigenvalues[$1]) }
  let root = a.covariance.applyingSymmetric { max($0, 0).squareRoot() }
  let middle = (root * b.covariance * root).symmetricPart.applyingSymmetric { max($0, 0).squareRoot() }
  guard smallest > 1e-12 * a.covariance.norm else {
    // A singular law has no map from it; the trace formula holds, to 1e-8.
    return shift.dot(shift) + max(0, a.covariance.trace + b.covariance.trace - 2 * middle.trace)
  }
  let inverse = root.inverse
  let move = inverse * middle * inverse - .identity(root.size)
  return shift.dot(shift) + (move * a.covariance * move.transpose).trace
}

/// x − ln(1 + x) for x > −1, to rounding.
func excessOverLogarithm(_ x: Double) -> Double {
  guard abs(x) < 0.05 else { return x - log1p(x) }
  // x²/2 − x³/3 + …; the 14th term is below 1e-17 of the first.
  var (sum, power) = (0.0, -x)
  for n in 2..<16 {
    power *= -x
    sum += power / Double(n)
  }
  return sum
}

/// TV of two Gaussians on the line: their densities cross at the roots of a quadratic.
private func overlapDefect(_ p: GaussianMoments, _ q: GaussianMoments) -> Double {
  let (m, n) = (p.mean[0], q.mean[0])
  let (a, b) = (p.covariance[0, 0], q.covariance[0, 0])
  let cumulative = { (x: Double, m: Double, v: Double) in 0.5 * erfc((m - x) / (2 * v).squareRoot()) }
  // (x − m)²/a − (x − n)²/b = ln(b/a), around the middle of the means.
  let centre = 0.5 * (m + n)
  let (u, w) = (m - centre, n - centre)
  let (c2, c1) = (1 / a - 1 / b, -2 * (u / a - w / b))
  let c0 = u * u / a - w * w / b - log(b / a)
  let root = max(0, c1 * c1 - 4 * c2 * c0).squareRoot()
  let sum = -0.5 * (c1 + (c1 < 0 ? -root : root))
  let crossings = [sum / c2, c0 / sum].filter(\.isFinite).map { $0 + centre }.sorted()
  let gaps = crossings.map { cumulative($0, m, a) - cumulative($0, n, b) }
  return gaps.count == 2 ? abs(gaps[1] - gaps[0]) : abs(gaps.first ?? 0)
}
