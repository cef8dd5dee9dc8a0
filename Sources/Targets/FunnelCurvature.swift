/// Second moments of a funnel's posterior, for the second derivatives of its blurred density.
///
/// ```
/// dE[f]/dm = E[f'] + Cov(f, φ'),   dE[f]/dS = E[∂f/∂S] − ½ Cov(f, ω),   ω = 1/(e^y + q)
/// ```
/// The first by integration by parts over y, whose prior is N(m, s²): nothing is divided by s².
struct FunnelCurvature {
  /// dE[φ']/dm = E[φ''] + Var φ'.
  var first = 0.0
  /// 2 dE[φ']/dS = E[e^y ω²] − Cov(φ', ω).
  var mixed = 0.0
  /// −2 dE[ω]/dS = Var ω.
  var tails = 0.0
}

extension FunnelNodes {
  /// The second moments over the nodes last summed, whose densities are now weights.
  func curvature(_ law: FunnelLogPosterior, count: Int, slope: Double, precision: Double) -> FunnelCurvature {
    var (result, mass) = (FunnelCurvature(), 0.0)
    for i in 0..<count {
      let (weight, f, p) = self[i]
      let share = 1 - law.q * p
      let second = f + share * share * (0.5 * law.n - law.squares * p)
      mass += weight
      result.first.addProduct(weight, second + (f - slope) * (f - slope))
      result.mixed.addProduct(weight, share * p - (f - slope) * (p - precision))
      result.tails.addProduct(weight, (p - precision) * (p - precision))
    }
    result.first /= mass
    result.mixed /= mass
    result.tails /= mass
    return result
  }
}

extension SmoothedFunnel: DifferentiableLaw {
  /// Rows of ∇²log p: of z_1, and of the others, whose part beside the diagonal is zzᵀ Var ω.
  mutating func hessianProduct(_ z: [Double], _ v: [Double], into result: inout [Double]) {
    precondition(z.count == dimension && v.count == dimension && result.count == dimension, "\(v.count) numbers")
    let (curvature, variance) = (posterior.curvature, 1 + firstNoise)
    let along = (1..<dimension).reduce(0) { $0 + z[$1] * v[$1] }
    result[0] = ((curvature.first / variance - 1) * v[0] + curvature.mixed * along) / variance
    let tail = curvature.tails * along + curvature.mixed * v[0] / variance
    for k in 1..<dimension { result[k] = z[k] * tail - posterior.precision * v[k] }
  }

  /// E[x_1|z] = E[y], E[x_j|z] = E[κ] z_j, κ = e^y/(e^y + q).
  mutating func posteriorMean(_ z: [Double], into mean: inout [Double]) {
    let moments = posterior.moments
    mean[0] = moments.mean
    for k in 1..<dimension { mean[k] = moments.share * z[k] }
  }

  /// Cov(x|z): given y the tails are independent, N(κ z_j, κ q).
  ///
  /// ```
  /// Γ_11 = Var y,   Γ_1j = Cov(y, κ) z_j,   Γ_jk = Var(κ) z_j z_k + δ_jk E[κ] q
  /// ```
  mutating func covarianceProduct(_ z: [Double], _ v: [Double], into result: inout [Double]) {
    let moments = posterior.moments
    let along = (1..<dimension).reduce(0) { $0 + z[$1] * v[$1] }
    result[0] = moments.variance * v[0] + moments.mixed * along
    let tail = moments.mixed * v[0] + moments.shareVariance * along
    for k in 1..<dimension { result[k] = z[k] * tail + moments.share * posterior.tailNoise * v[k] }
  }
}

/// Moments of y and of κ = e^y/(e^y + q) under a funnel's posterior.
struct FunnelMoments {
  /// E[y].
  var mean = 0.0
  /// E[κ].
  var share = 0.0
  /// Var y.
  var variance = 0.0
  /// Cov(y, κ).
  var mixed = 0.0
  /// Var κ.
  var shareVariance = 0.0
}

extension FunnelPosterior {
  /// The moments, after `integrate`.
  var moments: FunnelMoments {
    var (result, mass) = (FunnelMoments(), 0.0)
    let values = (0..<filled).map { i in
      let (weight, _, precision) = nodes[i]
      let y = low + Double(i) * step
      return (weight, y, DoubleMath.exponential(y) * precision)
    }
    for (weight, y, share) in values {
      mass += weight
      result.mean.addProduct(weight, y)
      result.share.addProduct(weight, share)
    }
    result.mean /= mass
    result.share /= mass
    for (weight, y, share) in values {
      result.variance.addProduct(weight / mass, (y - result.mean) * (y - result.mean))
      result.mixed.addProduct(weight / mass, (y - result.mean) * (share - result.share))
      result.shareVariance.addProduct(weight / mass, (share - result.share) * (share - result.share))
    }
    return result
  }
}
