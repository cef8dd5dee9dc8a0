/// A data law blurred by independent Gaussian noise on every coordinate, in the law's own units.
///
/// ```
/// z = x + N(0, diag(q))
/// ```
/// Every linear process reduces to this one: see `ExactScore`.
protocol SmoothedLaw: Sendable {
  /// The number d of coordinates.
  var dimension: Int { get }

  /// Takes the noise's variances, d positive numbers; called once for many points.
  mutating func prepare(noise: [Double])

  /// Writes ∇ log p(z) and returns log p(z).
  ///
  /// - Parameters:
  ///   - z: d coordinates.
  ///   - gradient: d numbers.
  /// - Returns: log p(z), its constant included.
  mutating func evaluate(_ z: [Double], into gradient: inout [Double]) -> Double
}

/// A blurred law whose second derivatives are known.
protocol DifferentiableLaw: SmoothedLaw {
  /// Writes ∇²log p(z) v, after `evaluate` at z.
  ///
  /// - Parameters:
  ///   - z: d coordinates.
  ///   - v: d numbers.
  ///   - result: d numbers.
  mutating func hessianProduct(_ z: [Double], _ v: [Double], into result: inout [Double])

  /// Writes E[x|z], after `evaluate` at z; nothing cancels, however large the noise.
  ///
  /// - Parameters:
  ///   - z: d coordinates.
  ///   - mean: d numbers.
  mutating func posteriorMean(_ z: [Double], into mean: inout [Double])

  /// Writes Cov(x|z) v, after `evaluate` at z.
  ///
  /// - Parameters:
  ///   - z: d coordinates.
  ///   - v: d numbers.
  ///   - result: d numbers.
  mutating func covarianceProduct(_ z: [Double], _ v: [Double], into result: inout [Double])
}
