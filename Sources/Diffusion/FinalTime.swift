internal import RealFunctions

extension ForwardProcess {
  /// The time at which the noise has a given size beside data of unit variance, σ(t) = snr^{−½}; by bisection in ln t, to
  /// rounding.
  ///
  /// With u = M x_0 + N(0, H), σ² = 1/(MᵀH⁻¹M) is the variance of the noise on the best estimate of x_0 from u: it means
  /// the same for every process, as a time does not.
  ///
  /// - Parameter sigma: positive; beyond the noise at the horizon gives the horizon.
  /// - Returns: t in (0, horizon].
  public func time(ofNoise sigma: Double) -> Double {
    precondition(sigma > 0, "noise of size \(sigma)")
    let level = log(sigma)
    var (low, high) = (log(horizon) - 60, log(horizon))
    guard kernel(at: horizon).logNoiseRatio > level else { return horizon }
    for _ in 0..<100 {
      let middle = 0.5 * (low + high)
      if middle <= low || middle >= high { break }
      if kernel(at: exp(middle)).logNoiseRatio < level { low = middle } else { high = middle }
    }
    return exp(high)
  }
}
