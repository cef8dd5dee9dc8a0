internal import RealFunctions
public import Targets

// Upper bounds on the log-Sobolev constant, hence on Poincaré's, each with its theorem.

/// Bakry and Émery 1985: for −∇²log p ⪰ ρ > 0 both constants are at most 1/ρ.
public func bakryEmery(_ quantity: String, convexity: Double, of potential: String) -> MarkedValue {
  MarkedValue(
    quantity, convexity > 0 ? 1 / convexity : .infinity, .upperBound, "Bakry–Émery, \(potential)")
}

/// X given X + √q Z = y where ∇²log p ⪯ ℓ: its potential is convex with 1/q − ℓ, for every y.
public func posteriorBakryEmery(noise q: Double, semiconvexity: Double) -> MarkedValue {
  bakryEmery(
    "log-Sobolev constant of X given y, any y", convexity: 1 / q - semiconvexity, of: "the noise's convexity")
}

/// The double well exp(−h(x² − 1)²) by Bakry–Émery and Holley–Stroock, the cut at the best place.
///
/// Inside |x| ≤ √(1 + k) the potential is replaced by the parabola that continues it: the result is convex with
/// 4hk everywhere, and with y = x² − 1 the two differ by h(y − k)², at most h(1 + k)². So
///
/// ```
/// C_LS ≤ e^{h(1+k)²}/(4hk),   least at k = ½(√(1 + 2/h) − 1)
/// ```
public func doubleWellBound(barrier h: Double) -> MarkedValue {
  precondition(h > 0, "barrier \(h)")
  let k = 0.5 * ((1 + 2 / h).squareRoot() - 1)
  return MarkedValue(
    "log-Sobolev constant", holleyStroock(constant: 1 / (4 * h * k), oscillation: h * (1 + k) * (1 + k)), .upperBound,
    "Bakry–Émery and Holley–Stroock")
}

/// A law of a ball of radius R blurred by N(0, qI): C_LS ≤ q e^{R²/q}, in any dimension.
///
/// Mikulincer and Shenfeld 2022, arXiv 2201.01382. For q = 1 the Ornstein–Uhlenbeck process makes of Y + Z the law of
/// e^{−t}Y + Z, whose ∇²log(p_t/γ) = Cov(e^{−t}Y|u) ⪯ e^{−2t}R². The flow with velocity −∇log(p_t/γ) carries p_0 to γ;
/// backwards it is Lipschitz with exp(∫e^{−2t}R²dt) = e^{R²/2}, and log-Sobolev constants grow by its square.
public func convolutionBound(radius: Double, noise q: Double) -> MarkedValue {
  precondition(q > 0 && radius >= 0, "radius \(radius), noise \(q)")
  return MarkedValue(
    "log-Sobolev constant", q * exp(radius * radius / q), .upperBound, "ball of radius R blurred (Mikulincer, Shenfeld)"
  )
}

/// The law of a ball blurred by N(0, qI): sup λ_max(∇²log p) ≤ −1/q + R²/q², from Cov(Y|u) ⪯ R².
public func convolutionSemiconvexity(radius: Double, noise q: Double) -> Double {
  radius * radius / (q * q) - 1 / q
}

extension GaussianMixture {
  /// The largest distance of a mean from the middle of their bounding box, in units of the common covariance; nil where
  /// covariances differ.
  var whitenedRadius: Double? {
    guard variances.allSatisfy({ $0 == variances[0] }) else { return nil }
    let centre = (0..<dimension).map { i in
      let values = means.map { $0[i] }
      return 0.5 * ((values.min() ?? 0) + (values.max() ?? 0))
    }
    let squares = means.map { mean -> Double in
      var sum = 0.0
      for i in 0..<dimension { sum += (mean[i] - centre[i]) * (mean[i] - centre[i]) / variances[0][i] }
      return sum
    }
    return squares.max()?.squareRoot()
  }

  /// `convolutionBound` for components of one covariance, whatever the weights: λ_max e^{R²}, R in its units.
  public var logSobolevBound: MarkedValue? {
    guard let radius = whitenedRadius, let widest = variances[0].max() else { return nil }
    var bound = convolutionBound(radius: radius, noise: 1)
    bound.value *= widest
    bound.source = "one covariance, means in a ball (Mikulincer, Shenfeld), any weights"
    return bound
  }

  /// sup λ_max(∇²log p) ≤ (R² − 1) λ_max(Λ) for components of one covariance, or −1/max v if R < 1.
  public var semiconvexity: MarkedValue? {
    guard let radius = whitenedRadius, let widest = variances[0].max(), let narrowest = variances[0].min() else {
      return nil
    }
    let excess = radius * radius - 1
    return MarkedValue(
      "sup of the largest eigenvalue of ∇²log p", excess > 0 ? excess / narrowest : excess / widest, .upperBound,
      "one covariance: Cov of the means at most R²")
  }
}
