internal import RealFunctions
public import Targets

// Conventions: Var f ≤ C_P E|∇f|² (Poincaré) and KL ≤ ½ C_LS I (log-Sobolev); C_P ≤ C_LS, and N(0, s²) has both equal
// to s².

/// Constants of Gaussian data blurred by independent noise: the law of m X + √q Z.
public func gaussianConstants(_ data: GaussianData, mean m: Double, noise q: Double) -> [MarkedValue] {
  let largest = data.variance.reduce(0) { max($0, m * m * $1 + q) }
  return [
    MarkedValue("Poincaré constant", largest, .exact, "largest variance (Gaussian)"),
    MarkedValue("log-Sobolev constant", largest, .exact, "largest variance (Gross 1975)"),
  ]
}

/// Constants of X given X + √q Z = y for Gaussian data: the same for every y.
public func gaussianPosteriorConstants(_ data: GaussianData, noise q: Double) -> [MarkedValue] {
  let largest = data.variance.reduce(0) { max($0, $1 * q / ($1 + q)) }
  return [
    MarkedValue("Poincaré constant, any y", largest, .exact, "largest posterior variance (Gaussian)"),
    MarkedValue("log-Sobolev constant, any y", largest, .exact, "largest posterior variance (Gross 1975)"),
  ]
}

extension GaussianMixture {
  /// The law of m X + √q Z.
  public func blurred(mean m: Double, noise q: Double) -> GaussianMixture {
    GaussianMixture(
      weights: weights, means: means.map { $0.map { m * $0 } },
      variances: variances.map { $0.map { m * m * $0 + q } })
  }

  /// The law of X given X + √q Z = y: the same components, shrunk, with tilted weights.
  public func posterior(given y: [Double], noise q: Double) -> GaussianMixture {
    precondition(q > 0 && y.count == dimension, "noise \(q), \(y.count) coordinates")
    let exponents = weights.indices.map { k in
      log(weights[k])
        + y.indices.reduce(0) { sum, i in
          let v = variances[k][i] + q
          return sum - 0.5 * (log(v) + (y[i] - means[k][i]) * (y[i] - means[k][i]) / v)
        }
    }
    let largest = exponents.max() ?? 0
    // A weight of zero is no component; the least positive number stands for it.
    return GaussianMixture(
      weights: exponents.map { max(exp($0 - largest), 1e-300) },
      means: weights.indices.map { k in
        y.indices.map { (means[k][$0] * q + y[$0] * variances[k][$0]) / (variances[k][$0] + q) }
      },
      variances: variances.map { $0.map { $0 * q / ($0 + q) } })
  }

  /// An upper bound on the Poincaré constant, whatever the weights where `anyWeights` says so.
  ///
  /// ```
  /// C_P ≤ max_k C_P(k) (1 + ½ Σ_{j≠k} w_j χ²(j‖k))
  /// ```
  /// Proof: Var f = Σ w_k Var_k f + Σ_{i<j} w_i w_j (E_i f − E_j f)², and by Cauchy–Schwarz (E_i f − E_j f)² is at most
  /// χ²(i‖j) Var_j f and at most χ²(j‖i) Var_i f, so at most their mean. With any weights, Σ_{j≠k} w_j χ² is replaced by
  /// its largest term. The idea is that of Chafaï and Malrieu 2010 and Schlichting 2019; this form is derived here.
  /// Infinite where a component is more than √2 wider than another.
  public func poincareBound(anyWeights: Bool = false) -> MarkedValue {
    let value = weights.indices.reduce(0.0) { bound, k in
      let own = variances[k].max() ?? 0
      let others = weights.indices.filter { $0 != k }.map { j in (weights[j], chiSquare(of: j, from: k)) }
      let spread =
        anyWeights ? others.reduce(0) { max($0, $1.1) } : others.reduce(0) { $0 + $1.0 * $1.1 }
      return max(bound, own * (1 + 0.5 * spread))
    }
    return MarkedValue("Poincaré constant", value, .upperBound, "mixture, by pairwise χ² (docs/theory.md)")
  }

  /// χ²(j‖k) = ∫ p_j²/p_k − 1 of two components; coordinates are independent.
  func chiSquare(of j: Int, from k: Int) -> Double {
    var exponent = 0.0
    for i in 0..<dimension {
      let (a, b) = (variances[j][i], variances[k][i])
      guard 2 * b > a else { return .infinity }
      let gap = means[j][i] - means[k][i]
      exponent += log(b) - 0.5 * log(a) - 0.5 * log(2 * b - a) + gap * gap / (2 * b - a)
    }
    return expm1(exponent)
  }

  /// A lower bound on the Poincaré constant: the variance of a coordinate, a test function with unit gradient.
  public var poincareLowerBound: MarkedValue {
    let value = standardisation.scale.reduce(0) { max($0, $1 * $1) }
    return MarkedValue("Poincaré constant", value, .lowerBound, "variance of a linear function")
  }

  /// The inverse of the largest −∇²log p can be bounded: L_0 = sup λ_max(−∇²log p) ≤ max 1/q_k.
  ///
  /// −∇²log p = E[Λ_k|x] − Cov(∇log p_k|x) ⪯ max_k Λ_k.
  public var oneSidedLipschitzBound: MarkedValue {
    let value = variances.joined().reduce(0) { max($0, 1 / $1) }
    return MarkedValue("one-sided Lipschitz constant L_0", value, .upperBound, "mixture: the largest precision")
  }

  /// (α, L) of the decomposition p ∝ e^{−(V + H)} with V the quadratic of a common covariance; nil where covariances
  /// differ.
  ///
  /// ```
  /// V = ½(x − c)ᵀΛ(x − c),   e^{−H} = Σ_k w'_k e^{xᵀΛ(μ_k − c)},   |∇H| ≤ max_k |Λ(μ_k − c)|,   α = λ_min(Λ)
  /// ```
  /// c is the middle of the means' bounding box.
  public var logLipschitzDecomposition: (alpha: MarkedValue, slope: MarkedValue)? {
    guard variances.allSatisfy({ $0 == variances[0] }) else { return nil }
    let centre = (0..<dimension).map { i in
      let values = means.map { $0[i] }
      return 0.5 * ((values.min() ?? 0) + (values.max() ?? 0))
    }
    let slope = means.reduce(0.0) { largest, mean in
      let square = (0..<dimension).reduce(0.0) { sum, i in
        let pull = (mean[i] - centre[i]) / variances[0][i]
        return sum + pull * pull
      }
      return max(largest, square.squareRoot())
    }
    let alpha = variances[0].reduce(Double.infinity) { min($0, 1 / $1) }
    let source = "mixture of equal covariances: V their quadratic"
    return (
      MarkedValue("log-Lipschitz decomposition: α", alpha, .exact, source),
      MarkedValue("log-Lipschitz decomposition: L", slope, .upperBound, source)
    )
  }
}

/// Holley and Stroock 1987: a bounded perturbation H of a law's potential multiplies both constants by at most e^{osc H}.
public func holleyStroock(constant: Double, oscillation: Double) -> Double { constant * exp(oscillation) }

extension GaussianMixture {
  /// A mixture of one coordinate as a density on the line.
  public var onLine: DensityOnLine {
    precondition(dimension == 1, "a mixture in \(dimension) dimensions on the line")
    return .mixture(weights: weights, means: means.map { $0[0] }, variances: variances.map { $0[0] })
  }
}
