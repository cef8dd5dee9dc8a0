internal import RealFunctions

/// ln Γ(x) for x > 0, to an accuracy of 1e-14 max(1, |ln Γ|), by Stirling's series at x + n ≥ 15.
///
/// ```
/// ln Γ(x) = (x − ½) ln x − x + ½ ln 2π + 1/(12x) − 1/(360x³) + 1/(1260x⁵) − 1/(1680x⁷) + 1/(1188x⁹)
/// ```
/// The next term is below 3e-16.
func logGamma(_ x: Double) -> Double {
  precondition(x > 0, "ln Γ(\(x))")
  var (x, product) = (x, 1.0)
  while x < 15 {
    product *= x
    x += 1
  }
  let inverse = 1 / (x * x)
  let series = (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse * (1.0 / 1680 - inverse / 1188)))) / x
  return (x - 0.5) * log(x) - x + 0.5 * logTwoPi + series - log(product)
}
