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

  /// The time, to three digits, at which training and sampling end unless they are told otherwise: at `usualFinalNoise`.
  public var usualFinalTime: Double {
    let time = time(ofNoise: Self.usualFinalNoise)
    let unit = pow(10, 2 - log10(time).rounded(.down))
    return min((time * unit).rounded() / unit, 0.5 * horizon)
  }

  /// σ = snr^{−½} there, in deviations of the data: 0.002.
  ///
  /// Denoising at σ multiplies the width w of a mode by (1 + σ²/w²)^{−½}: by 0.98 for modes of a hundredth of the data's
  /// deviation. Karras et al. 2022 (arXiv 2206.00364) end at 0.004.
  public static var usualFinalNoise: Double { 0.002 }
}
