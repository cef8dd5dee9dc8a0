internal import RealFunctions

/// The law of τ, from which on a batch of soft truncation draws its times, whatever their law.
///
/// ```
/// density of τ ∝ τ^{−k} on [t_min, T],   P(τ < t) = ∫_{t_min}^t s^{−k} ds / ∫_{t_min}^T s^{−k} ds
/// ```
/// Kim, Shin, Song, Kang and Moon 2022, arXiv 2106.05527, section 4. k = 1 is the log-uniform law; a larger k stays nearer to t_min.
struct SoftTruncation: Sendable {
  /// k.
  let exponent: Double
  /// t_min.
  let first: Double
  /// T.
  let last: Double

  private var range: Double { log(last / first) }

  /// τ whose P(τ) is u.
  func time(ofQuantile u: Double) -> Double {
    guard exponent != 1 else { return first * exp(u * range) }
    let a = 1 - exponent
    return first * exp(log1p(u * expm1(a * range)) / a)
  }

  /// P(τ < t).
  func share(below t: Double) -> Double {
    guard exponent != 1 else { return log(t / first) / range }
    let a = 1 - exponent
    return expm1(a * log(t / first)) / expm1(a * range)
  }
}
