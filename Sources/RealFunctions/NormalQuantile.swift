/// Φ(x) = P(Z ≤ x), Z ~ N(0, 1), relative error below 1e-14 as long as it is a normal number.
public func normalProbability(_ x: Double) -> Double { 0.5 * erfc(-x * 0.707_106_781_186_547_524_4) }

/// Φ⁻¹(p), p in (0, 1), relative error below 1e-13 for |x| > 1e-3.
///
/// Acklam's rational functions, right to 1.2e-9, and one step of Halley's method. Above ½ by symmetry, with 1 − p: the
/// result has the accuracy that p has there.
public func normalQuantile(_ p: Double) -> Double {
  guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
  guard p <= 0.5 else { return -normalQuantile(1 - p) }
  let x = firstQuantile(p)
  let error = (normalProbability(x) - p) * 2.506_628_274_631_000_5 * exp(0.5 * x * x)
  return x - error / (1 + 0.5 * x * error)
}

private func firstQuantile(_ p: Double) -> Double {
  if p < 0.02425 {
    let q = (-2 * log(p)).squareRoot()
    let above = polynomial(
      [
        -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277671838e+00, -2.549732539343734e+00,
        4.374664141464968e+00, 2.938163982698783e+00,
      ], at: q)
    return above
      / polynomial(
        [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1], at: q)
  }
  let q = p - 0.5
  let above = polynomial(
    [
      -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
      -3.066479806614716e+01, 2.506628277459239e+00,
    ], at: q * q)
  return q * above
    / polynomial(
      [
        -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
        -1.328068155288572e+01, 1,
      ], at: q * q)
}

/// The polynomial of these coefficients, highest power first.
private func polynomial(_ coefficients: [Double], at x: Double) -> Double {
  coefficients.reduce(0) { ($0 * x).addingProduct(1, $1) }
}
